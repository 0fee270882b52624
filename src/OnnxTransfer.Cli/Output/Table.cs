using System.Globalization;

namespace OnnxTransfer.Cli.Output;

/// <summary>Plain text tables on standard output: the same in a terminal, a pipe and a file.</summary>
/// <param name="header">The names of the columns.</param>
internal sealed class Table(IReadOnlyList<string> header)
{
    private readonly int[] _widths = [.. header.Select(name => name.Length)];
    private bool[]? _isNumber;

    /// <summary>Prints rows under a header; numbers to the right, text to the left.</summary>
    internal static void Write(IReadOnlyList<string> header, IReadOnlyList<IReadOnlyList<string>> rows) => new Table(header).Add(rows);

    /// <summary>Prints further rows. A column is as wide as its widest cell so far.</summary>
    internal void Add(IReadOnlyList<IReadOnlyList<string>> rows)
    {
        for (var column = 0; column < header.Count; column++) _widths[column] = rows.Select(row => row[column].Length).Append(_widths[column]).Max();
        if (_isNumber is null)
        {
            _isNumber = [.. Enumerable.Range(0, header.Count).Select(column => rows.Count > 0 && rows.All(row => IsNumber(row[column])))];
            Print(header);
        }

        foreach (var row in rows) Print(row);
    }

    private void Print(IReadOnlyList<string> row)
    {
        var cells = row.Select((cell, column) => _isNumber![column] ? cell.PadLeft(_widths[column]) : cell.PadRight(_widths[column]));
        Console.Out.WriteLine(string.Join("  ", cells).TrimEnd());
    }

    internal static string Percent(double fraction) => fraction.ToString("P1", CultureInfo.InvariantCulture).Replace(" ", "", StringComparison.Ordinal);

    internal static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static bool IsNumber(string text) => text.Length == 0 || text == "-" || char.IsAsciiDigit(text[^1]) || text[^1] == '%';
}
