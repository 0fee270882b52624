using System.Buffers.Binary;
using OnnxTransfer.Conversion.Internals;

namespace OnnxTransfer.Conversion.TfLite;

/// <summary>
/// Operators whose inputs are all known: shapes of tensors, constants, and what is computed from them. They are computed here, so that
/// the ONNX graph has only their results.
/// </summary>
internal sealed partial class TfLiteTranslator
{
    /// <summary>The most numbers of a constant on which arithmetic is done here; constants of shapes have a handful.</summary>
    private const int MostFolded = 4096;

    private readonly Dictionary<int, TfLiteTensor> _folded = [];

    /// <summary>For each number of a folded constant, how it depends on the number of images; a tensor without an entry does not.</summary>
    private readonly Dictionary<int, BatchShare[]> _ofBatch = [];

    /// <summary>How a folded number depends on the number of images, which the file fixes and the ONNX graph leaves free.</summary>
    private enum BatchShare : byte
    {
        None,
        Alone,
        Mixed,
    }

    /// <summary>A small array of known numbers; integers are held exactly, because shapes are far below 2^53.</summary>
    private sealed record Known(int[] Shape, double[] Values, BatchShare[] OfBatch);

    private Known? KnownOf(int tensor)
    {
        if (tensor < 0 || ConstantOf(tensor) is not { } constant || constant.Quantization is not null || constant.Count > MostFolded || Numbers(constant) is not { } values) return null;
        return new Known(constant.Shape, values, _ofBatch.GetValueOrDefault(constant.Index) ?? new BatchShare[values.Length]);
    }

    /// <summary>Computes the operator here if everything that it reads is known.</summary>
    private bool TryFold(TfLiteOperator op)
    {
        if (op.Inputs.Length == 0 || op.Inputs[0] < 0) return false;
        if (op.Code is TfLiteOp.Shape or TfLiteOp.Rank)
        {
            var activation = _activations[op.Inputs[0]];
            if ((activation?.Shape ?? ConstantOf(op.Inputs[0])?.Shape) is not { } shape) return false;
            var ofBatch = new BatchShare[shape.Length];
            if (activation is not null && shape.Length > 0) ofBatch[0] = BatchShare.Alone;
            return Fold(op, op.Code == TfLiteOp.Rank ? new Known([], [shape.Length], [BatchShare.None]) : new Known([shape.Length], [.. shape.Select(s => (double)s)], ofBatch));
        }

        if (!Array.TrueForAll(op.Inputs, i => i < 0 || ConstantOf(i) is not null)) return false;
        if (FoldMove(op)) return true;
        Known?[] known = [.. op.Inputs.Select(KnownOf)];
        if (Array.Exists(known, k => k is null)) return false;
        var inputs = known.Select(k => k!).ToArray();
        var x = inputs[0];
        switch (op.Code)
        {
            case TfLiteOp.Cast: return Fold(op, x);
            case TfLiteOp.Gather when (op.Options?.Int32(0) ?? 0) == 0 && x.Shape.Length == 1 && inputs.Length == 2: return Fold(op, Pick(x, inputs[1].Shape, inputs[1].Values));
            case TfLiteOp.StridedSlice when x.Shape.Length == 1 && inputs.Length == 4: return FoldSlice(op, x, inputs);
            case TfLiteOp.Slice when x.Shape.Length == 1 && inputs.Length == 3 && inputs[1].Values.Length == 1 && inputs[2].Values.Length == 1:
                var (from, size) = (inputs[1].Values[0], inputs[2].Values[0] < 0 ? x.Values.Length - inputs[1].Values[0] : inputs[2].Values[0]);
                return size is >= 0 and <= MostFolded && Fold(op, Pick(x, [(int)size], [.. Enumerable.Range(0, (int)size).Select(i => from + i)]));
            case TfLiteOp.Pack when Array.TrueForAll(inputs, i => i.Values.Length == 1 && i.Shape.Length == 0):
            case TfLiteOp.Concatenation when Array.TrueForAll(inputs, i => i.Shape.Length == 1):
                return Fold(op, new Known([inputs.Sum(i => i.Values.Length)], [.. inputs.SelectMany(i => i.Values)], [.. inputs.SelectMany(i => i.OfBatch)]));
            case TfLiteOp.ReduceProd when x.Shape.Length == 1 && op.Options?.Bool(0) != true:
                return Fold(op, new Known([], [x.Values.Aggregate(1.0, (product, v) => product * v)], [Array.Exists(x.OfBatch, b => b != BatchShare.None) ? BatchShare.Mixed : BatchShare.None]));
            case TfLiteOp.Add: return FoldBinary(op, inputs, (a, b) => a + b);
            case TfLiteOp.Sub: return FoldBinary(op, inputs, (a, b) => a - b);
            case TfLiteOp.Mul: return FoldBinary(op, inputs, (a, b) => a * b);
            case TfLiteOp.Div: return FoldBinary(op, inputs, (a, b) => a / b);
            case TfLiteOp.FloorDiv: return FoldBinary(op, inputs, (a, b) => Math.Floor(a / b));
            case TfLiteOp.Maximum: return FoldBinary(op, inputs, Math.Max);
            case TfLiteOp.Minimum: return FoldBinary(op, inputs, Math.Min);
            default: return false;
        }
    }

