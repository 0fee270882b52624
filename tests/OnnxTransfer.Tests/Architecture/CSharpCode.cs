using System.Text;

namespace OnnxTransfer.Tests.Architecture;

/// <summary>
/// C# source with comments and the text of strings blanked out, so that a search finds code alone. What stands in the holes
/// of an interpolated string is code and stays. Line breaks stay, so line numbers hold.
/// </summary>
internal sealed class CSharpCode
{
    private readonly string _source;
    private readonly StringBuilder _code = new();
    private int _at;

    private CSharpCode(string source) => _source = source;

    public static string Of(string source)
    {
        var reader = new CSharpCode(source);
        reader.ReadCode(closingBraces: 0);
        return reader._code.ToString();
    }

    /// <summary>Copies code up to the end, or up to the braces that close the hole of an interpolated string.</summary>
    private void ReadCode(int closingBraces)
    {
        var depth = 0;
        while (_at < _source.Length)
        {
            if (Starts("//")) BlankUntil("\n", keepEnd: true);
            else if (Starts("/*")) BlankUntil("*/", keepEnd: false);
            else if (_source[_at] == '\'') ReadQuoted(1, '\'', isVerbatim: false, holeBraces: 0);
            else if (StringAhead() is { } text) ReadString(text.Dollars, text.IsVerbatim, text.PrefixLength);
            else
            {
                var c = _source[_at];
                if (closingBraces > 0 && depth == 0 && c == '}')
                {
                    Blank(closingBraces);
                    return;
                }

                if (c == '{') depth++;
                if (c == '}') depth--;
                _code.Append(c);
                _at++;
            }
        }
    }

    /// <summary>Whether a string literal begins here, and with how many dollars and which prefix.</summary>
    private (int Dollars, bool IsVerbatim, int PrefixLength)? StringAhead()
    {
        var i = _at;
        var dollars = 0;
        var isVerbatim = false;
        for (; i < _source.Length && _source[i] is '$' or '@'; i++)
        {
            if (_source[i] == '$') dollars++;
            else isVerbatim = true;
        }

        return i < _source.Length && _source[i] == '"' ? (dollars, isVerbatim, i - _at) : null;
    }

    private void ReadString(int dollars, bool isVerbatim, int prefixLength)
    {
        Blank(prefixLength);
        if (isVerbatim)
        {
            ReadQuoted(1, '"', isVerbatim: true, dollars);
            return;
        }

        var quotes = 0;
        while (_at + quotes < _source.Length && _source[_at + quotes] == '"') quotes++;
        var isRaw = quotes >= 3;
        if (!isRaw && quotes == 2)
        {
            Blank(2);
            return;
        }

        ReadQuoted(isRaw ? quotes : 1, '"', isRaw, dollars, isRaw);
    }

    private void ReadQuoted(int quotes, char quote, bool isVerbatim, int holeBraces, bool isRaw = false)
    {
        var end = new string(quote, quotes);
        Blank(quotes);
        while (_at < _source.Length)
        {
            if (!isVerbatim && _source[_at] == '\\') Blank(2);
            else if (isVerbatim && !isRaw && Starts("\"\"")) Blank(2);
            else if (Starts(end))
            {
                Blank(quotes);
                return;
            }
            else if (holeBraces > 0 && _source[_at] == '{') ReadHole(holeBraces, isRaw);
            else Blank(1);
        }
    }

    private void ReadHole(int braces, bool isRaw)
    {
        var run = 0;
        while (_at + run < _source.Length && _source[_at + run] == '{') run++;
        // In an ordinary string two braces are one brace of text; in a raw one, fewer than its dollars are text.
        var isHole = isRaw ? run >= braces : run % 2 == 1;
        Blank(run);
        if (isHole) ReadCode(isRaw ? braces : 1);
    }

    private bool Starts(string text) => string.CompareOrdinal(_source, _at, text, 0, text.Length) == 0;

    private void BlankUntil(string end, bool keepEnd)
    {
        var found = _source.IndexOf(end, _at + 1, StringComparison.Ordinal);
        var stop = found < 0 ? _source.Length : found + (keepEnd ? 0 : end.Length);
        Blank(stop - _at);
    }

    private void Blank(int count)
    {
        for (var stop = Math.Min(_at + count, _source.Length); _at < stop; _at++)
            _code.Append(_source[_at] is '\n' or '\r' ? _source[_at] : ' ');
    }
}
