using System.Text.Json;
using OnnxTransfer.Onnx.Editing;

namespace OnnxTransfer.Conversion.Keras;

/// <summary>The layers themselves, after their documentation in Keras 2.</summary>
internal sealed partial class KerasTranslator
{
    private Activation TranslateLayer(Call call, KerasLayer? normalization)
    {
        if (Text(call.Config, "data_format", "channels_last") != "channels_last") Unsupported(call, "its data format is channels_first");
        if (call.Inputs.Length == 0) Throw.KerasMalformed(_model.Source, $"layer '{call.Layer.Name}' reads nothing");
        var x = call.Inputs[0];
        switch (call.Layer.Kind)
        {
            case "Conv2D": return Convolution(call, normalization);
            case "DepthwiseConv2D": return DepthwiseConvolution(call, normalization);
            case "SeparableConv2D": return SeparableConvolution(call);
            case "BatchNormalization": return BatchNormalization(call);
            case "Dense": return Dense(call);
            case "MaxPooling2D": return Pool(call, "MaxPool");
            case "AveragePooling2D": return Pool(call, "AveragePool");
            case "GlobalAveragePooling2D": return GlobalPool(call, "GlobalAveragePool");
            case "GlobalMaxPooling2D": return GlobalPool(call, "GlobalMaxPool");
            case "Add": return Merge(call, "Add");
            case "Subtract": return Merge(call, "Sub");
            case "Multiply": return Merge(call, "Mul");
            case "Maximum": return Merge(call, "Max");
            case "Concatenate": return Concatenate(call);
            case "Activation": return Activate(call, x, FunctionOf(call.Config));
            case "ReLU": return Relu(call);
            case "LeakyReLU": return Write(call, "LeakyRelu", ("alpha", Number(call.Config, "negative_slope", Number(call.Config, "alpha", 0.3f))));
            case "ELU": return Write(call, "Elu", ("alpha", Number(call.Config, "alpha", 1)));
            case "Softmax": return Activate(call, x, "softmax");
            case "ZeroPadding2D": return ZeroPadding(call);
            case "UpSampling2D": return UpSampling(call);
            case "Flatten": return Reshaped(call, [x.Shape.Aggregate(1, (product, side) => product * side)]);
            case "Reshape": return Reshaped(call, Target(call));
            case "Rescaling": return Rescaling(call);
            case "Normalization": return Normalization(call);
            // What acts in training only passes its input on.
            case "Dropout" or "SpatialDropout2D" or "GaussianNoise" or "GaussianDropout" or "AlphaDropout" or "ActivityRegularization": return x;
            default:
                Throw.LayerUnknown(_model.Source, call.Layer.Name, call.Layer.Kind);
                return x;
        }
    }

    private void Unsupported(Call call, string why) => Throw.LayerUnsupported(_model.Source, call.Layer.Name, call.Layer.Kind, why);

    private Activation Write(Call call, string onnxOp, params (string Name, object Value)[] attributes)
    {
        _graph.Node(onnxOp, call.Name, [call.Inputs[0].Name], attributes);
        return call.Inputs[0] with { Name = call.Name };
    }

    private string Scalar(float value) => Once($"constant_{value:R}", name => _graph.Constant(name, [], [value]));

    /// <summary>Writes an activation by its Keras name; the result has the call's name.</summary>
    private Activation Activate(Call call, Activation x, string function)
    {
        var y = x with { Name = call.Name };
        switch (function)
        {
            case "linear": return x;
            case "relu": _graph.Node("Relu", y.Name, [x.Name]); break;
            case "relu6": _graph.Node("Clip", y.Name, [x.Name, Scalar(0), Scalar(6)]); break;
            case "sigmoid": _graph.Node("Sigmoid", y.Name, [x.Name]); break;
            case "tanh": _graph.Node("Tanh", y.Name, [x.Name]); break;
            case "elu": _graph.Node("Elu", y.Name, [x.Name]); break;
            case "selu": _graph.Node("Selu", y.Name, [x.Name]); break;
            case "softplus": _graph.Node("Softplus", y.Name, [x.Name]); break;
            // Keras 3: x/6 + 0.5 between 0 and 1; Keras 2: 0.2 x + 0.5, which is also the default of ONNX.
            case "hard_sigmoid" when _model.IsKeras3: _graph.Node("HardSigmoid", y.Name, [x.Name], ("alpha", 1f / 6), ("beta", 0.5f)); break;
            case "hard_sigmoid": _graph.Node("HardSigmoid", y.Name, [x.Name]); break;
            case "hard_swish" or "hard_silu": _graph.Node("HardSwish", y.Name, [x.Name]); break;
            case "swish" or "silu": _graph.Node("Mul", y.Name, [x.Name, _graph.Node("Sigmoid", Fresh(y.Name + "/gate"), [x.Name])]); break;
            // Over Keras' last axis, the channels.
            case "softmax": _graph.Node("Softmax", y.Name, [x.Name], ("axis", x.IsNchw ? 1 : x.Shape.Length)); break;
            default: Unsupported(call, $"its activation '{function}' is not known"); break;
        }

        return y;
    }

