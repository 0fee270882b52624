using System.Text.Json;
using OnnxTransfer.Conversion.Internals;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Conversion.Keras;

/// <summary>
/// Translates a network layer by layer. Images are kept as <c>[N,C,H,W]</c>; if a layer needs Keras' own element order, a transpose is
/// written before it. A batch normalization behind a convolution becomes part of the convolution if nothing else reads the convolution.
/// </summary>
internal sealed partial class KerasTranslator
{
    private const int DeepestNesting = 16;

    /// <summary>A hundred times the layers of the largest known networks.</summary>
    private const int MostCalls = 100_000;

    private static readonly OnnxDim s_batch = OnnxDim.Named("N");

    private readonly KerasModel _model;
    private readonly KerasWeights _weights;
    private readonly KerasOptions _options;
    private readonly OnnxGraphBuilder _graph = new("keras");
    private readonly FreshNames _names = new();
    private readonly Dictionary<string, string> _once = new(StringComparer.Ordinal);
    private ((string Layer, string Name) Name, KerasArray? Array)? _read;
    private int _calls;

    public KerasTranslator(KerasModel model, KerasWeights weights, KerasOptions options)
    {
        _model = model;
        _weights = weights;
        _options = options;
    }

    /// <summary>A tensor that depends on the image. <paramref name="Shape"/> is Keras' own, channels last, without the batch.</summary>
    private sealed record Activation(string Name, int[] Shape, bool IsNchw)
    {
        /// <summary>Whether [N,C,H,W] and [N,H,W,C] hold the same elements in the same order.</summary>
        public bool SameInBothOrders => !IsNchw || (Shape[0] == 1 && Shape[1] == 1) || Shape[2] == 1;

        public string ShapeText => $"[{string.Join(",", Shape)}]";
    }

    /// <summary>The layer call that is being translated: its name in the graph, and the tensors that it reads.</summary>
    private sealed record Call(KerasLayer Layer, string Name, Activation[] Inputs)
    {
        public JsonElement Config => Layer.Config;

        /// <summary>Whether a maximum pool reads the result.</summary>
        public bool FeedsMaximum { get; init; }
    }

    public OnnxModel Translate()
    {
        try
        {
            var network = _model.Network;
            var inner = _options.Outputs.Any(o => network.Layers.All(l => l.Name != o));
            var wanted = _options.Outputs.Count == 0 || inner ? network.Outputs : [.. _options.Outputs.Select(o => new KerasReference(o, 0, 0))];
            var inputs = network.Inputs.Select(i => AddInput(network.Layers.First(l => l.Name == i.Layer), network.Inputs.Count)).ToArray();
            var outputs = TranslateNetwork(network, inputs, wanted, "", 0);
            foreach (var output in outputs.DistinctBy(o => o.Name)) _graph.Output(output.Name, OnnxElementType.Float32, OnnxDims(output));
            var model = _graph.Build(_model.Source);
            // Layers inside a nested model have no place in the outer network: the whole is translated and then cut.
            if (inner) OnnxGraphEditor.Cut(model, [.. _options.Outputs]);
            return model;
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            throw Throw.KerasDamaged(_model.Source, e);
        }
    }

    private Activation AddInput(KerasLayer layer, int count)
    {
        var shape = layer.Config.TryGetProperty("batch_input_shape", out var stated) || layer.Config.TryGetProperty("batch_shape", out stated) ? stated : throw new FormatException($"The input '{layer.Name}' has no shape.");
        var sides = shape.EnumerateArray().Skip(1).Select(s => s.ValueKind == JsonValueKind.Null ? 0 : s.GetInt32()).ToArray();
        if (sides.Length == 3)
        {
            if (count > 1 && (_options.Height ?? _options.Width) is not null) Throw.SizeNotSettable(_model.Source, $"'{layer.Name}' and others");
            sides[0] = _options.Height ?? sides[0];
            sides[1] = _options.Width ?? sides[1];
        }

        if (sides.Length == 0 || Array.Exists(sides, s => s is < 1 or > TfLiteOptions.LargestSide))
            Throw.KerasMalformed(_model.Source, $"its input '{layer.Name}' has the shape [{string.Join(",", sides)}], 0 being free; set the height and width");
        var input = new Activation(Fresh(layer.Name), sides, sides.Length == 3 && _options.InputLayout == TensorLayout.Nchw);
        _graph.Input(input.Name, OnnxElementType.Float32, OnnxDims(input));
        // Keras' order at the input: turned once here, so that everything behind finds an image.
        return sides.Length == 3 && !input.IsNchw ? input with { Name = InNchw(input), IsNchw = true } : input;
    }

