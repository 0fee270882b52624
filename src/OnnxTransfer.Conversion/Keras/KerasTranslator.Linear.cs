using System.Text.Json;
using OnnxTransfer.Conversion.Internals;

namespace OnnxTransfer.Conversion.Keras;

/// <summary>Layers with weights, and pools.</summary>
internal sealed partial class KerasTranslator
{
    private KerasArray Weights(Call call, string layer, string name, int rank)
    {
        // A kernel is looked at for its shape and then for its values: it is read from the file once.
        if (_read is not { } read || read.Name != (layer, name)) _read = read = ((layer, name), _weights.Find(layer, name));
        var found = read.Array;
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

    private KerasNormalization NormalizationOf(Call call, KerasLayer layer, int count)
    {
        var axis = layer.Config.TryGetProperty("axis", out var stated) ? stated.ValueKind == JsonValueKind.Array ? stated[0].GetInt32() : stated.GetInt32() : -1;
        if (axis != -1 && axis != call.Inputs[0].Shape.Length) Throw.LayerUnsupported(_model.Source, layer.Name, layer.Kind, $"it normalizes axis {axis} instead of the channels");
        var epsilon = layer.Config.TryGetProperty("epsilon", out var value) ? value.GetDouble() : 1e-3;
        return new KerasNormalization(layer.Name, count, epsilon, Flag(layer.Config, "scale", true), Flag(layer.Config, "center", true));
    }

    /// <summary>Writes a constant, and where it comes from beside it.</summary>
    private string Constant(Call call, string name, IEnumerable<long> dims, KerasOrigin origin) => _graph.Constant(
        name, dims, origin.Values(array => array.Shape.Length == 1 ? Vector(call, array.Layer, array.Name, array.Shape[0]) : Weights(call, array.Layer, array.Name, array.Shape.Length).Values), origin.ToString());

    private Activation BatchNormalization(Call call) => Normalized(call, NormalizationOf(call, call.Layer, call.Inputs[0].Shape[^1]));

    private Activation Normalized(Call call, KerasNormalization normalization) => Scaled(
        call, call.Inputs[0], (name, dims) => Constant(call, name, dims, new KerasOrigin(null, null, IsOffset: false, normalization)),
        (name, dims) => Constant(call, name, dims, new KerasOrigin(null, null, IsOffset: true, normalization)));

    /// <summary>Channel by channel factor * x + offset.</summary>
    private Activation Scaled(Call call, Activation x, Func<string, long[], string> factor, Func<string, long[], string> offset)
    {
        long[] dims = x.IsNchw ? [x.Shape[^1], 1, 1] : [x.Shape[^1]];
        var scaled = _graph.Node("Mul", Fresh(call.Name + "/scaled"), [x.Name, factor(Fresh(call.Name + "/factor"), dims)]);
        _graph.Node("Add", call.Name, [scaled, offset(Fresh(call.Name + "/offset"), dims)]);
        return x with { Name = call.Name };
    }

    private Activation Rescaling(Call call)
    {
        var channels = call.Inputs[0].Shape[^1];
        return Scaled(
            call, call.Inputs[0], (name, dims) => _graph.Constant(name, dims, PerChannel("scale")), (name, dims) => _graph.Constant(name, dims, PerChannel("offset")));

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
        var (mean, variance) = (_weights.Find(call.Layer.Name, "mean")?.Shape, _weights.Find(call.Layer.Name, "variance")?.Shape);
        if (mean is not [var means] || variance is not [var variances] || means != channels || variances != channels) Unsupported(call, "it has no mean and variance per channel");
        return Normalized(call, new KerasNormalization(call.Layer.Name, channels, null, Scale: false, Center: false));
    }

    private Activation Convolution(Call call, KerasLayer? normalization)
    {
        var x = Image(call);
        var kernel = Weights(call, call.Layer.Name, "kernel", 4);
        var (height, width, depth, count) = (kernel.Shape[0], kernel.Shape[1], kernel.Shape[2], kernel.Shape[3]);
        if (x.Shape[2] % depth != 0) Throw.KerasMalformed(_model.Source, $"layer '{call.Layer.Name}' has filters of depth {depth} for {x.Shape[2]} channels");
        // HWIO -> OIHW
        var weights = new KerasOrigin(new(call.Layer.Name, "kernel", kernel.Shape), [3, 2, 0, 1], IsOffset: false, null);
        return Convolve(call, x, weights, [count, depth, height, width], x.Shape[2] / depth, normalization);
    }

    private Activation DepthwiseConvolution(Call call, KerasLayer? normalization)
    {
        var x = Image(call);
        var (weights, shape) = DepthwiseKernel(call, x);
        return Convolve(call, x, weights, shape, x.Shape[2], normalization);
    }

    private Activation SeparableConvolution(Call call)
    {
        var x = Image(call);
        var (weights, shape) = DepthwiseKernel(call, x);
        var pointwise = Weights(call, call.Layer.Name, "pointwise_kernel", 4);
        if (pointwise.Shape[0] != 1 || pointwise.Shape[1] != 1 || pointwise.Shape[2] != shape[0]) Throw.KerasMalformed(_model.Source, $"layer '{call.Layer.Name}' has pointwise filters [{string.Join(",", pointwise.Shape)}] for {shape[0]} channels");
        var (v, h) = Windows(call, x, (shape[2], shape[3]), Pair(call.Config, "strides", 1), Pair(call.Config, "dilation_rate", 1));
        var inner = Fresh(call.Name + "/depthwise");
        WriteConvolution(call, inner, x.Name, weights, shape, null, x.Shape[2], v, h);
        var count = pointwise.Shape[3];
        var one = new SlidingWindow(1, 1, 1, 0, 0, 1);
        var mixing = new KerasOrigin(new(call.Layer.Name, "pointwise_kernel", pointwise.Shape), [3, 2, 0, 1], IsOffset: false, null);
        return WithActivation(call, [v.Positions, h.Positions, count], isNchw: true, name => WriteConvolution(call, name, inner, mixing, [count, shape[0], 1, 1], Bias(call, count), 1, one, one));
    }

    /// <summary>HWCM -> [C*M,1,H,W]: one filter per result channel, each reading one input channel.</summary>
    private (KerasOrigin Weights, int[] Shape) DepthwiseKernel(Call call, Activation x)
    {
        var kernel = Weights(call, call.Layer.Name, "depthwise_kernel", 4);
        if (kernel.Shape[2] != x.Shape[2]) Throw.KerasMalformed(_model.Source, $"layer '{call.Layer.Name}' has filters for {kernel.Shape[2]} channels and reads {x.Shape[2]}");
        var weights = new KerasOrigin(new(call.Layer.Name, "depthwise_kernel", kernel.Shape), [2, 3, 0, 1], IsOffset: false, null);
        return (weights, [kernel.Shape[2] * kernel.Shape[3], 1, kernel.Shape[0], kernel.Shape[1]]);
    }

    private static KerasOrigin? Bias(Call call, int count) =>
        Flag(call.Config, "use_bias", true) ? new KerasOrigin(new(call.Layer.Name, "bias", [count]), null, IsOffset: true, null) : null;

    private Activation Convolve(Call call, Activation x, KerasOrigin weights, int[] shape, int groups, KerasLayer? normalizing)
    {
        var bias = Bias(call, shape[0]);
        if (normalizing is not null)
        {
            var normalization = NormalizationOf(call, normalizing, shape[0]);
            (weights, bias) = (weights with { Normalization = normalization }, (bias ?? new KerasOrigin(null, null, IsOffset: true, null)) with { Normalization = normalization });
        }

        var (v, h) = Windows(call, x, (shape[2], shape[3]), Pair(call.Config, "strides", 1), Pair(call.Config, "dilation_rate", 1));
        return WithActivation(call, [v.Positions, h.Positions, shape[0]], isNchw: true, name => WriteConvolution(call, name, x.Name, weights, shape, bias, groups, v, h));
    }

    private (SlidingWindow V, SlidingWindow H) Windows(Call call, Activation x, (int V, int H) kernel, (int V, int H) strides, (int V, int H) dilation)
    {
        var same = Text(call.Config, "padding", "valid") == "same";
        var v = SlidingWindow.Place(x.Shape[0], kernel.V, strides.V, dilation.V, same);
        var h = SlidingWindow.Place(x.Shape[1], kernel.H, strides.H, dilation.H, same);
        if (v is null || h is null) Unsupported(call, $"its {kernel.V}x{kernel.H} window does not fit into {x.ShapeText}");
        return (v!.Value, h!.Value);
    }

    private void WriteConvolution(Call call, string name, string x, KerasOrigin weights, int[] shape, KerasOrigin? bias, int groups, SlidingWindow v, SlidingWindow h)
    {
        List<string> inputs = [x, Constant(call, Fresh(name + "/weights"), shape.Select(s => (long)s), weights)];
        if (bias is not null) inputs.Add(Constant(call, Fresh(name + "/bias"), [shape[0]], bias));
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
        var weights = Constant(call, Fresh(call.Name + "/weights"), [depth, count], new KerasOrigin(new(call.Layer.Name, "kernel", kernel.Shape), null, IsOffset: false, null));
        var bias = Bias(call, count) is { } origin ? Constant(call, Fresh(call.Name + "/bias"), [count], origin) : null;
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
