using System.Globalization;

namespace OnnxTransfer.Cli.Output;

/// <summary>Plain text tables on standard output: the same in a terminal, a pipe and a file.</summary>
internal sealed class Table
{
    private readonly string[] _header;
    private readonly int[] _widths;
    private bool[]? _isNumber;

    /// <param name="header">The names of the columns.</param>
    internal Table(IReadOnlyList<string> header)
    {
        _header = Safe(header);
        _widths = [.. _header.Select(name => name.Length)];
    }

    /// <summary>Prints rows under a header; numbers to the right, text to the left.</summary>
    internal static void Write(IReadOnlyList<string> header, IReadOnlyList<IReadOnlyList<string>> rows) => new Table(header).Add(rows);

    /// <summary>Prints further rows. A column is as wide as its widest cell so far.</summary>
    internal void Add(IReadOnlyList<IReadOnlyList<string>> rows)
    {
        string[][] safe = [.. rows.Select(Safe)];
        for (var column = 0; column < _header.Length; column++) _widths[column] = safe.Select(row => row[column].Length).Append(_widths[column]).Max();
        if (_isNumber is null)
        {
            _isNumber = [.. Enumerable.Range(0, _header.Length).Select(column => safe.Length > 0 && safe.All(row => IsNumber(row[column])))];
            Print(_header);
        }

        foreach (var row in safe) Print(row);
    }

    /// <summary>The cells as they will be shown: an escaped character is wider than the character.</summary>
    private static string[] Safe(IReadOnlyList<string> row) => [.. row.Select(SafeWriter.Escape)];

    private void Print(string[] row)
    {
        var cells = row.Select((cell, column) => _isNumber![column] ? cell.PadLeft(_widths[column]) : cell.PadRight(_widths[column]));
        Console.Out.WriteLine(string.Join("  ", cells).TrimEnd());
    }

    internal static string Percent(double fraction) => fraction.ToString("P1", CultureInfo.InvariantCulture).Replace(" ", "", StringComparison.Ordinal);

    internal static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static bool IsNumber(string text) => text.Length == 0 || text == "-" || char.IsAsciiDigit(text[^1]) || text[^1] == '%';
}
