using System.Globalization;

namespace OnnxTransfer.Cli.Output;

/// <summary>Plain text tables on standard output: the same in a terminal, a pipe and a file.</summary>
internal static class Table
{
    /// <summary>Prints rows under a header; numbers to the right, text to the left.</summary>
    internal static void Write(IReadOnlyList<string> header, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var widths = Enumerable.Range(0, header.Count).Select(column => rows.Select(row => row[column].Length).Append(header[column].Length).Max()).ToArray();
        var right = Enumerable.Range(0, header.Count).Select(column => rows.Count > 0 && rows.All(row => IsNumber(row[column]))).ToArray();
        foreach (var row in rows.Prepend(header))
        {
            var cells = row.Select((cell, column) => right[column] ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]));
            Console.Out.WriteLine(string.Join("  ", cells).TrimEnd());
        }
    }

    internal static string Percent(double fraction) => fraction.ToString("P1", CultureInfo.InvariantCulture).Replace(" ", "", StringComparison.Ordinal);

    internal static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static bool IsNumber(string text) => text.Length == 0 || text == "-" || char.IsAsciiDigit(text[^1]) || text[^1] == '%';
}