    private static OnnxDim[] OnnxDims(Activation activation) => activation.IsNchw
        ? [s_batch, activation.Shape[2], activation.Shape[0], activation.Shape[1]]
        : [s_batch, .. activation.Shape.Select(side => (OnnxDim)side)];

    private Activation[] TranslateNetwork(KerasNetwork network, Activation[] inputs, IReadOnlyList<KerasReference> outputs, string prefix, int depth)
    {
        if (depth > DeepestNesting) Throw.KerasMalformed(_model.Source, $"its models are nested more than {DeepestNesting} deep");
        if (inputs.Length != network.Inputs.Count) Throw.KerasMalformed(_model.Source, $"'{network.Name}' takes {network.Inputs.Count} inputs, but is given {inputs.Length}");
        var layers = network.Layers.DistinctBy(l => l.Name).ToDictionary(l => l.Name, StringComparer.Ordinal);
        var results = new Dictionary<(string, int), Activation[]>();
        for (var i = 0; i < inputs.Length; i++) results[(network.Inputs[i].Layer, network.Inputs[i].Call)] = [inputs[i]];

        var (needed, readers) = Needed(layers, outputs, results);
        foreach (var (layer, index) in InOrder(network, layers, needed))
        {
            if (results.ContainsKey((layer.Name, index))) continue;
            if (++_calls > MostCalls) Throw.KerasMalformed(_model.Source, $"it stands for more than {MostCalls} layers, the models in it counted as often as they are used");
            var call = new Call(layer, "", [.. layer.Calls[index].Select(r => Pick(results, r))])
            {
                FeedsMaximum = readers.TryGetValue((layer.Name, index), out var read) && read.Exists(r => layers[r.Layer].Kind == "MaxPooling2D"),
            };
            var folded = FoldedBatchNormalization(layers, readers, layer, index, outputs);
            var owner = folded is { } into ? into.Layer : layer.Name;
            call = call with { Name = layer.IsModel ? prefix + layer.Name : Fresh(prefix + owner + (index == 0 ? "" : $"_{index}")) };
            results[(layer.Name, index)] = layer.IsModel
                ? TranslateNetwork(KerasModel.NetworkOf(layer), call.Inputs, KerasModel.NetworkOf(layer).Outputs, call.Name + "/", depth + 1)
                : [Checked(call, TranslateLayer(call, folded is null ? null : layers[folded.Value.Layer]))];
            if (folded is { } normalization) results[(normalization.Layer, normalization.Call)] = results[(layer.Name, index)];
        }

        return [.. outputs.Select(o => Pick(results, o))];
    }

    /// <summary>The needed layer calls in the file's order, each behind those that it reads. A file may list its layers in any order.</summary>
    private List<(KerasLayer Layer, int Index)> InOrder(KerasNetwork network, Dictionary<string, KerasLayer> layers, HashSet<(string, int)> needed)
    {
        var ordered = new List<(KerasLayer, int)>(needed.Count);
        // False while what a call reads is being ordered, true once the call has its place.
        var states = new Dictionary<(string, int), bool>();
        var open = new Stack<(KerasLayer Layer, int Index)>();
        foreach (var start in network.Layers.SelectMany(layer => layer.Calls.Select((_, index) => (layer, index))))
        {
            open.Push(start);
            while (open.TryPeek(out var call))
            {
                var key = (call.Layer.Name, call.Index);
                if (!needed.Contains(key) || states.GetValueOrDefault(key))
                {
                    open.Pop();
                }
                else if (states.TryAdd(key, false))
                {
                    foreach (var read in call.Layer.Calls[call.Index].Reverse())
                    {
                        if (!needed.Contains((read.Layer, read.Call))) continue;
                        if (states.TryGetValue((read.Layer, read.Call), out var isPlaced) && !isPlaced) Throw.KerasMalformed(_model.Source, $"layer '{call.Layer.Name}' reads what is never computed");
                        open.Push((layers[read.Layer], read.Call));
                    }
                }
                else
                {
                    states[key] = true;
                    ordered.Add(call);
                    open.Pop();
                }
            }
        }

        return ordered;
    }

    private Activation Checked(Call call, Activation result)
    {
        if (Array.Exists(result.Shape, side => side < 1) || result.Shape.Aggregate(1.0, (product, side) => product * side) > int.MaxValue)
            Unsupported(call, $"its result of shape {result.ShapeText} is larger than any tensor can be");
        return result;
    }