    /// <summary>Writes a layer's own node, then the activation it states; the result has the call's name.</summary>
    private Activation WithActivation(Call call, int[] shape, bool isNchw, Action<string> write)
    {
        var function = FunctionOf(call.Config);
        var y = new Activation(function == "linear" ? call.Name : Fresh(call.Name + "/linear"), shape, isNchw);
        write(y.Name);
        return Activate(call, y, function);
    }

    private Activation Relu(Call call)
    {
        var (slope, threshold) = (Number(call.Config, "negative_slope", 0), Number(call.Config, "threshold", 0));
        var most = call.Config.TryGetProperty("max_value", out var value) && value.ValueKind == JsonValueKind.Number ? value.GetSingle() : (float?)null;
        if (threshold != 0 || (slope != 0 && most is not null)) Unsupported(call, "it has a threshold, or both a slope and a maximum");
        if (slope != 0) return Write(call, "LeakyRelu", ("alpha", slope));
        if (most is null) return Write(call, "Relu");
        _graph.Node("Clip", call.Name, [call.Inputs[0].Name, Scalar(0), Scalar(most.Value)]);
        return call.Inputs[0] with { Name = call.Name };
    }

    private Activation Merge(Call call, string onnxOp)
    {
        var isNchw = Array.Exists(call.Inputs, i => i.IsNchw);
        var rank = call.Inputs.Max(i => i.Shape.Length);
        if (call.Inputs.Length < 2 || Array.Exists(call.Inputs, i => i.Shape.Length != rank)) Unsupported(call, $"it joins {string.Join(" and ", call.Inputs.Select(i => i.ShapeText))}");
        int[] shape = [.. Enumerable.Range(0, rank).Select(axis => call.Inputs.Max(i => i.Shape[axis]))];
        if (Array.Exists(call.Inputs, i => i.Shape.Where((side, axis) => side != shape[axis] && side != 1).Any())) Unsupported(call, $"it joins {string.Join(" and ", call.Inputs.Select(i => i.ShapeText))}");
        var sum = In(call.Inputs[0]);
        for (var i = 1; i < call.Inputs.Length; i++)
            sum = _graph.Node(onnxOp, i == call.Inputs.Length - 1 ? call.Name : Fresh($"{call.Name}/{i}"), [sum, In(call.Inputs[i])]);
        return new Activation(call.Name, shape, isNchw);

        string In(Activation x) => isNchw ? InNchw(x) : x.Name;
    }

    private Activation Concatenate(Call call)
    {
        var rank = call.Inputs[0].Shape.Length;
        var axis = call.Config.TryGetProperty("axis", out var stated) ? stated.GetInt32() : -1;
        // Keras counts the batch; the shapes here do not.
        axis = axis < 0 ? axis + rank : axis - 1;
        if (axis < 0 || axis >= rank || Array.Exists(call.Inputs, i => i.Shape.Length != rank || i.Shape.Where((side, at) => at != axis && side != call.Inputs[0].Shape[at]).Any()))
            Unsupported(call, $"it joins {string.Join(" and ", call.Inputs.Select(i => i.ShapeText))} along axis {axis + 1}");
        var isNchw = Array.Exists(call.Inputs, i => i.IsNchw);
        var shape = (int[])call.Inputs[0].Shape.Clone();
        shape[axis] = (int)Math.Min(int.MaxValue, call.Inputs.Sum(i => (long)i.Shape[axis]));
        _graph.Node("Concat", call.Name, call.Inputs.Select(i => isNchw ? InNchw(i) : i.Name), ("axis", isNchw ? NchwAxis(axis) : axis + 1));
        return new Activation(call.Name, shape, isNchw);
    }

