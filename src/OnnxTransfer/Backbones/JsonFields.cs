using System.Globalization;

namespace OnnxTransfer.Backbones;

/// <summary>Checks on the fields of a JSON object. Each gives the value, or notes a problem with the field's path and gives null.</summary>
/// <param name="Problems">Where problems are noted.</param>
/// <param name="Prefix">The path of the object that the fields belong to, with the dot that follows it.</param>
internal readonly record struct JsonFields(JsonProblems Problems, string Prefix)
{
    internal string Origin => Problems.Origin;

    internal JsonFields Within(string prefix) => this with { Prefix = Prefix + prefix };

    internal void Report(string field, string sentence) => Problems.Add(Prefix + field, sentence);

    internal T? Required<T>(T? value, string field) where T : class
    {
        if (value is null) Report(field, "is missing or empty");
        return value;
    }

    /// <summary>A text that is not empty; null for one that may be left out.</summary>
    internal string? Text(string? value, string field, bool optional = false)
    {
        if (string.IsNullOrWhiteSpace(value) && !(optional && value is null)) Report(field, "is missing or empty");
        return value;
    }

    internal int? Positive(int? value, string field, bool optional = false) => (int?)Positive((long?)value, field, optional);

    internal long? Positive(long? value, string field, bool optional = false)
    {
        if (value is null && !optional) Report(field, "is missing or empty");
        if (value <= 0) Report(field, string.Create(CultureInfo.InvariantCulture, $"must be greater than zero, but is {value}"));
        return value > 0 ? value : null;
    }

    internal double? Finite(double? value, string field)
    {
        if (value is null) Report(field, "is missing or empty");
        else if (!double.IsFinite(value.Value)) NotUsable(field, "a finite number", $"{value}");
        return value;
    }

    internal string? Sha256(string? value, string field)
    {
        if (value is null) return null;
        if (value.Length != 64 || !value.All(char.IsAsciiHexDigit)) NotUsable(field, "64 hexadecimal digits", value);
        return value.ToLowerInvariant();
    }

    internal Uri? Https(string? value, string field)
    {
        if (Text(value, field) is not { } text) return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps) return uri;
        NotUsable(field, "an https address", text);
        return null;
    }

    internal T? Choice<T>(string? value, string field, IReadOnlyList<(T Value, string Spelling)> spellings, bool optional = false) where T : struct
    {
        if (Text(value, field, optional) is not { } text) return null;
        foreach (var (known, spelling) in spellings)
            if (spelling == text) return known;
        ChoiceUnknown(field, text, spellings.Select(pair => pair.Spelling));
        return null;
    }

    internal void ChoiceUnknown(string field, string found, IEnumerable<string> known) => Report(field, $"is '{found}', but must be one of {Throw.Known(found, known)}");

    internal void NotUsable(string field, string wanted, string found) => Report(field, $"must be {wanted}, but is '{found}'");
}
