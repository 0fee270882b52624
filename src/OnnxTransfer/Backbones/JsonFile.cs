using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Backbones;

/// <summary>
/// Reads a JSON file of a known format. Fields that the format does not have and values of a wrong type are noted, all of them, and left
/// out, so that the checks of the format can note what else is wrong.
/// </summary>
internal static class JsonFile
{
    /// <summary>Reads a text.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="type">The format.</param>
    /// <param name="origin">The file, or where else the text comes from.</param>
    /// <param name="problems">The problems so far.</param>
    /// <exception cref="InvalidModelException">The text is not valid JSON, or not an object.</exception>
    internal static T Read<T>(ReadOnlySpan<byte> utf8, JsonTypeInfo<T> type, string origin, out JsonProblems problems)
    {
        if (utf8.StartsWith("\uFEFF"u8)) utf8 = utf8[3..];
        var lines = new Lines(utf8.ToArray());
        try
        {
            JsonText.RequireUnicode(utf8);
            lines.Read();
            problems = new JsonProblems(origin, lines.ByField);
            foreach (var twice in lines.Twice) problems.Add(twice, "occurs twice");
            problems.ThrowIfAny();
            var node = JsonNode.Parse(utf8);
            if (node is not JsonObject root) throw Throw.JsonNotAnObject(origin, node?.GetValueKind() ?? JsonValueKind.Null);
            Prune(root, type, "", problems);
            return root.Deserialize(type)!;
        }
        catch (JsonException exception)
        {
            throw Throw.JsonUnreadable(origin, exception);
        }
    }

    private static void Prune(JsonObject node, JsonTypeInfo type, string prefix, JsonProblems problems)
    {
        foreach (var (name, value) in node.ToList())
        {
            var field = prefix + name;
            if (type.Properties.FirstOrDefault(one => one.Name == name) is not { } property)
            {
                problems.Add(field, $"does not exist in this format, which has {Throw.Known(name, type.Properties.Select(one => one.Name))} here");
                node.Remove(name);
            }
            else if (value is not null && !IsUsable(value, type.Options.GetTypeInfo(property.PropertyType), field, problems))
            {
                node.Remove(name);
            }
        }
    }

    private static bool IsUsable(JsonNode node, JsonTypeInfo type, string field, JsonProblems problems)
    {
        switch (type.Kind, node)
        {
            case (JsonTypeInfoKind.Object, JsonObject child):
                Prune(child, type, field + ".", problems);
                return true;
            case (JsonTypeInfoKind.Enumerable, JsonArray array):
                var element = type.Options.GetTypeInfo(type.ElementType!);
                return array.Select((item, i) => item is not null && IsUsable(item, element, $"{field}[{i}]", problems)).ToList().TrueForAll(usable => usable);
            case (JsonTypeInfoKind.None, _) when Converts(node, type):
                return true;
            default:
                problems.Add(field, $"must be {Name(type)}, but is {Shortened(node.ToJsonString())}");
                return false;
        }
    }

    private static bool Converts(JsonNode node, JsonTypeInfo type)
    {
        try
        {
            node.Deserialize(type);
            return true;
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException)
        {
            return false;
        }
    }

    private static string Name(JsonTypeInfo type) => type switch
    {
        { Kind: JsonTypeInfoKind.Object } => "an object",
        { Kind: JsonTypeInfoKind.Enumerable } => "a list",
        _ when type.Type == typeof(string) => "a text",
        _ when type.Type == typeof(double?) || type.Type == typeof(double) => "a number",
        _ => "a whole number",
    };

    private static string Shortened(string json) => json.Length <= 60 ? json : json[..57] + "...";

    /// <summary>The line of each field, and the fields that occur twice.</summary>
    private sealed class Lines(byte[] utf8)
    {
        private int _line = 1;
        private int _at;

        internal Dictionary<string, int> ByField { get; } = new(StringComparer.Ordinal);

        internal List<string> Twice { get; } = [];

        internal void Read()
        {
            var reader = new Utf8JsonReader(utf8);
            if (reader.Read()) Value(ref reader, "");
            while (reader.Read())
            {
                // Whatever follows the value is an error of the reader's.
            }
        }

        private void Value(ref Utf8JsonReader reader, string path)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                    {
                        var name = reader.GetString()!;
                        var field = path.Length == 0 ? name : $"{path}.{name}";
                        if (!ByField.TryAdd(field, LineOf((int)reader.TokenStartIndex))) Twice.Add(field);
                        reader.Read();
                        Value(ref reader, field);
                    }

                    break;
                case JsonTokenType.StartArray:
                    for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++) Value(ref reader, $"{path}[{i}]");
                    break;
            }
        }

        private int LineOf(int index)
        {
            _line += utf8.AsSpan(_at, index - _at).Count((byte)'\n');
            _at = index;
            return _line;
        }
    }
}
