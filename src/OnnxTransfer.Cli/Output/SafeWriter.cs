using System.Globalization;
using System.Text;

namespace OnnxTransfer.Cli.Output;

/// <summary>
/// Writes lines whose control characters are shown and not obeyed: the name of a file can hold the codes that move a terminal's cursor,
/// change its title or start a new line. JSON documents escape them by their own rules and do not come through here.
/// </summary>
/// <param name="inner">Where the text goes.</param>
internal sealed class SafeWriter(TextWriter inner) : TextWriter(CultureInfo.InvariantCulture)
{
    public override Encoding Encoding => inner.Encoding;

    /// <summary>Puts the writer before standard output and standard error, and gives the plain standard error for what draws by codes.</summary>
    internal static TextWriter Install()
    {
        var plain = Console.Error;
        Console.SetOut(new SafeWriter(Console.Out));
        Console.SetError(new SafeWriter(plain));
        return plain;
    }

    /// <summary>The text with every control character and every character that reverses the order of others written as <c>\uXXXX</c>.</summary>
    internal static string Escape(string text) => Escape(text, keepLines: false);

    /// <summary>A piece of text, which may have lines of its own.</summary>
    public override void Write(string? value) => inner.Write(Escape(value ?? "", keepLines: true));

    public override void Write(char value) => Write(value.ToString());

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    /// <summary>One line: a line end within it is a part of a name.</summary>
    public override void WriteLine(string? value) => inner.WriteLine(Escape(value ?? ""));

    public override void WriteLine() => inner.WriteLine();

    public override void Flush() => inner.Flush();

    private static string Escape(string text, bool keepLines)
    {
        if (!text.Any(letter => IsUnsafe(letter, keepLines))) return text;
        var safe = new StringBuilder(text.Length + 16);
        foreach (var letter in text)
        {
            if (IsUnsafe(letter, keepLines)) safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}");
            else safe.Append(letter);
        }

        return safe.ToString();
    }

    private static bool IsUnsafe(char letter, bool keepLines) =>
        letter is not '\t' && !(keepLines && letter is '\r' or '\n') && (char.IsControl(letter) || letter is >= '\u202a' and <= '\u202e' or >= '\u2066' and <= '\u2069' or '\u2028' or '\u2029');
}