    private Activation Pick(Dictionary<(string, int), Activation[]> results, KerasReference reference)
    {
        if (!results.TryGetValue((reference.Layer, reference.Call), out var tensors) || reference.Tensor < 0 || reference.Tensor >= tensors.Length)
        {
            Throw.KerasMalformed(_model.Source, $"it refers to result {reference.Tensor} of call {reference.Call} of layer '{reference.Layer}', which does not exist");
            return null;
        }

        return tensors[reference.Tensor];
    }

    /// <summary>The layer calls that the outputs depend on, and the readers of each.</summary>
    private (HashSet<(string, int)> Needed, Dictionary<(string, int), List<(string Layer, int Call)>> Readers) Needed(
        Dictionary<string, KerasLayer> layers, IReadOnlyList<KerasReference> outputs, Dictionary<(string, int), Activation[]> given)
    {
        var needed = new HashSet<(string, int)>();
        var readers = new Dictionary<(string, int), List<(string, int)>>();
        var open = new Stack<(string Layer, int Call)>(outputs.Select(o => (o.Layer, o.Call)));
        while (open.TryPop(out var at))
        {
            if (!layers.TryGetValue(at.Layer, out var layer))
            {
                if (_options.Outputs.Contains(at.Layer)) Throw.LayerNotFound(_model.Source, at.Layer, layers.Keys);
                Throw.KerasMalformed(_model.Source, $"it refers to the layer '{at.Layer}', which it does not have");
            }

            if (given.ContainsKey(at) || !needed.Add(at)) continue;
            if (at.Call < 0 || at.Call >= layer.Calls.Count) Throw.KerasMalformed(_model.Source, $"it refers to call {at.Call} of layer '{at.Layer}', which has {layer.Calls.Count}");
            foreach (var read in layer.Calls[at.Call])
            {
                if (!readers.TryGetValue((read.Layer, read.Call), out var list)) readers[(read.Layer, read.Call)] = list = [];
                list.Add(at);
                open.Push((read.Layer, read.Call));
            }
        }

        return (needed, readers);
    }

    private static (string Layer, int Call)? FoldedBatchNormalization(
        Dictionary<string, KerasLayer> layers, Dictionary<(string, int), List<(string Layer, int Call)>> readers, KerasLayer layer, int call, IReadOnlyList<KerasReference> outputs)
    {
        if (layer.Kind is not ("Conv2D" or "DepthwiseConv2D") || outputs.Any(o => o.Layer == layer.Name)) return null;
        if (FunctionOf(layer.Config) != "linear" || !readers.TryGetValue((layer.Name, call), out var list) || list.Count != 1) return null;
        return layers[list[0].Layer].Kind == "BatchNormalization" ? list[0] : null;
    }

    private string Fresh(string wanted) => _names.Take(wanted);

    /// <summary>Writes a helper node or constant at its first use and gives its name again at every later one.</summary>
    private string Once(string key, Func<string, string> write)
    {
        if (!_once.TryGetValue(key, out var name)) _once[key] = name = write(Fresh(key));
        return name;
    }

    private string InNchw(Activation x) => x.IsNchw ? x.Name
        // NHWC -> NCHW
        : Once(x.Name + "/nchw", name => _graph.Node("Transpose", name, [x.Name], ("perm", new[] { 0, 3, 1, 2 })));

    private string InOwnOrder(Activation x) => !x.IsNchw ? x.Name
        // NCHW -> NHWC
        : Once(x.Name + "/nhwc", name => _graph.Node("Transpose", name, [x.Name], ("perm", new[] { 0, 2, 3, 1 })));

    /// <summary>The name of a layer's activation, which Keras 3 also writes as a function with a description.</summary>
    private static string FunctionOf(JsonElement config)
    {
        if (!config.TryGetProperty("activation", out var value) || value.ValueKind == JsonValueKind.Null) return "linear";
        if (value.ValueKind == JsonValueKind.String) return value.GetString()!;
        return value.ValueKind == JsonValueKind.Object && value.TryGetProperty("config", out var name) && name.ValueKind == JsonValueKind.String ? name.GetString()! : value.GetRawText();
    }

    private static string Text(JsonElement config, string name, string otherwise) =>
        config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : otherwise;

    private static bool Flag(JsonElement config, string name, bool otherwise) =>
        config.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : otherwise;

    private static float Number(JsonElement config, string name, float otherwise) =>
        config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetSingle() : otherwise;

    /// <summary>A number for both axes, or one for each.</summary>
    private static (int V, int H) Pair(JsonElement config, string name, int otherwise)
    {
        if (!config.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return (otherwise, otherwise);
        return value.ValueKind == JsonValueKind.Number ? (value.GetInt32(), value.GetInt32()) : (value[0].GetInt32(), value[1].GetInt32());
    }
}
