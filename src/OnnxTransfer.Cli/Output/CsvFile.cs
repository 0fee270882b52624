using System.Globalization;
using System.Text;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Cli.Output;

/// <summary>Comma-separated files by RFC 4180, UTF-8: a field with a comma, a quote or a line end is in quotes.</summary>
internal static class CsvFile
{
    /// <summary>Writes a header and rows, whole or not at all.</summary>
    internal static void Write(string path, IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows)
    {
        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true) { NewLine = "\r\n" };
            writer.WriteLine(string.Join(',', header.Select(Field)));
            foreach (var row in rows) writer.WriteLine(string.Join(',', row.Select(Field)));
        });
    }

    /// <summary>A number with a point, whatever the locale; empty for none.</summary>
    internal static string Number(double? value) => value?.ToString("0.######", CultureInfo.InvariantCulture) ?? "";

    private static string Field(string text) => text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
