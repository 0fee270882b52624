using System.Text.Json;
using System.Text.Json.Serialization;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Inference;

/// <summary>A network that this library brought to another precision says so in its metadata, in a cache as in a saved classifier.</summary>
internal static partial class ConvertedNetwork
{
    private const string Key = "onnxtransfer.precision";

    /// <summary>Writes the note into a network.</summary>
    internal static void Mark(OnnxModel model, NetworkPrecisionInfo info, string key) =>
        model.SetMetadata(Key, JsonSerializer.Serialize(new Note(info.Precision, info.Reason, info.Similarity, info.Speedup, key), PrecisionJson.Default.Note));

    /// <summary>What the network computes with; null if the metadata says nothing and no node shows it.</summary>
    internal static NetworkPrecisionInfo? InfoOf(OnnxModel model)
    {
        if (Read(model) is { } note)
            return new NetworkPrecisionInfo(note.Precision, "it is the precision of the file.") { Similarity = note.Similarity, Speedup = note.Speedup };
        return model.Graph.Node.Any(node => node.OpType is "QuantizeLinear" or "QLinearConv" or "ConvInteger")
            ? new NetworkPrecisionInfo(NetworkPrecision.Int8, "it is the precision of the file.")
            : null;
    }

    /// <summary>The note as it was written, if the network was converted for <paramref name="key"/>.</summary>
    internal static NetworkPrecisionInfo? InfoFor(OnnxModel model, string key) =>
        Read(model) is { } note && note.Key == key ? new NetworkPrecisionInfo(note.Precision, note.Detail) { Similarity = note.Similarity, Speedup = note.Speedup } : null;

    private static Note? Read(OnnxModel model)
    {
        if (!model.Metadata.TryGetValue(Key, out var json)) return null;
        try
        {
            return JsonSerializer.Deserialize(json, PrecisionJson.Default.Note);
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"the entry {Key} of its metadata is damaged: {exception.Message}", exception);
        }
    }

    private sealed record Note(NetworkPrecision Precision, string Detail, double? Similarity, double? Speedup, string Key);

    [JsonSourceGenerationOptions(UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonSerializable(typeof(Note))]
    private sealed partial class PrecisionJson : JsonSerializerContext;
}