    /// <summary>Moves a constant of any size: another shape, or another order of its axes.</summary>
    private bool FoldMove(TfLiteOperator op)
    {
        if (ConstantOf(op.Inputs[0]) is not { } x) return false;
        var output = _model.Tensors[op.Outputs[0]];
        switch (op.Code)
        {
            case TfLiteOp.Reshape or TfLiteOp.Squeeze or TfLiteOp.ExpandDims when output.Count == x.Count:
                // Scales along an axis lose their place in the new shape, so that the real numbers take over.
                Keep(op, x.Quantization is { IsPerAxis: true } ? Real(output.Shape, Floats(op, x)) : x with { Shape = output.Shape });
                if (_ofBatch.TryGetValue(x.Index, out var ofBatch)) _ofBatch[output.Index] = ofBatch;
                return true;
            case TfLiteOp.Transpose when Array.Exists(op.Inputs, i => i >= 0 && i != op.Inputs[0] && ConstantOf(i)!.Count == x.Shape.Length):
                var order = Integers(op, 1, "axes");
                if (!order.Order().SequenceEqual(Enumerable.Range(0, x.Shape.Length))) return false;
                Keep(op, Real([.. order.Select(axis => x.Shape[axis])], AxisOrder.Permute(Floats(op, x), x.Shape, order)));
                return true;
            default: return false;
        }
    }

    private bool FoldSlice(TfLiteOperator op, Known x, Known[] inputs)
    {
        if (SliceBounds(op, x.Shape, inputs[1].Values, inputs[2].Values, inputs[3].Values) is not [var axis]) return false;
        var picked = Pick(x, [axis.Count], [.. Enumerable.Range(0, axis.Count).Select(i => (double)(axis.From + (i * axis.Step)))]);
        return Fold(op, axis.Drops && picked is not null ? picked with { Shape = [] } : picked);
    }

    private static Known? Pick(Known x, int[] shape, double[] places)
    {
        if (Array.Exists(places, p => p < 0 || p >= x.Values.Length)) return null;
        return new Known(shape, [.. places.Select(p => x.Values[(int)p])], [.. places.Select(p => x.OfBatch[(int)p])]);
    }

    private bool FoldBinary(TfLiteOperator op, Known[] inputs, Func<double, double, double> f)
    {
        if (inputs is not [var x, var y]) return false;
        if (op.Options is { } options && options.UInt8(0) != 0 && op.Code is not (TfLiteOp.Maximum or TfLiteOp.Minimum or TfLiteOp.FloorDiv)) return false;
        if (CommonShape(x, y) is not { } shape) return false;
        // A single number meets each of the other constant's, of which there may be none.
        var count = x.Values.Length == 1 ? y.Values.Length : x.Values.Length;
        var (values, ofBatch) = (new double[count], new BatchShare[count]);
        for (var i = 0; i < count; i++)
        {
            var (a, b) = (x.Values.Length == 1 ? 0 : i, y.Values.Length == 1 ? 0 : i);
            values[i] = f(x.Values[a], y.Values[b]);
            if (x.OfBatch[a] != BatchShare.None || y.OfBatch[b] != BatchShare.None) ofBatch[i] = BatchShare.Mixed;
        }

        return Fold(op, new Known(shape, values, ofBatch));
    }

    /// <summary>The shape of a result number by number; null unless the shapes are equal or one constant is a single number, sides of 1 in front aside.</summary>
    private static int[]? CommonShape(Known x, Known y)
    {
        var (wide, other) = x.Values.Length == 1 ? (y, x) : (x, y);
        if (other.Values.Length != 1 && !wide.Shape.SkipWhile(side => side == 1).SequenceEqual(other.Shape.SkipWhile(side => side == 1))) return null;
        return [.. Enumerable.Repeat(1, Math.Max(0, other.Shape.Length - wide.Shape.Length)), .. wide.Shape];
    }

    /// <summary>Keeps a result as a constant of the type that the file states for it; integers are cut off towards zero.</summary>
    private bool Fold(TfLiteOperator op, Known? result)
    {
        var tensor = _model.Tensors[op.Outputs[0]];
        if (result is null || result.Values.Length > MostFolded || tensor.Quantization is not null || tensor.Type is not (TfLiteType.Int32 or TfLiteType.Int64 or TfLiteType.Float32)) return false;
        if (tensor.Type != TfLiteType.Float32 && Array.Exists(result.Values, v => !double.IsFinite(v) || Math.Abs(v) > int.MaxValue)) return false;
        if (tensor.Type == TfLiteType.Float32) Keep(op, Real(result.Shape, [.. result.Values.Select(v => (float)v)]));
        else
        {
            var bytes = new byte[8 * result.Values.Length];
            for (var i = 0; i < result.Values.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8 * i), (long)result.Values[i]);
            Keep(op, new TfLiteTensor(0, "", result.Shape, TfLiteType.Int64, bytes, null));
        }

        if (Array.Exists(result.OfBatch, b => b != BatchShare.None)) _ofBatch[tensor.Index] = result.OfBatch;
        return true;
    }

    private void Keep(TfLiteOperator op, TfLiteTensor constant) =>
        _folded[op.Outputs[0]] = constant with { Index = op.Outputs[0], Name = _names[op.Outputs[0]] };

    private static TfLiteTensor Real(int[] shape, float[] values)
    {
        var bytes = new byte[4 * values.Length];
        for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), values[i]);
        return new TfLiteTensor(0, "", shape, TfLiteType.Float32, bytes, null);
    }
}
