using System.Text;
using System.Text.Json.Nodes;
using OnnxTransfer.Conversion.Hdf5;

namespace OnnxTransfer.Conversion.Keras;

/// <summary>
/// The networks of <c>keras.applications</c> whose files of weights hold no architecture, with the names that Keras gives their layers.
/// </summary>
internal sealed partial class KerasArchitecture
{
    private static readonly Dictionary<string, (int Side, string Preprocess, Func<KerasArchitecture, string, string> Body)> s_known = new(StringComparer.Ordinal)
    {
        ["vgg16"] = (224, "caffe", (a, x) => a.Vgg16(x)),
        ["resnet50"] = (224, "caffe", (a, x) => a.ResNet50(x)),
        ["resnet101v2"] = (224, "tf", (a, x) => a.ResNet101V2(x)),
        ["inception_v3"] = (299, "tf", (a, x) => a.InceptionV3(x)),
        ["mobilenet_v2"] = (224, "tf", (a, x) => a.MobileNetV2(x)),
    };

    private readonly JsonArray _layers = [];
    private readonly Dictionary<string, int[]> _shapes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly List<LayerWeights> _weights = [];
    private readonly string _name;
    private readonly int? _classes;
    private readonly string _output;

    private KerasArchitecture(string name, int? classes, int? height, int? width)
    {
        (_name, _classes) = (name, classes);
        var (side, _, body) = s_known[name];
        int[] shape = [height ?? side, width ?? side, 3];
        var input = Layer("input_1", "InputLayer", new JsonObject { ["batch_input_shape"] = new JsonArray(null, shape[0], shape[1], 3) }, [], shape);
        _output = body(this, input);
    }

    /// <summary>The weights of a layer: their names and shapes, in Keras's order.</summary>
    private sealed record LayerWeights(string Layer, IReadOnlyList<(string Name, int[] Shape)> Arrays);

