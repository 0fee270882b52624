using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OnnxTransfer.Backbones;

// The shapes of the JSON files, every field optional: ModelCardJson and CatalogJson say which one is missing.

internal sealed record CardDocument
{
    public string? Id { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Sha256 { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? License { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Source { get; init; }

    public InputDocument? Input { get; init; }

    public FeaturesDocument? Features { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ClassesDocument? Classes { get; init; }

    public PreprocessDocument? Preprocess { get; init; }
}

internal sealed record InputDocument(string? Tensor, string? Layout, int? Height, int? Width);

internal sealed record FeaturesDocument(string? Tensor, int? Dim)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Pooling { get; init; }
}

internal sealed record ClassesDocument(string? Tensor, string? Kind, int? Count, string? Labels);

internal sealed record PreprocessDocument(
    ResizeDocument? Resize, CropDocument? Crop, double? Rescale, double[]? Mean, double[]? Std, string? Channels)
{
    /// <summary>The name of a preset, in place of everything else but the upsampling.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Preset { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Upsampling { get; init; }
}

internal sealed record ResizeDocument
{
    public string? Mode { get; init; }

    public string? Filter { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Height { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Width { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Size { get; init; }
}

internal sealed record CropDocument
{
    /// <summary>The side of a square.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Size { get; init; }

    /// <summary>With <see cref="Width"/>, a rectangle.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Height { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Width { get; init; }

    /// <summary>Where the crop begins if an odd number of pixels is cut off: <c>half-to-even</c>, the default, or <c>down</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Rounding { get; init; }
}

internal sealed record CatalogDocument(int? Schema, EntryDocument[]? Models);

internal sealed record EntryDocument(
    string? Name, long? Bytes, string[]? Mirrors, string? Package, AccuracyDocument? Accuracy, string? Note, CardDocument? Card);

internal sealed record AccuracyDocument(double? Top1, double? Top5, string? Source);

/// <summary>
/// Source-generated readers and writers. An unknown field is refused, because a misspelled optional field would otherwise change the
/// features without a message.
/// </summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(CardDocument))]
[JsonSerializable(typeof(CatalogDocument))]
internal sealed partial class BackboneJsonContext : JsonSerializerContext;

/// <summary>How the files are written: indented, the same bytes on every platform, no \u escapes for characters that need none.</summary>
internal static class BackboneJson
{
    internal static BackboneJsonContext Context { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
