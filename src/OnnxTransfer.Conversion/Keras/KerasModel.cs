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

/// <summary>The architecture of a model: of a <c>model.json</c> in TensorFlow.js layers format, or Keras's own configuration.</summary>
internal sealed class KerasModel : IDisposable
{
    private readonly JsonDocument _json;

    private KerasModel(JsonDocument json, string source, string? version)
    {
        _json = json;
        Source = source;
        var topology = json.RootElement;
        if (topology.ValueKind == JsonValueKind.Object && topology.TryGetProperty("modelTopology", out var inside))
        {
            topology = inside;
            if (topology.ValueKind == JsonValueKind.Object && topology.TryGetProperty("node", out _)) Throw.KerasGraphModel(source);
            if (topology.TryGetProperty("keras_version", out var stated)) version ??= stated.GetString();
            Manifest = json.RootElement.GetProperty("weightsManifest");
        }

        if (topology.TryGetProperty("model_config", out var inner)) topology = inner;
        IsKeras3 = version is not null ? version.StartsWith("3.", StringComparison.Ordinal) : topology.TryGetProperty("module", out _);
        Network = ReadNetwork(topology);
    }

    public string Source { get; }

    public KerasNetwork Network { get; }

    /// <summary>The list of weights in a <c>model.json</c>; undefined for other files.</summary>
    public JsonElement Manifest { get; }

    /// <summary>Whether Keras 3 wrote the model, some of whose functions and defaults differ from those of Keras 2.</summary>
    public bool IsKeras3 { get; }

    /// <param name="bytes">The JSON text.</param>
    /// <param name="source">The file's name in messages.</param>
    /// <param name="version">Keras's version, such as 2.15.0; null to take it from the text.</param>
    public static KerasModel Parse(ReadOnlyMemory<byte> bytes, string source, string? version = null)
    {
        JsonDocument? json = null;
        try
        {
            json = JsonDocument.Parse(bytes);
            return new KerasModel(json, source, version);
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
            [.. l.GetProperty("inbound_nodes").EnumerateArray().Select(ReadCall)])).ToList();
        var (inputs, outputs) = (ReadReferences(config.GetProperty("input_layers")), ReadReferences(config.GetProperty("output_layers")));
        // A nested model's calls are counted from the one by which it was built, which is not among those listed.
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var layer in layers.Where(l => l.IsModel)) counts.TryAdd(layer.Name, layer.Calls.Count);
        var references = layers.SelectMany(l => l.Calls).Append(outputs).ToList();
        var late = references.SelectMany(call => call).Where(r => counts.TryGetValue(r.Layer, out var calls) && r.Call == calls).Select(r => r.Layer).ToHashSet(StringComparer.Ordinal);
        foreach (var call in references)
            for (var i = 0; i < call.Length; i++)
                if (late.Contains(call[i].Layer)) call[i] = call[i] with { Call = call[i].Call - 1 };

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

    /// <summary>What a call reads: a list of references, or with Keras 3 the arguments with the tensors among them.</summary>
    private static KerasReference[] ReadCall(JsonElement node)
    {
        if (node.ValueKind != JsonValueKind.Object) return ReadReferences(node);
        var found = new List<KerasReference>();
        Collect(node.GetProperty("args"), found);
        if (node.TryGetProperty("kwargs", out var named)) Collect(named, found);
        return [.. found];
    }

    private static void Collect(JsonElement element, List<KerasReference> found)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray()) Collect(item, found);
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            if (element.TryGetProperty("class_name", out var kind) && kind.ValueKind == JsonValueKind.String && kind.GetString() == "__keras_tensor__")
                found.Add(ReadReference(element.GetProperty("config").GetProperty("keras_history")));
            else foreach (var property in element.EnumerateObject()) Collect(property.Value, found);
        }
    }

    /// <summary><c>[["a",0,0,{}], ["b",0,0,{}]]</c>, or <c>["a",0,0]</c> where there is just one.</summary>
    private static KerasReference[] ReadReferences(JsonElement list)
    {
        if (list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0 && list[0].ValueKind == JsonValueKind.String) return [ReadReference(list)];
        return [.. list.EnumerateArray().Select(ReadReference)];
    }

    private static KerasReference ReadReference(JsonElement element) => new(element[0].GetString()!, element[1].GetInt32(), element[2].GetInt32());
}
