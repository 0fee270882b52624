using System.Runtime.InteropServices;
using OnnxTransfer.Conversion.TfLite;

namespace OnnxTransfer.Conversion.Tests.TfLite;

/// <summary>A tensor of the interpreter, in TFLite's axis order.</summary>
internal sealed record Real(double[] Data, int[] Shape)
{
    public static Real Empty(params int[] shape) => new(new double[shape.Aggregate(1, (product, side) => product * side)], shape);
}

/// <summary>
/// Runs a TFLite graph by the definitions of its operators in plain loops of doubles: a second opinion that shares nothing
/// with the converter but the parsed file.
/// </summary>
internal sealed partial class Interpreter
{
    private readonly TfLiteModel _model;
    private readonly Real?[] _values;

    private Interpreter(TfLiteModel model)
    {
        _model = model;
        _values = [.. model.Tensors.Select(Constant)];
    }

    /// <summary>Every tensor that could be computed from the inputs, by index; <paramref name="until"/> is the last one wanted.</summary>
    public static Real?[] Run(TfLiteModel model, IReadOnlyDictionary<int, Real> inputs, int until = int.MaxValue)
    {
        var interpreter = new Interpreter(model);
        foreach (var (tensor, value) in inputs) interpreter._values[tensor] = value;
        foreach (var op in model.Operators)
        {
            if (op.Code != TfLiteOp.Custom) interpreter.Step(op);
            if (op.Outputs.Contains(until)) break;
        }

        return interpreter._values;
    }

    private static Real? Constant(TfLiteTensor tensor)
    {
        if (tensor.Data is not { } data) return null;
        var bytes = data.Span;
        double[] stored = tensor.Type switch
        {
            TfLiteType.Float32 => [.. MemoryMarshal.Cast<byte, float>(bytes).ToArray().Select(v => (double)v)],
            TfLiteType.Float16 => [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(v => (double)v)],
            TfLiteType.Int64 => [.. MemoryMarshal.Cast<byte, long>(bytes).ToArray().Select(v => (double)v)],
            TfLiteType.Int16 => [.. MemoryMarshal.Cast<byte, short>(bytes).ToArray().Select(v => (double)v)],
            TfLiteType.Int32 => [.. MemoryMarshal.Cast<byte, int>(bytes).ToArray().Select(v => (double)v)],
            TfLiteType.Int8 => [.. MemoryMarshal.Cast<byte, sbyte>(bytes).ToArray().Select(v => (double)v)],
            TfLiteType.UInt8 => [.. bytes.ToArray().Select(v => (double)v)],
            _ => [],
        };
        if (stored.Length == 0 && tensor.Count > 0) return null;
        if (tensor.Quantization is { } quantization && tensor.Type is not (TfLiteType.Float32 or TfLiteType.Float16))
        {
            var inner = tensor.Shape.Skip(quantization.Axis + 1).Aggregate(1, (product, side) => product * side);
            for (var i = 0; i < stored.Length; i++)
            {
                var slice = quantization.IsPerAxis ? i / inner % tensor.Shape[quantization.Axis] : 0;
                stored[i] = quantization.Scales[slice] * (stored[i] - quantization.ZeroPoint(slice));
            }
        }

        return new Real(stored, tensor.Shape);
    }

    private void Step(TfLiteOperator op)
    {
        if (op.Code is TfLiteOp.Split or TfLiteOp.SplitV or TfLiteOp.Unpack)
        {
            var parts = Parts(op);
            for (var i = 0; i < parts.Length; i++) _values[op.Outputs[i]] = parts[i];
        }
        else _values[op.Outputs[0]] = Saturated(op, Compute(op));
    }

