using System.Text;

namespace OnnxTransfer.Data;

/// <summary>Reads comma- and tab-separated text by RFC 4180: fields in quotes may hold separators, line ends and doubled quotes.</summary>
/// <param name="text">The text, without a byte order mark.</param>
/// <param name="separator">A comma or a tab.</param>
/// <param name="path">What messages call the text.</param>
internal sealed class DelimitedText(TextReader text, char separator, string path)
{
    private const char Quote = '"';
    private const int End = -1;

    private readonly StringBuilder _field = new();
    private int _line = 1;

    /// <summary>The records, each with the line that it begins on, from 1; empty lines between them do not count.</summary>
    /// <exception cref="DatasetException">A quote is where none may be, or the text ends inside of quotes; the message names the line.</exception>
    internal IEnumerable<(int Line, string[] Fields)> Records()
    {
        while (text.Peek() != End)
        {
            var line = _line;
            var fields = Record();
            if (fields is not [""]) yield return (line, fields);
        }
    }

    private string[] Record()
    {
        var fields = new List<string>();
        while (true)
        {
            fields.Add(text.Peek() == Quote ? Quoted() : Plain());
            var next = text.Read();
            if (next == separator) continue;
            if (next == '\r' && text.Peek() == '\n') text.Read();
            if (next is not ('\r' or '\n' or End)) Throw.TableMalformed(path, _line, $"a field that begins with a quote must end with one, but '{(char)next}' follows the closing quote.");
            if (next != End) _line++;
            return [.. fields];
        }
    }

    private string Plain()
    {
        _field.Clear();
        while (text.Peek() is var next && next != separator && next is not ('\r' or '\n' or End))
        {
            if (next == Quote) Throw.TableMalformed(path, _line, "a quote is inside of a field without quotes; put the field in quotes and double each quote in it.");
            _field.Append((char)text.Read());
        }

        return _field.ToString();
    }

    private string Quoted()
    {
        _field.Clear();
        var start = _line;
        text.Read();
        while (true)
        {
            var next = text.Read();
            if (next == End) Throw.TableMalformed(path, start, "the quote that begins here is never closed.");
            if (next == Quote && text.Peek() != Quote) return _field.ToString();
            if (next == Quote) text.Read();
            if (next == '\n' || (next == '\r' && text.Peek() != '\n')) _line++;
            _field.Append((char)next);
        }
    }
}