    public static IReadOnlyList<string> Names { get; } = [.. s_known.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The preprocessing of Keras's <c>preprocess_input</c> for an architecture.</summary>
    public static string PreprocessOf(string name) => s_known[name].Preprocess;

    /// <summary>The number of weights, those that training does not change included, as Keras's <c>count_params</c> counts them.</summary>
    public long Parameters => _weights.Sum(w => w.Arrays.Sum(a => a.Shape.Aggregate(1L, (product, side) => product * side)));

    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="classes">The number of classes of the top; null for a network without one.</param>
    /// <param name="height">The height of the input in pixels; null for the architecture's own.</param>
    /// <param name="width">The width, likewise.</param>
    public static KerasArchitecture Build(string name, int? classes, int? height = null, int? width = null) => new(name, classes, height, width);

    /// <summary>The architecture with the weights of a file.</summary>
    public static (KerasModel Model, KerasWeights Weights) Read(ReadOnlyMemory<byte> bytes, string name, string source, int? height, int? width)
    {
        var file = Hdf5File.Open(bytes, source);
        if (file.Root.Texts("model_config") is not null) Throw.KerasHasArchitecture(source);
        var layers = KerasArchive.ReadLayers(file);
        var top = layers.GetValueOrDefault("predictions") ?? layers.GetValueOrDefault("Logits") ?? layers.GetValueOrDefault("fc1000");
        var classes = top is { Count: > 0 } ? top[0].Read().Shape[^1] : (int?)null;
        var architecture = Build(name, classes, height, width);
        var weights = new KerasWeights();
        var names = KerasLayerNumbers.Match(layers.Where(l => l.Value.Count > 0).Select(l => l.Key), architecture._weights.Select(w => w.Layer));
        layers = layers.Where(l => l.Value.Count > 0).ToDictionary(l => names[l.Key], l => l.Value, StringComparer.Ordinal);
        foreach (var wanted in architecture._weights) architecture.Take(wanted, layers, top, weights, source);
        return (KerasModel.Parse(Encoding.UTF8.GetBytes(architecture.Config()), source, "2.15.0"), weights);
    }

    private void Take(LayerWeights wanted, IReadOnlyDictionary<string, IReadOnlyList<NamedArray>> layers, IReadOnlyList<NamedArray>? top, KerasWeights weights, string source)
    {
        var found = wanted.Layer == "predictions" ? top : layers.GetValueOrDefault(wanted.Layer);
        if (found is null || found.Count == 0) { Throw.KerasLayerMissing(source, _name, wanted.Layer, layers.Where(l => l.Value.Count > 0).Select(l => l.Key)); return; }
        if (found.Count != wanted.Arrays.Count) Throw.KerasLayerOther(source, _name, wanted.Layer, $"has {found.Count} arrays of weights instead of {wanted.Arrays.Count}");
        for (var i = 0; i < found.Count; i++)
        {
            var (array, (name, shape)) = (found[i], wanted.Arrays[i]);
            weights.Add(source, $"{wanted.Layer}/{name}", () =>
            {
                var read = array.Read();
                if (!read.Shape.SequenceEqual(shape)) Throw.KerasLayerOther(source, _name, wanted.Layer, $"has '{array.Name}' of [{string.Join(",", read.Shape)}] where [{string.Join(",", shape)}] is right");
                return read;
            });
        }
    }

    /// <summary>The model's configuration, as Keras 2 writes it.</summary>
    private string Config() => new JsonObject
    {
        ["class_name"] = "Functional",
        ["config"] = new JsonObject
        {
            ["name"] = _name,
            ["layers"] = _layers,
            ["input_layers"] = new JsonArray(new JsonArray("input_1", 0, 0)),
            ["output_layers"] = new JsonArray(new JsonArray(_output, 0, 0)),
        },
    }.ToJsonString();

    private string Layer(string name, string kind, JsonObject config, string[] inputs, int[] shape, params (string Name, int[] Shape)[] weights)
    {
        config["name"] = name;
        JsonArray calls = inputs.Length == 0 ? [] : new JsonArray(new JsonArray([.. inputs.Select(i => new JsonArray(i, 0, 0, new JsonObject()))]));
        _layers.Add((JsonNode)new JsonObject { ["class_name"] = kind, ["config"] = config, ["name"] = name, ["inbound_nodes"] = calls });
        _shapes[name] = shape;
        if (weights.Length > 0) _weights.Add(new LayerWeights(name, weights));
        return name;
    }

    /// <summary>The name that Keras gives a layer without one: its kind, and a number from the second on.</summary>
    private string Unnamed(string kind)
    {
        var number = _counts.GetValueOrDefault(kind);
        _counts[kind] = number + 1;
        return number == 0 ? kind : $"{kind}_{number}";
    }

    private static int Side(int side, int kernel, int stride, bool same) => same ? (side + stride - 1) / stride : Math.Max(0, ((side - kernel) / stride) + 1);

    private string Convolution(string name, string x, int filters, int height, int width, int stride = 1, bool same = false, bool bias = true, string activation = "linear")
    {
        var from = _shapes[x];
        (string, int[])[] weights = [("kernel", [height, width, from[2], filters]), .. bias ? ((string, int[])[])[("bias", [filters])] : []];
        return Layer(
            name, "Conv2D",
            new JsonObject { ["filters"] = filters, ["kernel_size"] = new JsonArray(height, width), ["strides"] = new JsonArray(stride, stride), ["padding"] = same ? "same" : "valid", ["use_bias"] = bias, ["activation"] = activation },
            [x], [Side(from[0], height, stride, same), Side(from[1], width, stride, same), filters], weights);
    }

    private string Depthwise(string name, string x, int stride, bool same)
    {
        var from = _shapes[x];
        return Layer(
            name, "DepthwiseConv2D",
            new JsonObject { ["kernel_size"] = new JsonArray(3, 3), ["strides"] = new JsonArray(stride, stride), ["padding"] = same ? "same" : "valid", ["use_bias"] = false },
            [x], [Side(from[0], 3, stride, same), Side(from[1], 3, stride, same), from[2]], ("depthwise_kernel", [3, 3, from[2], 1]));
    }

    private string Normalization(string name, string x, double epsilon, bool scale = true)
    {
        int[] count = [_shapes[x][^1]];
        (string, int[])[] weights = [.. scale ? ((string, int[])[])[("gamma", count)] : [], ("beta", count), ("moving_mean", count), ("moving_variance", count)];
        return Layer(name, "BatchNormalization", new JsonObject { ["axis"] = 3, ["epsilon"] = epsilon, ["scale"] = scale }, [x], _shapes[x], weights);
    }

    private string Activation(string name, string x, string function = "relu") => Layer(name, "Activation", new JsonObject { ["activation"] = function }, [x], _shapes[x]);

    private string Relu6(string name, string x) => Layer(name, "ReLU", new JsonObject { ["max_value"] = 6 }, [x], _shapes[x]);

    private string Padding(string name, string x, int top, int bottom, int left, int right) => Layer(
        name, "ZeroPadding2D", new JsonObject { ["padding"] = new JsonArray(new JsonArray(top, bottom), new JsonArray(left, right)) },
        [x], [_shapes[x][0] + top + bottom, _shapes[x][1] + left + right, _shapes[x][2]]);

    private string Pool(string kind, string name, string x, int size, int stride, bool same = false) => Layer(
        name, kind, new JsonObject { ["pool_size"] = new JsonArray(size, size), ["strides"] = new JsonArray(stride, stride), ["padding"] = same ? "same" : "valid" },
        [x], [Side(_shapes[x][0], size, stride, same), Side(_shapes[x][1], size, stride, same), _shapes[x][2]]);

    private string Add(string name, params string[] inputs) => Layer(name, "Add", [], inputs, _shapes[inputs[0]]);

    private string Concatenate(string name, params string[] inputs) =>
        Layer(name, "Concatenate", new JsonObject { ["axis"] = 3 }, inputs, [.. _shapes[inputs[0]][..2], inputs.Sum(i => _shapes[i][2])]);

    private string Dense(string name, string x, int units, string activation) => Layer(
        name, "Dense", new JsonObject { ["units"] = units, ["activation"] = activation, ["use_bias"] = true }, [x], [units], ("kernel", [_shapes[x][0], units]), ("bias", [units]));

    /// <summary>The mean over the pixels and the classes, where the file has them.</summary>
    private string Top(string x, string pool) => _classes is not { } classes ? x
        : Dense("predictions", Layer(pool, "GlobalAveragePooling2D", [], [x], [_shapes[x][2]]), classes, "softmax");
}
