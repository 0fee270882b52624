using System.Text.Json;
using System.Text.Unicode;

namespace OnnxTransfer.Internals;

/// <summary>JSON that anybody may have written.</summary>
internal static class JsonText
{
    /// <summary>
    /// Refuses texts that are not Unicode: invalid UTF-8, or one half of a surrogate pair. The parser of .NET accepts them and fails when
    /// somebody asks for the text, with an error that does not look like one of the file.
    /// </summary>
    /// <param name="utf8">The JSON.</param>
    /// <param name="options">How it is read.</param>
    /// <exception cref="JsonException">A text is not Unicode, or this is not JSON.</exception>
    internal static void RequireUnicode(ReadOnlySpan<byte> utf8, JsonReaderOptions options = default)
    {
        var reader = new Utf8JsonReader(utf8, options);
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && !IsUnicode(ref reader))
                throw new JsonException("A text is not Unicode.", path: null, utf8[..(int)reader.TokenStartIndex].Count((byte)'\n'), bytePositionInLine: null);
        }
    }

    private static bool IsUnicode(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped) return Utf8.IsValid(reader.ValueSpan);
        try
        {
            reader.GetString();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
