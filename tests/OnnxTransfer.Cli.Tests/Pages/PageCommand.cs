using System.Text;
using System.Text.RegularExpressions;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests.Pages;

/// <summary>A line of a fenced block of the documentation that starts <c>onnxtransfer</c>, alone or in a pipe.</summary>
/// <param name="Page">The page, relative to the checkout.</param>
/// <param name="Line">The number of its first line.</param>
/// <param name="Text">The line as printed, with the lines that continue it.</param>
internal sealed partial record PageCommand(string Page, int Line, string Text)
{
    /// <summary>The arguments behind <c>onnxtransfer</c>, as a shell splits them.</summary>
    internal string[] Arguments => Split(Text[Text.IndexOf("onnxtransfer ", StringComparison.Ordinal)..])[1..];

    /// <summary>The README, the guides, the tutorials, and the pages of the packages.</summary>
    internal static IEnumerable<string> Pages() =>
        Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md", SearchOption.AllDirectories)
            .Concat(new[] { "src", "packaging" }.SelectMany(folder => Directory.EnumerateFiles(Repository.PathOf(folder), "PACKAGE.md", SearchOption.AllDirectories)))
            .Append(Repository.PathOf("README.md")).Append(Repository.PathOf("onnx-models", "README.md"))
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/')).Order(StringComparer.Ordinal);

    internal static IEnumerable<PageCommand> All() => Pages().SelectMany(page => In(page, File.ReadAllLines(Repository.PathOf(page))));

    internal static IEnumerable<PageCommand> In(string page, string[] lines)
    {
        var isFenced = false;
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].TrimStart().StartsWith("```", StringComparison.Ordinal))
            {
                isFenced = !isFenced;
                continue;
            }

            if (!isFenced || !Start().IsMatch(lines[i])) continue;
            var (first, text) = (i, lines[i].Trim());
            while (text.EndsWith('\\')) text = $"{text[..^1]}{lines[++i].Trim()}";
            yield return new PageCommand(page, first + 1, text);
        }
    }

    /// <summary>The words of a command up to a comment or the end of its part of a pipe.</summary>
    internal static string[] Split(string text)
    {
        var (words, word) = (new List<string>(), (StringBuilder?)null);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is '\'' or '"')
            {
                var end = text.IndexOf(c, i + 1);
                (word ??= new StringBuilder()).Append(text, i + 1, end - i - 1);
                i = end;
            }
            else if (c is '|' or ';' or '&' or '>' || (c == '#' && word is null))
            {
                break;
            }
            else if (c != ' ')
            {
                (word ??= new StringBuilder()).Append(c);
            }
            else if (word is not null)
            {
                words.Add(word.ToString());
                word = null;
            }
        }

        if (word is not null) words.Add(word.ToString());
        return [.. words];
    }

    [GeneratedRegex(@"(^|[|;&(])\s*onnxtransfer ")]
    private static partial Regex Start();
}
