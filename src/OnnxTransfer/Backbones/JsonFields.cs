namespace OnnxTransfer.Backbones;

/// <summary>Checks on the fields of a JSON file; every message names the file and the field's path.</summary>
/// <param name="Origin">The file, or where else the text comes from.</param>
/// <param name="Prefix">The path of the object that the fields belong to, with the dot that follows it.</param>
internal readonly record struct JsonFields(string Origin, string Prefix)
{
    internal JsonFields Within(string prefix) => new(Origin, Prefix + prefix);

    internal T Required<T>(T? value, string field) where T : class
    {
        if (value is null) Throw.FieldMissing(Origin, Prefix + field);
        return value;
    }

    internal string Text(string? value, string field)
    {
        if (string.IsNullOrWhiteSpace(value)) Throw.FieldMissing(Origin, Prefix + field);
        return value;
    }

    internal int Positive(int? value, string field) => (int)Positive((long?)value, field);

    internal long Positive(long? value, string field)
    {
        if (value is null) Throw.FieldMissing(Origin, Prefix + field);
        if (value <= 0) Throw.FieldNotPositive(Origin, Prefix + field, value.Value);
        return value.Value;
    }

    internal double Finite(double? value, string field)
    {
        if (value is null) Throw.FieldMissing(Origin, Prefix + field);
        if (!double.IsFinite(value.Value)) Throw.FieldNotUsable(Origin, Prefix + field, "a finite number", $"{value}");
        return value.Value;
    }

    internal string? Sha256(string? value, string field)
    {
        if (value is null) return null;
        if (value.Length != 64 || !value.All(char.IsAsciiHexDigit)) Throw.FieldNotUsable(Origin, Prefix + field, "64 hexadecimal digits", value);
        return value.ToLowerInvariant();
    }

    internal Uri Https(string? value, string field)
    {
        var text = Text(value, field);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps)
            Throw.FieldNotUsable(Origin, Prefix + field, "an https address", text);
        return uri;
    }

    internal T Choice<T>(string? value, string field, IReadOnlyList<(T Value, string Spelling)> spellings)
    {
        var text = Text(value, field);
        foreach (var (known, spelling) in spellings)
            if (spelling == text) return known;
        Throw.FieldChoiceUnknown(Origin, Prefix + field, text, spellings.Select(pair => pair.Spelling));
        return default;
    }
}