    /// <summary>
    /// A quantized result ends where its bytes do. Only where the operator states no activation and its range begins at zero is that part
    /// of the network (the activation that TensorFlow 1 left to the range); elsewhere it is the measured range of some images.
    /// </summary>
    private Real Saturated(TfLiteOperator op, Real x)
    {
        var tensor = _model.Tensors[op.Outputs[0]];
        var (least, most) = tensor.Type switch { TfLiteType.UInt8 => (0, 255), TfLiteType.Int8 => (-128, 127), _ => (0, 0) };
        if (most == 0 || tensor.Quantization is not { IsPerAxis: false } q || q.ZeroPoint(0) != least) return x;
        var states = op.Code switch { TfLiteOp.Conv2D => 3, TfLiteOp.DepthwiseConv2D => 4, TfLiteOp.FullyConnected or TfLiteOp.Add or TfLiteOp.Sub or TfLiteOp.Mul => 0, _ => -1 };
        if (states < 0 || op.Options.GetValueOrDefault().UInt8(states) != 0) return x;
        return Map(x, v => Math.Clamp(v, 0, q.Scales[0] * (most - least)));
    }

    private Real Value(TfLiteOperator op, int input) => _values[op.Inputs[input]] ?? throw new InvalidOperationException($"input {input} of operator {op.Index} is not computed");

    private int[] Numbers(TfLiteOperator op, int input) => [.. Value(op, input).Data.Select(v => (int)v)];

