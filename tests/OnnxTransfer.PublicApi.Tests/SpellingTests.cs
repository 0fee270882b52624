using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.PublicApi.Tests;

/// <summary>American spelling in every page, and in the comments and sentences of the code.</summary>
public sealed class SpellingTests
{
    [Fact]
    public void Pages_have_American_spelling() => Assert.Empty(
        from path in Files("*.md", "")
        from word in AmericanSpelling.WordsOf(File.ReadAllText(Repository.PathOf(path)))
        select $"{path}: {word}");

    [Fact]
    public void Comments_and_sentences_of_the_code_have_American_spelling() => Assert.Empty(
        from folder in new[] { "src", "samples", "benchmarks", "eng" }
        from path in Files("*.cs", folder)
        from text in Sentences(File.ReadAllText(Repository.PathOf(path)))
        from word in AmericanSpelling.WordsOf(text)
        select $"{path}: {word}");

    [Theory]
    [InlineData("The catalogue is there.", "catalogue")]
    [InlineData("Greys, and `colour` as code", "Greys")]
    [InlineData("see [this](normalise.md), which normalises", "normalises")]
    public void British_words_are_found_and_code_is_not_read(string prose, string word) => Assert.Equal([word], AmericanSpelling.WordsOf(prose));

    [Fact]
    public void Comments_and_sentences_are_read_and_names_are_not() =>
        Assert.Equal(["// colour", "\"a colour \"", " and grey"], Sentences("// colour\nvar colour = F(\"a colour \", \"grey.png\", $\"{colour} and grey\");"));

    /// <summary>Comments, and literals of more than one word: a literal of one word is a name of something.</summary>
    private static IEnumerable<string> Sentences(string code)
    {
        foreach (var token in CSharpSyntaxTree.ParseText(code).GetRoot().DescendantTokens())
        {
            foreach (var trivia in token.LeadingTrivia.Concat(token.TrailingTrivia))
                if (trivia.ToFullString() is var text && text.Contains('/', StringComparison.Ordinal)) yield return text;
            if (token.Kind() is SyntaxKind.StringLiteralToken or SyntaxKind.InterpolatedStringTextToken or SyntaxKind.MultiLineRawStringLiteralToken
                && token.Text.Contains(' ', StringComparison.Ordinal))
            {
                yield return token.Text;
            }
        }
    }

    private static IEnumerable<string> Files(string pattern, string folder) =>
        Directory.EnumerateFiles(Repository.PathOf(folder), pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))
            // What the build makes, and what a tool of the developer keeps in the checkout.
            .Where(path => !path.Split('/')[..^1].Any(part => part is "artifacts" or "node_modules" || part.StartsWith('.')))
            .Order(StringComparer.Ordinal);
}
