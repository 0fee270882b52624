using OnnxTransfer.Conversion.Internals;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Conversion.TfLite;

/// <summary>
/// Quantised models. By default every tensor stands for its real values; on request the rounding stays in the graph, as a
/// QuantizeLinear and DequantizeLinear pair behind every operator and a DequantizeLinear behind every stored constant.
/// </summary>
internal sealed partial class TfLiteTranslator
{
    /// <summary>
    /// Signed bytes are stored as unsigned ones, value and zero point both 128 higher, which says the same numbers: on
    /// processors without VNNI the runtime's kernels add products of signed and unsigned bytes in 16 bits and overflow.
    /// </summary>
    private const int SignShift = 128;

    /// <summary>The quantisation that is to stay in the graph; null for a tensor of real values.</summary>
    private TfLiteQuantization? KeptQuantization(int tensor)
    {
        var found = _model.Tensors[tensor];
        return _options.KeepQuantized && found.Type is TfLiteType.Int8 or TfLiteType.UInt8 or TfLiteType.Int32 ? found.Quantization : null;
    }

    /// <summary>The name that an operator's own node gives its result: the tensor's, unless the rounding still comes behind it.</summary>
    private string Result(TfLiteOperator op)
    {
        var output = _names[op.Outputs[0]];
        return KeptQuantization(op.Outputs[0]) is null ? output : Once(output + "/exact", name => name);
    }

    /// <summary>A quantising or dequantising operator changes how a tensor is stored and, but for rounding, not what it says.</summary>
    private void Requantize(TfLiteOperator op)
    {
        var input = Input(op, 0);
        if (ConstantOf(input) is not null)
        {
            _aliases[op.Outputs[0]] = input;
            return;
        }

        var x = Read(input);
        _graph.Node("Identity", Result(op), [x.Name]);
        Write(op, x.Shape, x.IsNchw);
    }

    /// <summary>Rounds real values to those that the tensor can store.</summary>
    private string WriteQuantization(TfLiteType type, TfLiteQuantization quantization, string input, string output)
    {
        if (quantization.IsPerAxis) Throw.Malformed(_model.Source, $"the activation '{output}' has one scale per channel");
        var (scale, zeroPoint) = QuantizationConstants(type, quantization);
        var stored = _graph.Node("QuantizeLinear", _names.Fresh(output + "/stored"), [input, scale, zeroPoint]);
        return _graph.Node("DequantizeLinear", output, [stored, scale, zeroPoint]);
    }

    /// <summary>A stored constant and the node that gives its real values.</summary>
    private string WriteQuantizedConstant(TfLiteTensor constant, TfLiteQuantization quantization, int[] order, int[] shape, string name)
    {
        var width = TfLiteModel.ElementSize(constant.Type);
        // Permuted as whole elements: the byte axis comes last on both sides.
        var bytes = AxisOrder.Permute(constant.Data!.Value.ToArray(), [.. constant.Shape, width], [.. order, order.Length]);
        if (constant.Type == TfLiteType.Int8)
            for (var i = 0; i < bytes.Length; i++) bytes[i] += SignShift;
        var stored = _graph.Constant(_names.Fresh(name + "/stored"), ElementType(constant.Type), shape.Select(s => (long)s), bytes);
        var (scale, zeroPoint) = QuantizationConstants(constant.Type, quantization);
        return _graph.Node("DequantizeLinear", name, [stored, scale, zeroPoint], ("axis", quantization.IsPerAxis ? Array.IndexOf(order, quantization.Axis) : 0));
    }

    private (string Scale, string ZeroPoint) QuantizationConstants(TfLiteType type, TfLiteQuantization quantization)
    {
        long[] dims = quantization.IsPerAxis ? [quantization.Scales.Length] : [];
        var zeroPoints = Enumerable.Range(0, quantization.Scales.Length).Select(quantization.ZeroPoint).ToList();
        // A few numbers serve as the key of a scalar; a list is written once with its constant anyway.
        var key = quantization.IsPerAxis ? $"{_names.Fresh("quantization")}" : $"{quantization.Scales[0]:R}";
        var scale = Once($"scale_{key}", name => _graph.Constant(name, dims, quantization.Scales));
        var zeroPoint = Once($"zero_{type}_{(quantization.IsPerAxis ? key : zeroPoints[0])}", name => _graph.Constant(
            name, ElementType(type), dims, type == TfLiteType.Int32 ? [.. zeroPoints.SelectMany(z => BitConverter.GetBytes((int)z))] : [.. zeroPoints.Select(z => (byte)(type == TfLiteType.Int8 ? z + SignShift : z))]));
        return (scale, zeroPoint);
    }

    /// <summary>Whether the numbers that the result can store end where the activation would clip anyway, to within half a step.</summary>
    private bool IsImpliedByQuantization(TfLiteOperator op, TfLiteActivation activation)
    {
        if (KeptQuantization(op.Outputs[0]) is not { IsPerAxis: false } quantization) return false;
        var type = _model.Tensors[op.Outputs[0]].Type;
        if (type == TfLiteType.Int32) return false;
        var (least, most) = type == TfLiteType.Int8 ? (-128, 127) : (0, 255);
        var scale = (double)quantization.Scales[0];
        var (low, high) = (scale * (least - quantization.ZeroPoint(0)), scale * (most - quantization.ZeroPoint(0)));
        return activation switch
        {
            TfLiteActivation.Relu => low >= -scale / 2,
            TfLiteActivation.Relu6 => low >= -scale / 2 && high <= 6 + (scale / 2),
            _ => false,
        };
    }

    private static OnnxElementType ElementType(TfLiteType type) => type switch
    {
        TfLiteType.Int8 or TfLiteType.UInt8 => OnnxElementType.UInt8,
        _ => OnnxElementType.Int32,
    };
}
