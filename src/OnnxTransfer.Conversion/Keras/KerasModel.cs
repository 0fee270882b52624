using System.Text.Json;

namespace OnnxTransfer.Conversion.Keras;

/// <summary>One tensor as the configuration names it: a layer, the number of its call, and the number of the call's result.</summary>
internal readonly record struct KerasReference(string Layer, int Call, int Tensor);

/// <summary>A layer and the tensors that each of its calls reads; an input layer has no calls.</summary>
internal sealed record KerasLayer(string Name, string Kind, JsonElement Config, IReadOnlyList<KerasReference[]> Calls)
{
    public bool IsModel => Kind is "Model" or "Functional" or "Sequential";
}

/// <summary>A network of layers: the model itself, or one that is used as a layer in another.</summary>
internal sealed record KerasNetwork(string Name, IReadOnlyList<KerasLayer> Layers, IReadOnlyList<KerasReference> Inputs, IReadOnlyList<KerasReference> Outputs);

/// <summary>A <c>model.json</c> in TensorFlow.js layers format.</summary>
internal sealed class KerasModel : IDisposable
{
    private readonly JsonDocument _json;

    private KerasModel(JsonDocument json, string source)
    {
        _json = json;
        Source = source;
        var root = json.RootElement;
        var topology = root.GetProperty("modelTopology");
        if (topology.ValueKind == JsonValueKind.Object && topology.TryGetProperty("node", out _)) Throw.KerasGraphModel(source);
        if (topology.TryGetProperty("model_config", out var inner)) topology = inner;
        Network = ReadNetwork(topology);
        Manifest = root.GetProperty("weightsManifest");
    }

    public string Source { get; }

    public KerasNetwork Network { get; }

    public JsonElement Manifest { get; }

    public static KerasModel Parse(ReadOnlyMemory<byte> bytes, string source)
    {
        JsonDocument? json = null;
        try
        {
            json = JsonDocument.Parse(bytes);
            return new KerasModel(json, source);
        }
        catch (Exception e)
        {
            json?.Dispose();
            if (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException) throw Throw.KerasDamaged(source, e);
            throw;
        }
    }

    public void Dispose() => _json.Dispose();

    /// <summary>The network inside a layer that is a model.</summary>
    public static KerasNetwork NetworkOf(KerasLayer layer) => Read(layer.Name, layer.Kind, layer.Config);

    private static KerasNetwork ReadNetwork(JsonElement element)
    {
        var config = element.GetProperty("config");
        var name = config.ValueKind == JsonValueKind.Object && config.TryGetProperty("name", out var stated) ? stated.GetString() ?? "model" : "model";
        return Read(name, element.GetProperty("class_name").GetString() ?? "", config);
    }

    private static KerasNetwork Read(string name, string kind, JsonElement config)
    {
        var list = config.ValueKind == JsonValueKind.Array ? config : config.GetProperty("layers");
        if (kind == "Sequential") return ReadSequence(name, list);
        var layers = list.EnumerateArray().Select(l => new KerasLayer(
            l.TryGetProperty("name", out var stated) ? stated.GetString()! : l.GetProperty("config").GetProperty("name").GetString()!,
            l.GetProperty("class_name").GetString()!,
            l.GetProperty("config"),
            [.. l.GetProperty("inbound_nodes").EnumerateArray().Select(ReadReferences)])).ToList();
        var (inputs, outputs) = (ReadReferences(config.GetProperty("input_layers")), ReadReferences(config.GetProperty("output_layers")));
        // A nested model's calls are counted from the one by which it was built, which is not among those listed.
        foreach (var layer in layers.Where(l => l.IsModel))
        {
            var references = layers.SelectMany(l => l.Calls).Append(outputs).ToList();
            if (!references.Exists(call => Array.Exists(call, r => r.Layer == layer.Name && r.Call == layer.Calls.Count))) continue;
            foreach (var call in references)
                for (var i = 0; i < call.Length; i++)
                    if (call[i].Layer == layer.Name) call[i] = call[i] with { Call = call[i].Call - 1 };
        }

        return new KerasNetwork(name, layers, inputs, outputs);
    }

    /// <summary>A sequence as the chain it stands for; its input layer is often left out.</summary>
    private static KerasNetwork ReadSequence(string name, JsonElement list)
    {
        var layers = new List<KerasLayer>();
        foreach (var element in list.EnumerateArray())
        {
            var config = element.GetProperty("config");
            var kind = element.GetProperty("class_name").GetString()!;
            var own = config.ValueKind == JsonValueKind.Object && config.TryGetProperty("name", out var stated) ? stated.GetString()! : $"layer_{layers.Count}";
            if (layers.Count == 0 && kind != "InputLayer")
            {
                var first = kind is "Model" or "Functional" or "Sequential" ? Read(own, kind, config).Layers[0].Config : config;
                layers.Add(new KerasLayer(own + "_input", "InputLayer", first, []));
            }

            layers.Add(new KerasLayer(own, kind, config, layers.Count == 0 ? [] : [[new KerasReference(layers[^1].Name, 0, 0)]]));
        }

        if (layers.Count == 0) throw new FormatException("A Sequential model has no layers.");
        return new KerasNetwork(name, layers, [new KerasReference(layers[0].Name, 0, 0)], [new KerasReference(layers[^1].Name, 0, 0)]);
    }

    /// <summary><c>[["a",0,0,{}], ["b",0,0,{}]]</c>, or <c>["a",0,0]</c> where there is just one.</summary>
    private static KerasReference[] ReadReferences(JsonElement list)
    {
        if (list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0 && list[0].ValueKind == JsonValueKind.String) return [ReadReference(list)];
        return [.. list.EnumerateArray().Select(ReadReference)];
    }

    private static KerasReference ReadReference(JsonElement element) => new(element[0].GetString()!, element[1].GetInt32(), element[2].GetInt32());
}
