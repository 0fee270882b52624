using OnnxTransfer.Conversion.Internals;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Conversion.TfLite;

/// <summary>
/// Quantized models. By default every tensor stands for its real values. On request, weights stay stored as bytes, and the input of a
/// convolution or fully connected layer is rounded to the bytes that the file states for it, so that the runtime computes the layer in
/// integers. Sums, pools and scores are not rounded, because rounding them would only lose digits.
/// </summary>
internal sealed partial class TfLiteTranslator
{
    /// <summary>
    /// Signed bytes are stored as unsigned bytes, with value and zero point both 128 higher, which gives the same real numbers. Reason:
    /// on processors without VNNI the runtime's kernels add products of signed and unsigned bytes in 16 bits and overflow.
    /// </summary>
    private const int SignShift = 128;

    /// <summary>The operators that compute in integers, by index.</summary>
    private readonly HashSet<int> _integer = [];

    /// <summary>The tensors that are outputs, or that another kind of operator reads.</summary>
    private readonly HashSet<int> _readExactly = [];

    /// <summary>
    /// Decides which operators compute in integers: all that can, except the first ones, up to the share that stays in float32.
    /// </summary>
    private void PlanIntegers(List<TfLiteOperator> operators, int[] outputs)
    {
        _readExactly.UnionWith(outputs);
        var left = _options.FloatShare * operators.Sum(o => (double)Multiplications(o));
        foreach (var op in operators)
        {
            left -= Multiplications(op);
            if (left < 0 && IsLinear(op) && KeptQuantization(op.Inputs[0]) is { IsPerAxis: false } && KeptQuantization(op.Inputs[1]) is not null) _integer.Add(op.Index);
            else _readExactly.UnionWith(op.Inputs);
        }
    }

    private static bool IsLinear(TfLiteOperator op) =>
        op.Code is TfLiteOp.Conv2D or TfLiteOp.DepthwiseConv2D or TfLiteOp.FullyConnected && op.Inputs is [>= 0, >= 0, ..];

    /// <summary>Multiplications per image at the file's own size: each weight once for every position of the result.</summary>
    private long Multiplications(TfLiteOperator op)
    {
        if (!IsLinear(op) || _model.Tensors[op.Outputs[0]].Shape is not [.., > 0 and var channels] shape) return 0;
        return shape.Skip(1).Aggregate(1L, (product, side) => product * side) / channels * _model.Tensors[op.Inputs[1]].Count;
    }

    /// <summary>The quantization that is to stay in the graph; null for a tensor of real values.</summary>
    private TfLiteQuantization? KeptQuantization(int tensor)
    {
        var found = _model.Tensors[tensor];
        return _options.KeepQuantized && found.Type is TfLiteType.Int8 or TfLiteType.UInt8 or TfLiteType.Int32 ? found.Quantization : null;
    }

    /// <summary>
    /// A quantizing or dequantizing operator changes how a tensor is stored. It does not change its values, except by rounding.
    /// </summary>
    private void Requantize(TfLiteOperator op)
    {
        var input = Input(op, 0);
        if (ConstantOf(input) is not null)
        {
            PassOn(input, op.Outputs[0]);
            return;
        }

        var x = Read(input);
        _graph.Node("Identity", _names[op.Outputs[0]], [x.Name]);
        Write(op, x.Shape, x.IsNchw);
    }

    /// <summary>The first input of an operator as it reads it: rounded to what the file's bytes can say where it computes in integers.</summary>
    private string ReadRounded(TfLiteOperator op, string x)
    {
        if (!_integer.Contains(op.Index)) return x;
        var stored = Stored(op, x, out var scale, out var zeroPoint);
        return Once(x + "/rounded", name => _graph.Node("DequantizeLinear", name, [stored, scale, zeroPoint]));
    }

    private string Stored(TfLiteOperator op, string x, out string scale, out string zeroPoint)
    {
        var (s, z) = QuantizationConstants(_model.Tensors[op.Inputs[0]].Type, KeptQuantization(op.Inputs[0])!);
        (scale, zeroPoint) = (s, z);
        return Once(x + "/stored", name => _graph.Node("QuantizeLinear", name, [x, s, z]));
    }

    /// <summary>Whether an operator computes in integers and its result is needed before rounding.</summary>
    private bool NeedsExactResult(TfLiteOperator op) => _integer.Contains(op.Index) && _readExactly.Contains(op.Outputs[0]);

    /// <summary>
    /// What one unit of each filter's integer sum stands for; null if the filters have different zero points, for which the
    /// runtime has no integer convolution with an unrounded result.
    /// </summary>
    private float[]? SumsOfProducts(TfLiteOperator op, Filters filters)
    {
        var (x, w) = (KeptQuantization(op.Inputs[0])!, KeptQuantization(filters.Constant.Index)!);
        if (w.IsPerAxis && Enumerable.Range(1, w.Scales.Length - 1).Any(i => w.ZeroPoint(i) != w.ZeroPoint(0))) return null;
        return [.. Enumerable.Range(0, filters.Count).Select(i => x.Scales[0] * w.Scales[w.IsPerAxis ? i : 0])];
    }

