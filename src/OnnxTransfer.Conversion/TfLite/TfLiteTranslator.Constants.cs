using System.Buffers.Binary;

namespace OnnxTransfer.Conversion.TfLite;

internal sealed partial class TfLiteTranslator
{
    /// <summary>The constant behind a tensor, through operators that merely pass one on; null when it depends on the image.</summary>
    private TfLiteTensor? ConstantOf(int tensor)
    {
        while (_aliases.TryGetValue(tensor, out var origin)) tensor = origin;
        return _activations[tensor] is null && _model.Tensors[tensor].Data is not null ? _model.Tensors[tensor] : null;
    }

    private TfLiteTensor RequiredConstant(TfLiteOperator op, int input, string role)
    {
        var constant = ConstantOf(Input(op, input));
        if (constant is null) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], $"its {role} are not constant");
        return constant;
    }

    /// <summary>A constant's values as float32.</summary>
    private float[] Floats(TfLiteOperator op, TfLiteTensor constant)
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
                Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], $"its constant '{constant.Name}' is {constant.Type}, but only float32, float16 and quantized integers are converted");
                break;
        }

        return values;
    }

    /// <summary>The stored integers of a quantized constant; null if its elements are not of a type that quantization uses.</summary>
    private static int[]? StoredIntegers(TfLiteTensor constant)
    {
        var bytes = constant.Data!.Value.Span;
        var values = new int[constant.Count];
        for (var i = 0; i < values.Length; i++)
        {
            switch (constant.Type)
            {
                case TfLiteType.Int8: values[i] = (sbyte)bytes[i]; break;
                case TfLiteType.UInt8: values[i] = bytes[i]; break;
                case TfLiteType.Int16: values[i] = BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]); break;
                case TfLiteType.Int32: values[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]); break;
                default: return null;
            }
        }

        return values;
    }

    /// <summary>The values of an int32 or int64 constant, such as a shape.</summary>
    private int[] Integers(TfLiteOperator op, int input, string role)
    {
        var constant = RequiredConstant(op, input, role);
        var bytes = constant.Data!.Value.Span;
        var values = new int[constant.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = constant.Type switch
            {
                TfLiteType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]),
                TfLiteType.Int64 => (int)Math.Clamp(BinaryPrimitives.ReadInt64LittleEndian(bytes[(8 * i)..]), int.MinValue, int.MaxValue),
                _ => 0,
            };
        }

        if (constant.Type is not (TfLiteType.Int32 or TfLiteType.Int64)) Throw.OperatorMalformed(_model.Source, op, $"its {role} are {constant.Type} instead of integers");
        return values;
    }
}
