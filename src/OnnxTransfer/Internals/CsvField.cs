namespace OnnxTransfer.Internals;

/// <summary>A field of comma-separated text (RFC 4180).</summary>
internal static class CsvField
{
    private static readonly System.Buffers.SearchValues<char> s_special = System.Buffers.SearchValues.Create(",\"\r\n");

    /// <summary>The text as a field: in quotes where it holds a comma, a quote or a line end, or begins or ends with a space.</summary>
    internal static string Of(string? text)
    {
        if (string.IsNullOrEmpty(text)) return "";
        var isPlain = !text.AsSpan().ContainsAny(s_special) && text[0] != ' ' && text[^1] != ' ';
        return isPlain ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
