using OnnxTransfer.TestSupport;

namespace OnnxTransfer.PublicApi.Tests;

/// <summary>Every C# block of every page compiles and runs.</summary>
[Collection(nameof(PagePhotos))]
public sealed class SnippetTests(PagePhotos photos)
{
    public static TheoryData<string, int> Snippets => Data(All());

    /// <summary>
    /// All but those that ask a network for its own classes, which the one beside the application does not have, and the recipes, which
    /// <see cref="RecipesTests"/> runs.
    /// </summary>
    public static TheoryData<string, int> Runnable => Data(All().Where(snippet => !AsksForOwnClasses(snippet) && snippet.Page != RecipesTests.Page));

    [Theory]
    [MemberData(nameof(Snippets))]
    public void A_snippet_compiles_without_a_warning(string page, int line) => Assert.Empty(Find(page, line).Compile().Complaints);

    [Theory]
    [MemberData(nameof(Runnable))]
    public void A_snippet_runs(string page, int line) => photos.Run(Find(page, line));

    [SharedFact("data/flowers")]
    public void The_first_program_sees_a_cat()
    {
        var first = Assert.Single(All(), AsksForOwnClasses);
        Assert.Equal(Snippet.In(Repository.Root, Path.Combine("docs", "getting-started.md")).First(), first);
        Assert.Contains("cat", photos.Run(first), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void The_sample_is_the_program_of_getting_started() =>
        Assert.Equal(
            File.ReadAllText(Repository.PathOf("samples", "OnnxTransfer.QuickStart", "Program.cs")).ReplaceLineEndings("\n").TrimEnd(),
            Snippet.In(Repository.Root, Path.Combine("docs", "getting-started.md")).ElementAt(1).Code);

    [Fact]
    public void The_readme_and_the_packages_pages_have_snippets()
    {
        var pages = All().Select(snippet => snippet.Page).ToHashSet();
        Assert.Contains("README.md", pages);
        Assert.Contains(Path.Combine("packaging", "OnnxTransfer", "PACKAGE.md"), pages);
        Assert.Contains(Path.Combine("docs", "getting-started.md"), pages);
    }

    [Theory]
    [InlineData("int x = \"text\";")]
    [InlineData("string text = null;")]
    [InlineData("using OnnxTransfer.Onnx; OnnxModel.Load(\"x\");")]
    public void A_wrong_program_or_one_that_needs_internals_is_found(string code) => Assert.NotEmpty(new Snippet("page.md", 1, code).Compile().Complaints);

    private static bool AsksForOwnClasses(Snippet snippet) => snippet.Code.Contains("FromBackbone", StringComparison.Ordinal);

    private static TheoryData<string, int> Data(IEnumerable<Snippet> snippets)
    {
        var data = new TheoryData<string, int>();
        foreach (var snippet in snippets) data.Add(snippet.Page, snippet.Line);
        return data;
    }

    private static Snippet Find(string page, int line) => Snippet.In(Repository.Root, page).Single(snippet => snippet.Line == line);

    private static IEnumerable<Snippet> All() =>
        Directory.EnumerateFiles(Repository.Root, "*.md")
            .Concat(Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md", SearchOption.AllDirectories))
            .Concat(new[] { "src", "packaging" }.SelectMany(folder => Directory.EnumerateFiles(Repository.PathOf(folder), "PACKAGE.md", SearchOption.AllDirectories)))
            .Select(path => Path.GetRelativePath(Repository.Root, path)).Order(StringComparer.Ordinal)
            .SelectMany(page => Snippet.In(Repository.Root, page));
}
