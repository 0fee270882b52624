using System.Text.Json;
using OnnxTransfer.Conversion.Internals;

namespace OnnxTransfer.Conversion.Keras;

/// <summary>Layers with weights, and pools.</summary>
internal sealed partial class KerasTranslator
{
    private KerasArray Weights(Call call, string layer, string name, int rank)
    {
        var found = _weights.Find(layer, name);
        if (found is null || found.Shape.Length != rank || found.Values.Length == 0)
            Throw.KerasMalformed(_model.Source, $"layer '{call.Layer.Name}' needs weights '{layer}/{name}' of {rank} axes, and {(found is null ? "there are none" : $"they have [{string.Join(",", found.Shape)}]")}");
        return found;
    }

    private float[] Vector(Call call, string layer, string name, int count)
    {
        var values = Weights(call, layer, name, 1).Values;
        if (values.Length != count) Throw.KerasMalformed(_model.Source, $"the weights '{layer}/{name}' are {values.Length} numbers for {count} channels");
        return values;
    }

    /// <summary>The effect of a batch normalization on channel c: factor[c] * x + offset[c].</summary>
    private (double[] Factor, double[] Offset) NormalizationOf(Call call, KerasLayer layer, int count)
    {
        var axis = layer.Config.TryGetProperty("axis", out var stated) ? stated.ValueKind == JsonValueKind.Array ? stated[0].GetInt32() : stated.GetInt32() : -1;
        if (axis != -1 && axis != call.Inputs[0].Shape.Length) Throw.LayerUnsupported(_model.Source, layer.Name, layer.Kind, $"it normalizes axis {axis} instead of the channels");
        var mean = Vector(call, layer.Name, "moving_mean", count);
        var variance = Vector(call, layer.Name, "moving_variance", count);
        var gamma = Flag(layer.Config, "scale", true) ? Vector(call, layer.Name, "gamma", count) : null;
        var beta = Flag(layer.Config, "center", true) ? Vector(call, layer.Name, "beta", count) : null;
        var epsilon = layer.Config.TryGetProperty("epsilon", out var value) ? value.GetDouble() : 1e-3;
        double[] factor = [.. variance.Select((v, c) => (gamma?[c] ?? 1) / Math.Sqrt(v + epsilon))];
        return (factor, [.. factor.Select((f, c) => (beta?[c] ?? 0) - (f * mean[c]))]);
    }

    private Activation BatchNormalization(Call call)
    {
        var x = call.Inputs[0];
        var (factor, offset) = NormalizationOf(call, call.Layer, x.Shape[^1]);
        return Scaled(call, x, [.. factor.Select(f => (float)f)], [.. offset.Select(o => (float)o)]);
    }

    /// <summary>Channel by channel factor * x + offset.</summary>
    private Activation Scaled(Call call, Activation x, float[] factor, float[] offset)
    {
        long[] dims = x.IsNchw ? [factor.Length, 1, 1] : [factor.Length];
        var scaled = _graph.Node("Mul", Fresh(call.Name + "/scaled"), [x.Name, _graph.Constant(Fresh(call.Name + "/factor"), dims, factor)]);
        _graph.Node("Add", call.Name, [scaled, _graph.Constant(Fresh(call.Name + "/offset"), dims, offset)]);
        return x with { Name = call.Name };
    }

