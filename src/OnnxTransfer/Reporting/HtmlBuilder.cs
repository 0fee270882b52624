using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace OnnxTransfer.Reporting;

/// <summary>
/// Writes HTML from interpolated strings: what the source code spells out is markup, the content of a hole is text and is always
/// escaped. Only another <see cref="HtmlBuilder"/> goes in as markup.
/// </summary>
internal sealed class HtmlBuilder
{
    private static readonly HtmlEncoder s_encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly StringBuilder _text = new();

    /// <summary>Markup as one piece, for a hole of another builder.</summary>
    internal static HtmlBuilder Of(Action<HtmlBuilder> write)
    {
        var html = new HtmlBuilder();
        write(html);
        return html;
    }

    /// <summary>Markup that comes from the library itself.</summary>
    internal static HtmlBuilder Trusted(string markup)
    {
        var html = new HtmlBuilder();
        html._text.Append(markup);
        return html;
    }

    internal HtmlBuilder Add([InterpolatedStringHandlerArgument("")] ref Markup markup)
    {
        _ = markup;
        _text.Append('\n');
        return this;
    }

    public override string ToString() => _text.ToString();

    /// <summary>Receives the parts of an interpolated string as the compiler takes it apart.</summary>
    [InterpolatedStringHandler]
    internal readonly ref struct Markup
    {
        private readonly StringBuilder _text;

        public Markup(int literalLength, int holes, HtmlBuilder builder)
        {
            _text = builder._text;
            _text.EnsureCapacity(_text.Length + literalLength + (16 * holes));
        }

        public void AppendLiteral(string markup) => _text.Append(markup);

        public void AppendFormatted(HtmlBuilder? markup) => _text.Append(markup?._text);

        public void AppendFormatted(string? text) => _text.Append(s_encoder.Encode(text ?? ""));

        public void AppendFormatted<T>(T value, string? format = null)
            where T : IFormattable => AppendFormatted(value.ToString(format, CultureInfo.InvariantCulture));
    }
}
