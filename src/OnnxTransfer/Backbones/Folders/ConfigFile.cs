using System.Text.Json;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Backbones.Folders;

/// <summary>
/// An object of a JSON file that another tool wrote. A field that is null counts as absent, as in the tools that write such files. A field
/// of a wrong type is an error that names the file and the field.
/// </summary>
/// <param name="Origin">The file.</param>
/// <param name="Prefix">The path of the object in it, with the dot that follows it; empty for the whole file.</param>
/// <param name="Node">The object.</param>
internal sealed record ConfigFile(string Origin, string Prefix, JsonElement Node)
{
    /// <summary>Reads a file; null where there is none.</summary>
    /// <exception cref="InvalidModelException">The file is not a JSON object.</exception>
    internal static ConfigFile? Load(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            var bytes = File.ReadAllBytes(path);
            JsonText.RequireUnicode(bytes, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip });
            using var document = JsonDocument.Parse(bytes.AsMemory(), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw Throw.JsonNotAnObject(path, document.RootElement.ValueKind);
            return new ConfigFile(path, "", document.RootElement.Clone());
        }
        catch (JsonException exception)
        {
            throw Throw.JsonUnreadable(path, exception);
        }
    }

    internal bool Has(string field) => Field(field) is not null;

    internal ConfigFile? Object(string field) => Field(field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new ConfigFile(Origin, $"{Prefix}{field}.", value),
        { } value => throw Wrong(field, "an object", value),
    };

    internal string? Text(string field) => Field(field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { } value => throw Wrong(field, "a text", value),
    };

    internal bool? Flag(string field) => Field(field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True or JsonValueKind.False } value => value.GetBoolean(),
        { } value => throw Wrong(field, "true or false", value),
    };

    internal double? Number(string field) => Field(field) is { } value ? Number(field, value) : null;

    /// <summary>A whole number of at least 1.</summary>
    internal int? Side(string field) => Field(field) is { } value ? Side(field, value) : null;

    /// <summary>Whole numbers of at least 1, of a list.</summary>
    internal int[]? Sides(string field) => Field(field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } value => [.. value.EnumerateArray().Select(item => Side(field, item))],
        { } value => throw Wrong(field, "a list of whole numbers", value),
    };

    /// <summary>The texts of a list.</summary>
    internal string[] Texts(string field) => Field(field) is { ValueKind: JsonValueKind.Array } value
        ? [.. value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Wrong(field, "a list of texts", value))]
        : [];

    /// <summary>One number for each of the three channels: a list of three, or one number for all.</summary>
    internal double[]? Channels(string field)
    {
        if (Field(field) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number)
        {
            var one = Number(field, value);
            return [one, one, one];
        }

        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() != 3) throw Wrong(field, "three numbers, one for each of R, G and B", value);
        return [.. value.EnumerateArray().Select(item => Number(field, item))];
    }

    /// <summary>Whether a field is a number rather than a list or an object.</summary>
    internal bool IsNumber(string field) => Field(field) is { ValueKind: JsonValueKind.Number };

    internal bool IsList(string field) => Field(field) is { ValueKind: JsonValueKind.Array };

    internal InvalidModelException Wrong(string field, string wanted, JsonElement found) => new($"{Origin}: the field '{Prefix}{field}' must be {wanted}, but is {found.GetRawText()}.");

    internal InvalidModelException Refused(string field, string why) => new($"{Origin}: {Prefix}{field} {why}");

    private double Number(string field, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) ? number : throw Wrong(field, "a number", value);

    private int Side(string field, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number is >= 1 and <= int.MaxValue && double.IsInteger(number)
            ? (int)number
            : throw Wrong(field, "a whole number of at least 1", value);

    private JsonElement? Field(string name) => Node.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