    private Real Compute(TfLiteOperator op)
    {
        var o = op.Options.GetValueOrDefault();
        var x = Value(op, 0);
        return op.Code switch
        {
            TfLiteOp.Dequantize or TfLiteOp.Quantize => x,
            TfLiteOp.Conv2D => Fuse(Convolution(op, o.UInt8(0) == 0, (o.Int32(2), o.Int32(1)), (o.Int32(5, 1), o.Int32(4, 1)), depthwise: false), o.UInt8(3)),
            TfLiteOp.DepthwiseConv2D => Fuse(Convolution(op, o.UInt8(0) == 0, (o.Int32(2), o.Int32(1)), (o.Int32(6, 1), o.Int32(5, 1)), depthwise: true), o.UInt8(4)),
            TfLiteOp.AveragePool2D or TfLiteOp.MaxPool2D => Fuse(Pool(x, op.Code == TfLiteOp.MaxPool2D, o.UInt8(0) == 0, (o.Int32(4), o.Int32(3)), (o.Int32(2), o.Int32(1))), o.UInt8(5)),
            TfLiteOp.FullyConnected => Fuse(FullyConnected(op, o.Bool(2)), o.UInt8(0)),
            TfLiteOp.Add => Fuse(Binary(x, Value(op, 1), (a, b) => a + b), o.UInt8(0)),
            TfLiteOp.Sub => Fuse(Binary(x, Value(op, 1), (a, b) => a - b), o.UInt8(0)),
            TfLiteOp.Mul => Fuse(Binary(x, Value(op, 1), (a, b) => a * b), o.UInt8(0)),
            TfLiteOp.Div => Fuse(Binary(x, Value(op, 1), (a, b) => a / b), o.UInt8(0)),
            TfLiteOp.Maximum => Binary(x, Value(op, 1), Math.Max),
            TfLiteOp.Minimum => Binary(x, Value(op, 1), Math.Min),
            TfLiteOp.PRelu => Binary(x, Value(op, 1), (a, slope) => a >= 0 ? a : a * slope),
            TfLiteOp.Relu => Fuse(x, 1),
            TfLiteOp.ReluN1To1 => Fuse(x, 2),
            TfLiteOp.Relu6 => Fuse(x, 3),
            TfLiteOp.Tanh => Fuse(x, 4),
            TfLiteOp.Logistic => Map(x, v => 1 / (1 + Math.Exp(-v))),
            TfLiteOp.HardSwish => Map(x, v => v * Math.Clamp(v + 3, 0, 6) / 6),
            TfLiteOp.LeakyRelu => Map(x, v => v >= 0 ? v : v * o.Float(0)),
            TfLiteOp.Softmax => Softmax(x, o.Float(0)),
            TfLiteOp.Relu0To1 => Map(x, v => Math.Clamp(v, 0, 1)),
            TfLiteOp.Elu => Map(x, v => v >= 0 ? v : Math.Exp(v) - 1),
            TfLiteOp.Exp => Map(x, Math.Exp),
            TfLiteOp.Log => Map(x, Math.Log),
            TfLiteOp.Sqrt => Map(x, Math.Sqrt),
            TfLiteOp.Rsqrt => Map(x, v => 1 / Math.Sqrt(v)),
            TfLiteOp.Square => Map(x, v => v * v),
            TfLiteOp.Abs => Map(x, Math.Abs),
            TfLiteOp.Neg => Map(x, v => -v),
            TfLiteOp.Floor => Map(x, Math.Floor),
            TfLiteOp.Ceil => Map(x, Math.Ceiling),
            TfLiteOp.Round => Map(x, v => Math.Round(v, MidpointRounding.ToEven)),
            TfLiteOp.Sign => Map(x, v => Math.Sign(v)),
            TfLiteOp.Sin => Map(x, Math.Sin),
            TfLiteOp.Cos => Map(x, Math.Cos),
            TfLiteOp.Gelu => Map(x, v => o.Bool(0) ? v / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + (0.044715 * v * v * v)))) : v * Normal(v)),
            TfLiteOp.Pow => Binary(x, Value(op, 1), Math.Pow),
            TfLiteOp.FloorDiv => Binary(x, Value(op, 1), (a, b) => Math.Floor(a / b)),
            TfLiteOp.SquaredDifference => Binary(x, Value(op, 1), (a, b) => (a - b) * (a - b)),
            TfLiteOp.AddN => op.Inputs.Select((_, i) => Value(op, i)).Aggregate((a, b) => Binary(a, b, (p, q) => p + q)),
            TfLiteOp.LogSoftmax => Map(Softmax(x, 1), Math.Log),
            TfLiteOp.L2Normalization => x with { Data = [.. x.Data.Chunk(x.Shape[^1]).SelectMany(row => row.Select(v => v / Math.Max(1e-6, Math.Sqrt(row.Sum(r => r * r)))))] },
            TfLiteOp.LocalResponseNormalization => LocalResponse(x, o.Int32(0), o.Float(1), o.Float(2), o.Float(3)),
            TfLiteOp.Mean => Reduce(x, Numbers(op, 1), o.Bool(0), v => v.Average()),
            TfLiteOp.Sum => Reduce(x, Numbers(op, 1), o.Bool(0), v => v.Sum()),
            TfLiteOp.ReduceMax => Reduce(x, Numbers(op, 1), o.Bool(0), v => v.Max()),
            TfLiteOp.ReduceMin => Reduce(x, Numbers(op, 1), o.Bool(0), v => v.Min()),
            TfLiteOp.ReduceProd => Reduce(x, Numbers(op, 1), o.Bool(0), v => v.Aggregate(1.0, (p, f) => p * f)),
            TfLiteOp.L2Pool2D => Fuse(Map(Pool(Map(x, v => v * v), false, o.UInt8(0) == 0, (o.Int32(4), o.Int32(3)), (o.Int32(2), o.Int32(1))), Math.Sqrt), o.UInt8(5)),
            TfLiteOp.Shape => new Real([.. x.Shape.Select(s => (double)s)], [x.Shape.Length]),
            TfLiteOp.Rank => new Real([x.Shape.Length], []),
            TfLiteOp.Cast => _model.Tensors[op.Outputs[0]].Type is TfLiteType.Int32 or TfLiteType.Int64 ? Map(x, Math.Truncate) : x,
            TfLiteOp.Reshape => x with { Shape = Filled(op.Inputs.Length > 1 ? Numbers(op, 1) : o.Ints(0), x.Data.Length) },
            TfLiteOp.Squeeze => x with { Shape = [.. x.Shape.Where((side, i) => o.Ints(0) is { Length: > 0 } axes ? !axes.Contains(i) && !axes.Contains(i - x.Shape.Length) : side != 1 || i == 0)] },
            TfLiteOp.ExpandDims => x with { Shape = Inserted(x.Shape, Numbers(op, 1)[0]) },
            TfLiteOp.Transpose => Transpose(x, Numbers(op, 1)),
            TfLiteOp.Tile => Index([.. x.Shape.Zip(Numbers(op, 1), (a, b) => a * b)], x, at => [.. at.Select((p, i) => p % x.Shape[i])]),
            TfLiteOp.BroadcastTo => Index(Numbers(op, 1), x, at => [.. at.Select((p, i) => p % x.Shape[i])]),
            TfLiteOp.Slice => Slice(x, Numbers(op, 1), Numbers(op, 2)),
            TfLiteOp.StridedSlice => StridedSlice(x, Numbers(op, 1), Numbers(op, 2), Numbers(op, 3), o),
            TfLiteOp.ReverseV2 => Index(x.Shape, x, at => [.. at.Select((p, i) => Numbers(op, 1).Contains(i) || Numbers(op, 1).Contains(i - x.Shape.Length) ? x.Shape[i] - 1 - p : p)]),
            TfLiteOp.Pack => Concatenation([.. op.Inputs.Select((_, i) => Value(op, i) with { Shape = Inserted(Value(op, i).Shape, o.Int32(1)) })], o.Int32(1) < 0 ? o.Int32(1) + x.Shape.Length + 1 : o.Int32(1)),
            TfLiteOp.Gather => Gather(x, Value(op, 1), o.Int32(0) < 0 ? o.Int32(0) + x.Shape.Length : o.Int32(0)),
            TfLiteOp.Concatenation => Fuse(Concatenation([.. op.Inputs.Select((_, i) => Value(op, i))], o.Int32(0)), o.UInt8(1)),
            TfLiteOp.Pad => Pad(x, Numbers(op, 1)),
            TfLiteOp.PadV2 => Pad(x, Numbers(op, 1), Value(op, 2).Data[0]),
            TfLiteOp.MirrorPad => MirrorPad(x, Numbers(op, 1)),
            TfLiteOp.SpaceToBatchNd => SpaceToBatch(x, Numbers(op, 1), Numbers(op, 2)),
            TfLiteOp.BatchToSpaceNd => BatchToSpace(x, Numbers(op, 1), Numbers(op, 2)),
            TfLiteOp.SpaceToDepth => SpaceToDepth(x, o.Int32(0)),
            TfLiteOp.DepthToSpace => DepthToSpace(x, o.Int32(0)),
            TfLiteOp.TransposeConv => Fuse(TransposedConvolution(op, o.UInt8(0) == 0, o.Int32(2), o.Int32(1)), o.UInt8(3)),
            TfLiteOp.BatchMatMul => MatMul(x, Value(op, 1), o.Bool(0), o.Bool(1)),
            TfLiteOp.ArgMax => Index([.. x.Shape[..^1]], x, at => [.. at, 0]),
            TfLiteOp.ResizeBilinear => Resize(x, Numbers(op, 1), o.Bool(2), o.Bool(3), bilinear: true),
            TfLiteOp.ResizeNearestNeighbor => Resize(x, Numbers(op, 1), o.Bool(0), o.Bool(1), bilinear: false),
            _ => throw new NotSupportedException($"{op.Code}"),
        };
    }

    private static int[] Filled(int[] shape, int count)
    {
        var known = shape.Where(s => s >= 0).Aggregate(1, (product, side) => product * side);
        return [.. shape.Select(s => s < 0 ? count / known : s)];
    }

    private static Real Map(Real x, Func<double, double> f) => x with { Data = [.. x.Data.Select(f)] };

    private static Real Fuse(Real x, int activation) => activation switch
    {
        0 => x,
        1 => Map(x, v => Math.Max(v, 0)),
        2 => Map(x, v => Math.Clamp(v, -1, 1)),
        3 => Map(x, v => Math.Clamp(v, 0, 6)),
        4 => Map(x, Math.Tanh),
        _ => throw new NotSupportedException($"activation {activation}"),
    };
}