    private Activation Rescaling(Call call)
    {
        var channels = call.Inputs[0].Shape[^1];
        return Scaled(call, call.Inputs[0], PerChannel("scale"), PerChannel("offset"));

        float[] PerChannel(string name)
        {
            var value = call.Config.GetProperty(name);
            float[] numbers = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(v => v.GetSingle())] : [.. Enumerable.Repeat(value.GetSingle(), channels)];
            if (numbers.Length != channels) Unsupported(call, $"its {name} is {numbers.Length} numbers for {channels} channels");
            return numbers;
        }
    }

    private Activation Normalization(Call call)
    {
        var channels = call.Inputs[0].Shape[^1];
        var (mean, variance) = (_weights.Find(call.Layer.Name, "mean")?.Values, _weights.Find(call.Layer.Name, "variance")?.Values);
        if (mean?.Length != channels || variance?.Length != channels) Unsupported(call, "it has no mean and variance per channel");
        double[] factor = [.. variance!.Select(v => 1 / Math.Max(Math.Sqrt(v), 1e-7))];
        return Scaled(call, call.Inputs[0], [.. factor.Select(f => (float)f)], [.. factor.Select((f, c) => (float)(-f * mean![c]))]);
    }

    private Activation Convolution(Call call, KerasLayer? normalization)
    {
        var x = Image(call);
        var kernel = Weights(call, call.Layer.Name, "kernel", 4);
        var (height, width, depth, count) = (kernel.Shape[0], kernel.Shape[1], kernel.Shape[2], kernel.Shape[3]);
        if (x.Shape[2] % depth != 0) Throw.KerasMalformed(_model.Source, $"layer '{call.Layer.Name}' has filters of depth {depth} for {x.Shape[2]} channels");
        // HWIO -> OIHW
        var weights = AxisOrder.Permute(kernel.Values, kernel.Shape, [3, 2, 0, 1]);
        return Convolve(call, x, weights, [count, depth, height, width], x.Shape[2] / depth, Bias(call, count), normalization);
    }

    private Activation DepthwiseConvolution(Call call, KerasLayer? normalization)
    {
        var x = Image(call);
        var (weights, shape) = DepthwiseKernel(call, x);
        return Convolve(call, x, weights, shape, x.Shape[2], Bias(call, shape[0]), normalization);
    }

    private Activation SeparableConvolution(Call call)
    {
        var x = Image(call);
        var (weights, shape) = DepthwiseKernel(call, x);
        var pointwise = Weights(call, call.Layer.Name, "pointwise_kernel", 4);
        if (pointwise.Shape[0] != 1 || pointwise.Shape[1] != 1 || pointwise.Shape[2] != shape[0]) Throw.KerasMalformed(_model.Source, $"layer '{call.Layer.Name}' has pointwise filters [{string.Join(",", pointwise.Shape)}] for {shape[0]} channels");
        var (v, h) = Windows(call, x, (shape[2], shape[3]), Pair(call.Config, "strides", 1), Pair(call.Config, "dilation_rate", 1));
        var inner = Fresh(call.Name + "/depthwise");
        WriteConvolution(inner, x.Name, weights, shape, null, x.Shape[2], v, h);
        var count = pointwise.Shape[3];
        var one = new SlidingWindow(1, 1, 1, 0, 0, 1);
        return WithActivation(call, [v.Positions, h.Positions, count], isNchw: true, name => WriteConvolution(
            name, inner, AxisOrder.Permute(pointwise.Values, pointwise.Shape, [3, 2, 0, 1]), [count, shape[0], 1, 1], Bias(call, count), 1, one, one));
    }

    /// <summary>HWCM -> [C*M,1,H,W]: one filter per result channel, each reading one input channel.</summary>
    private (float[] Weights, int[] Shape) DepthwiseKernel(Call call, Activation x)
    {
        var kernel = Weights(call, call.Layer.Name, "depthwise_kernel", 4);
        if (kernel.Shape[2] != x.Shape[2]) Throw.KerasMalformed(_model.Source, $"layer '{call.Layer.Name}' has filters for {kernel.Shape[2]} channels and reads {x.Shape[2]}");
        return (AxisOrder.Permute(kernel.Values, kernel.Shape, [2, 3, 0, 1]), [kernel.Shape[2] * kernel.Shape[3], 1, kernel.Shape[0], kernel.Shape[1]]);
    }

    private float[]? Bias(Call call, int count) => Flag(call.Config, "use_bias", true) ? Vector(call, call.Layer.Name, "bias", count) : null;

    private Activation Convolve(Call call, Activation x, float[] weights, int[] shape, int groups, float[]? bias, KerasLayer? normalization)
    {
        if (normalization is not null)
        {
            var (factor, offset) = NormalizationOf(call, normalization, shape[0]);
            var perFilter = weights.Length / shape[0];
            for (var i = 0; i < weights.Length; i++) weights[i] = (float)(weights[i] * factor[i / perFilter]);
            bias = [.. offset.Select((o, c) => (float)(o + (factor[c] * (bias?[c] ?? 0))))];
        }

        var (v, h) = Windows(call, x, (shape[2], shape[3]), Pair(call.Config, "strides", 1), Pair(call.Config, "dilation_rate", 1));
        return WithActivation(call, [v.Positions, h.Positions, shape[0]], isNchw: true, name => WriteConvolution(name, x.Name, weights, shape, bias, groups, v, h));
    }

    private (SlidingWindow V, SlidingWindow H) Windows(Call call, Activation x, (int V, int H) kernel, (int V, int H) strides, (int V, int H) dilation)
    {
        var same = Text(call.Config, "padding", "valid") == "same";
        var v = SlidingWindow.Place(x.Shape[0], kernel.V, strides.V, dilation.V, same);
        var h = SlidingWindow.Place(x.Shape[1], kernel.H, strides.H, dilation.H, same);
        if (v is null || h is null) Unsupported(call, $"its {kernel.V}x{kernel.H} window does not fit into {x.ShapeText}");
        return (v!.Value, h!.Value);
    }

    private void WriteConvolution(string name, string x, float[] weights, int[] shape, float[]? bias, int groups, SlidingWindow v, SlidingWindow h)
    {
        List<string> inputs = [x, _graph.Constant(Fresh(name + "/weights"), shape.Select(s => (long)s), weights)];
        if (bias is not null) inputs.Add(_graph.Constant(Fresh(name + "/bias"), [bias.Length], bias));
        _graph.Node(
            "Conv", name, inputs, ("kernel_shape", new[] { v.Kernel, h.Kernel }), ("strides", new[] { v.Stride, h.Stride }), ("dilations", new[] { v.Dilation, h.Dilation }),
            ("pads", new[] { v.Before, h.Before, v.After, h.After }), ("group", groups));
    }

    private Activation Dense(Call call)
    {
        var x = call.Inputs[0];
        var kernel = Weights(call, call.Layer.Name, "kernel", 2);
        var (depth, count) = (kernel.Shape[0], kernel.Shape[1]);
        if (x.Shape[^1] != depth) Throw.KerasMalformed(_model.Source, $"layer '{call.Layer.Name}' has weights for {depth} numbers and reads {x.ShapeText}");
        var weights = _graph.Constant(Fresh(call.Name + "/weights"), [depth, count], kernel.Values);
        var bias = Bias(call, count) is { } values ? _graph.Constant(Fresh(call.Name + "/bias"), [count], values) : null;
        if (x.Shape.Length == 1)
            return WithActivation(call, [count], isNchw: false, name => _graph.Node("Gemm", name, bias is null ? [x.Name, weights] : [x.Name, weights, bias]));
        var product = _graph.Node("MatMul", bias is null ? call.Name : Fresh(call.Name + "/product"), [InOwnOrder(x), weights]);
        if (bias is null) return Activate(call with { Name = Fresh(call.Name + "/activation") }, new Activation(product, [.. x.Shape[..^1], count], IsNchw: false), FunctionOf(call.Config));
        return WithActivation(call, [.. x.Shape[..^1], count], isNchw: false, name => _graph.Node("Add", name, [product, bias]));
    }

    private Activation Pool(Call call, string onnxOp)
    {
        var x = Image(call);
        var size = Pair(call.Config, "pool_size", 2);
        var strides = call.Config.TryGetProperty("strides", out var stated) && stated.ValueKind != JsonValueKind.Null ? Pair(call.Config, "strides", 2) : size;
        var (v, h) = Windows(call, x, size, strides, (1, 1));
        // Neither Keras nor ONNX, by default, counts padding in an average.
        _graph.Node(
            onnxOp, call.Name, [x.Name], ("kernel_shape", new[] { v.Kernel, h.Kernel }), ("strides", new[] { v.Stride, h.Stride }),
            ("pads", new[] { v.Before, h.Before, v.After, h.After }));
        return new Activation(call.Name, [v.Positions, h.Positions, x.Shape[2]], IsNchw: true);
    }

    private Activation GlobalPool(Call call, string onnxOp)
    {
        var x = Image(call);
        var keep = Flag(call.Config, "keepdims", false);
        var pooled = _graph.Node(onnxOp, keep ? call.Name : Fresh(call.Name + "/pooled"), [x.Name]);
        if (keep) return new Activation(call.Name, [1, 1, x.Shape[2]], IsNchw: true);
        _graph.Node("Flatten", call.Name, [pooled], ("axis", 1));
        return new Activation(call.Name, [x.Shape[2]], IsNchw: false);
    }
}
