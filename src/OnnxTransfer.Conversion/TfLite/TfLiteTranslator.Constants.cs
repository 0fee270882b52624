using System.Buffers.Binary;

namespace OnnxTransfer.Conversion.TfLite;

internal sealed partial class TfLiteTranslator
{
    /// <summary>A constant that an operator merely passes on (the dequantized form of 16-bit weights).</summary>
    private readonly Dictionary<int, int> _aliases = [];

    /// <summary>The constant behind a tensor: stored, folded, or passed on by operators; null when it depends on the image.</summary>
    private TfLiteTensor? ConstantOf(int tensor)
    {
        tensor = OriginOf(tensor);
        if (_activations[tensor] is not null) return null;
        return _folded.TryGetValue(tensor, out var folded) ? folded : _model.Tensors[tensor].Data is not null ? _model.Tensors[tensor] : null;
    }

    private int OriginOf(int tensor)
    {
        while (_aliases.TryGetValue(tensor, out var origin)) tensor = origin;
        return tensor;
    }

    /// <summary>
    /// Lets a tensor stand for the constant behind another. It always leads to the end of a chain, so that operators that pass a constant
    /// on to itself make no circle.
    /// </summary>
    private void PassOn(int from, int to)
    {
        if (OriginOf(from) is var origin && origin != to) _aliases[to] = origin;
    }

    private TfLiteTensor RequiredConstant(TfLiteOperator op, int input, string role)
    {
        var constant = ConstantOf(Input(op, input));
        if (constant is null) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], $"its {role} are not constant");
        return constant;
    }

    /// <summary>A constant's values as float32.</summary>
    private float[] Floats(TfLiteOperator? op, TfLiteTensor constant)
    {
        var bytes = constant.Data!.Value.Span;
        var values = new float[constant.Count];
        if (constant.Quantization is { } quantization && StoredIntegers(constant) is { } stored)
        {
            var inner = constant.Shape.Skip(quantization.Axis + 1).Aggregate(1, (product, side) => product * side);
            for (var i = 0; i < values.Length; i++)
            {
                var slice = quantization.IsPerAxis ? i / inner % quantization.Scales.Length : 0;
                values[i] = quantization.Scales[slice] * (stored[i] - quantization.ZeroPoint(slice));
            }

            return values;
        }

        switch (constant.Type)
        {
            case TfLiteType.Float32:
                for (var i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]);
                break;
            case TfLiteType.Float16:
                for (var i = 0; i < values.Length; i++) values[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[(2 * i)..]);
                break;
            default:
                Throw.OperatorUnsupported(_model.Source, op!, _names[op!.Outputs[0]], $"its constant '{constant.Name}' is {constant.Type}, but only float32, float16 and quantized integers of 8 to 64 bits are converted");
                break;
        }

        return values;
    }

    /// <summary>The stored integers of a quantized constant; null if its elements are not of a type that quantization uses.</summary>
    private static long[]? StoredIntegers(TfLiteTensor constant)
    {
        var bytes = constant.Data!.Value.Span;
        var values = new long[constant.Count];
        for (var i = 0; i < values.Length; i++)
        {
            switch (constant.Type)
            {
                case TfLiteType.Int8: values[i] = (sbyte)bytes[i]; break;
                case TfLiteType.UInt8: values[i] = bytes[i]; break;
                case TfLiteType.Int16: values[i] = BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]); break;
                case TfLiteType.Int32: values[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]); break;
                case TfLiteType.Int64: values[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(8 * i)..]); break;
                default: return null;
            }
        }

        return values;
    }

    /// <summary>The values of an int32 or int64 constant, such as a shape. The number of images may stand in it only at the place of the batch.</summary>
    private int[] Integers(TfLiteOperator op, int input, string role)
    {
        var constant = RequiredConstant(op, input, role);
        if (constant.Type is not (TfLiteType.Int32 or TfLiteType.Int64)) Throw.OperatorMalformed(_model.Source, op, $"its {role} are {constant.Type} instead of integers");
        if (_ofBatch.TryGetValue(constant.Index, out var ofBatch) && ofBatch.Where((share, i) => share == BatchShare.Mixed || (share == BatchShare.Alone && i > 0)).Any())
            Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], $"its {role} depend on the number of images");
        return [.. Numbers(constant)!.Select(v => (int)Math.Clamp(v, int.MinValue, int.MaxValue))];
    }

    /// <summary>The numbers as they are stored; null for kinds that are not read so.</summary>
    private static double[]? Numbers(TfLiteTensor constant)
    {
        var bytes = constant.Data!.Value.Span;
        var values = new double[constant.Count];
        for (var i = 0; i < values.Length; i++)
        {
            switch (constant.Type)
            {
                case TfLiteType.Int32: values[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]); break;
                case TfLiteType.Int64: values[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(8 * i)..]); break;
                case TfLiteType.Float32: values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]); break;
                default: return null;
            }
        }

        return values;
    }
}
