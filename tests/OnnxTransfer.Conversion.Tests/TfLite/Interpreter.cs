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
            if (op.Code != TfLiteOp.Custom) interpreter._values[op.Outputs[0]] = interpreter.Compute(op);
            if (op.Outputs[0] == until) break;
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
            TfLiteType.Int32 => [.. MemoryMarshal.Cast<byte, int>(bytes).ToArray().Select(v => (double)v)],
            TfLiteType.Int8 => [.. MemoryMarshal.Cast<byte, sbyte>(bytes).ToArray().Select(v => (double)v)],
            TfLiteType.UInt8 => [.. bytes.ToArray().Select(v => (double)v)],
            _ => throw new NotSupportedException($"{tensor.Type}"),
        };
        if (tensor.Quantization is { } quantization)
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
            TfLiteOp.Mean => Mean(x, Numbers(op, 1), o.Bool(0)),
            TfLiteOp.Reshape => x with { Shape = Filled(Numbers(op, 1), x.Data.Length) },
            TfLiteOp.Squeeze => x with { Shape = [.. x.Shape.Where((side, i) => !o.Ints(0).Contains(i))] },
            TfLiteOp.Concatenation => Fuse(Concatenation([.. op.Inputs.Select((_, i) => Value(op, i))], o.Int32(0)), o.UInt8(1)),
            TfLiteOp.Pad => Pad(x, Numbers(op, 1)),
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