    /// <summary>Sums of integer products, brought to real values without rounding: those are for the operators behind.</summary>
    private string WriteIntegerConvolution(TfLiteOperator op, string x, Filters filters, float[] scales, (string, object)[] attributes, string output)
    {
        var weights = filters.Constant;
        var quantization = KeptQuantization(weights.Index)!;
        var (_, weightZero) = QuantizationConstants(weights.Type, quantization with { Scales = [quantization.Scales[0]], ZeroPoints = [quantization.ZeroPoint(0)] });
        var stored = Stored(op, x, out _, out var zeroPoint);
        var sums = _graph.Node("ConvInteger", _names.Fresh(output + "/sums"), [stored, StoredConstant(weights, filters.Order, filters.Shape), zeroPoint, weightZero], attributes);
        var real = _graph.Node("Cast", _names.Fresh(output + "/real"), [sums], ("to", (int)OnnxElementType.Float32));
        var scale = _graph.Constant(_names.Fresh(output + "/scale"), [scales.Length, 1, 1], scales);
        if (BiasConstant(op, filters.Count) is not { } bias) return _graph.Node("Mul", output, [real, scale]);
        var offset = _graph.Constant(_names.Fresh(output + "/offset"), [scales.Length, 1, 1], Floats(op, bias));
        return _graph.Node("Add", output, [_graph.Node("Mul", _names.Fresh(output + "/scaled"), [real, scale]), offset]);
    }

    /// <summary>A stored constant and the node that gives its real values.</summary>
    private string WriteQuantizedConstant(TfLiteTensor constant, TfLiteQuantization quantization, int[] order, int[] shape, string name)
    {
        var (scale, zeroPoint) = QuantizationConstants(constant.Type, quantization);
        return _graph.Node(
            "DequantizeLinear", name, [StoredConstant(constant, order, shape), scale, zeroPoint], ("axis", quantization.IsPerAxis ? Array.IndexOf(order, quantization.Axis) : 0));
    }

    private string StoredConstant(TfLiteTensor constant, int[] order, int[] shape) => Once($"{_names[constant.Index]}/{string.Concat(order)}/stored", name =>
    {
        var width = TfLiteModel.ElementSize(constant.Type);
        // Permuted as whole elements: the byte axis comes last on both sides.
        var bytes = AxisOrder.Permute(constant.Data!.Value.ToArray(), [.. constant.Shape, width], [.. order, order.Length]);
        if (constant.Type == TfLiteType.Int8)
            for (var i = 0; i < bytes.Length; i++) bytes[i] += SignShift;
        return _graph.Constant(name, ElementType(constant.Type), shape.Select(s => (long)s), bytes);
    });

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

    /// <summary>
    /// Whether everything that reads the result rounds it to numbers that end where the activation would clip anyway, to within
    /// half a step.
    /// </summary>
    private bool IsImpliedByQuantization(TfLiteOperator op, TfLiteActivation activation)
    {
        if (_readExactly.Contains(op.Outputs[0]) || KeptQuantization(op.Outputs[0]) is not { IsPerAxis: false } quantization) return false;
        var type = _model.Tensors[op.Outputs[0]].Type;
        if (type == TfLiteType.Int32) return false;
        var (least, most) = type == TfLiteType.Int8 ? (-128, 127) : (0, 255);
        var scale = (double)quantization.Scales[0];
        var (low, high) = (scale * (least - quantization.ZeroPoint(0)), scale * (most - quantization.ZeroPoint(0)));
        return activation switch
        {
            // The range is the activation, and the rounding ends where it does.
            TfLiteActivation.None => true,
            TfLiteActivation.Relu => low >= -scale / 2,
            TfLiteActivation.Relu6 => low >= -scale / 2 && high <= 6 + (scale / 2),
            _ => false,
        };
    }

    /// <summary>
    /// The end of an activation that stands only in the range of a result's bytes; null if there is none. The converters of TensorFlow 1
    /// leave a ReLU or ReLU6 out of the operator when the bytes of its result begin at zero anyway: the kernel ends there, and so did the
    /// training. A range that begins below zero is the measured range of some images, not a part of the network.
    /// </summary>
    private float? ActivationOfRange(TfLiteOperator op)
    {
        if (op.Code is not (TfLiteOp.Conv2D or TfLiteOp.DepthwiseConv2D or TfLiteOp.FullyConnected or TfLiteOp.Add or TfLiteOp.Sub or TfLiteOp.Mul)) return null;
        var tensor = _model.Tensors[op.Outputs[0]];
        var (least, most) = tensor.Type switch { TfLiteType.Int8 => (-128, 127), TfLiteType.UInt8 => (0, 255), _ => (0, 0) };
        if (most == 0 || tensor.Quantization is not { IsPerAxis: false } quantization || quantization.ZeroPoint(0) != least) return null;
        return quantization.Scales[0] * (most - least);
    }

    private static OnnxElementType ElementType(TfLiteType type) => type switch
    {
        TfLiteType.Int8 or TfLiteType.UInt8 => OnnxElementType.UInt8,
        _ => OnnxElementType.Int32,
    };
}