    /// <summary>The position of an axis of [H,W,C] in [N,C,H,W].</summary>
    private static int NchwAxis(int axis) => axis == 2 ? 1 : axis + 2;

    private Activation Image(Call call)
    {
        if (call.Inputs[0].Shape.Length != 3) Unsupported(call, $"it reads {call.Inputs[0].ShapeText} instead of an image");
        return call.Inputs[0].IsNchw ? call.Inputs[0] : call.Inputs[0] with { Name = InNchw(call.Inputs[0]), IsNchw = true };
    }

    private Activation ZeroPadding(Call call)
    {
        var x = Image(call);
        var padding = call.Config.GetProperty("padding");
        var ((top, bottom), (left, right)) = padding.ValueKind == JsonValueKind.Number
            ? ((padding.GetInt32(), padding.GetInt32()), (padding.GetInt32(), padding.GetInt32()))
            : (Side(padding[0]), Side(padding[1]));
        if (new[] { top, bottom, left, right }.Any(p => p is < 0 or > TfLiteOptions.LargestSide)) Unsupported(call, $"it pads by {top}, {bottom}, {left}, {right}");
        long[] pads = [0, 0, top, left, 0, 0, bottom, right];
        List<string> inputs = [x.Name, Once($"pads_{string.Join("_", pads)}", name => _graph.Constant(name, [8], pads))];
        if (call.FeedsMaximum) inputs.Add(Scalar(OnnxPadding.BeforeMaximum));
        _graph.Node("Pad", call.Name, inputs);
        return new Activation(call.Name, [x.Shape[0] + top + bottom, x.Shape[1] + left + right, x.Shape[2]], IsNchw: true);

        static (int, int) Side(JsonElement e) => e.ValueKind == JsonValueKind.Number ? (e.GetInt32(), e.GetInt32()) : (e[0].GetInt32(), e[1].GetInt32());
    }

    private Activation UpSampling(Call call)
    {
        var x = Image(call);
        var (v, h) = Pair(call.Config, "size", 2);
        if (v is < 1 or > 64 || h is < 1 or > 64) Unsupported(call, $"it enlarges {v} and {h} times");
        var linear = Text(call.Config, "interpolation", "nearest") == "bilinear";
        float[] scales = [1, 1, v, h];
        var constant = Once($"scales_{v}_{h}", name => _graph.Constant(name, [4], scales));
        _graph.Node(
            "Resize", call.Name, [x.Name, "", constant], ("mode", linear ? "linear" : "nearest"),
            ("coordinate_transformation_mode", linear ? "half_pixel" : "asymmetric"), ("nearest_mode", "floor"));
        return new Activation(call.Name, [(int)Math.Min(int.MaxValue, (long)x.Shape[0] * v), (int)Math.Min(int.MaxValue, (long)x.Shape[1] * h), x.Shape[2]], IsNchw: true);
    }

    private int[] Target(Call call)
    {
        int[] target = [.. call.Config.GetProperty("target_shape").EnumerateArray().Select(s => s.ValueKind == JsonValueKind.Null ? -1 : s.GetInt32())];
        var count = call.Inputs[0].Shape.Aggregate(1L, (product, side) => product * side);
        var stated = target.Where(side => side != -1).Aggregate(1L, (product, side) => side < 1 || product > int.MaxValue ? -1 : product * side);
        if (stated < 1 || count % stated != 0 || target.Count(side => side == -1) > 1 || (count != stated && !target.Contains(-1)))
            Unsupported(call, $"{call.Inputs[0].ShapeText} does not become [{string.Join(",", target)}]");
        return [.. target.Select(side => side == -1 ? (int)(count / stated) : side)];
    }

    private Activation Reshaped(Call call, int[] target)
    {
        var x = call.Inputs[0];
        // With one pixel an image is in both orders at once, and the next convolution wants [N,C,1,1].
        var isNchw = target is [1, 1, _];
        long[] written = isNchw ? [0, target[2], 1, 1] : [0, .. target.Select(side => (long)side)];
        // A 0 copies the batch size, whatever it is when the model runs.
        var shape = Once($"shape_{string.Join("_", written)}", name => _graph.Constant(name, [written.Length], written));
        _graph.Node("Reshape", call.Name, [x.SameInBothOrders ? x.Name : InOwnOrder(x), shape]);
        return new Activation(call.Name, target, isNchw);
    }
}
