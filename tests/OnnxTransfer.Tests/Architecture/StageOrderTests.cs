using System.Reflection;
using System.Text.RegularExpressions;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Architecture;

/// <summary>The way of the data goes from left to right, and so do the uses: read from the compiled code, whatever the <c>using</c> lines say.</summary>
public sealed partial class StageOrderTests
{
    private static readonly Lazy<FolderGraph> s_graph = new(() => FolderGraph.Of(typeof(FeatureExtractor).Assembly.Location, "src/OnnxTransfer"));

    [Fact]
    public void Every_folder_has_its_place_in_the_order() => Assert.Equal(StageOrder.Folders.Order(StringComparer.Ordinal), s_graph.Value.Folders);

    [Fact]
    public void A_stage_uses_only_those_to_its_left()
    {
        var against = s_graph.Value.Uses.Where(use => !StageOrder.Allows(use.From, use.To)).ToList();
        Assert.True(against.Count == 0, $"These uses go against the order of the folders; move what is used to the left, or its user to the right:\n{string.Join('\n', against)}");
    }

    [Fact]
    public void The_picture_in_the_documentation_is_that_of_the_code()
    {
        const string Begin = "```mermaid\n";
        var page = File.ReadAllText(Repository.PathOf("docs", "architecture.md")).ReplaceLineEndings("\n");
        var start = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        Assert.True(start >= Begin.Length, "docs/architecture.md has no picture");
        var drawn = page[start..page.IndexOf("```", start, StringComparison.Ordinal)];
        var actual = FolderPicture.Of(s_graph.Value);
        Assert.True(drawn == actual, $"The picture in docs/architecture.md is not that of the code, which is:\n{actual}");
    }

    /// <summary>A list of hops misleads once a method has another name.</summary>
    [Fact]
    public void Every_method_that_the_documentation_names_exists()
    {
        var types = typeof(FeatureExtractor).Assembly.GetTypes().ToLookup(type => type.Name.Split('`')[0]);
        var hops = File.ReadLines(Repository.PathOf("docs", "architecture.md")).Where(line => line.Length > 0 && char.IsDigit(line[0]));
        var named = hops.SelectMany(line => MethodName().Matches(line)).Select(match => (Type: match.Groups[1].Value, Member: match.Groups[2].Value)).ToList();
        Assert.True(named.Count > 20, $"only {named.Count} methods are named");
        const BindingFlags Any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
        var missing = named.Where(name => !types[name.Type].Any(type => type.GetMembers(Any).Any(member => member.Name.Split('.')[^1] == name.Member))).ToList();
        Assert.True(missing.Count == 0, $"docs/architecture.md names what does not exist: {string.Join(", ", missing.Select(name => $"{name.Type}.{name.Member}"))}");
    }

    /// <summary>Every way to use a type is seen, each where it is the only one.</summary>
    [Fact]
    public void Every_kind_of_use_is_seen()
    {
        var graph = FolderGraph.Of(typeof(StageOrderTests).Assembly.Location, "tests/OnnxTransfer.Tests/Architecture/Samples");
        Assert.Equal(["Left", "Right"], graph.Folders);
        string[] users = [.. typeof(Samples.ByBase).Assembly.GetTypes().Where(type => type.Namespace == typeof(Samples.ByBase).Namespace && type.Name.StartsWith("By", StringComparison.Ordinal)).Select(type => type.Name.Split('`')[0])];
        Assert.True(users.Length > 10);
        Assert.Equal(users.Order(StringComparer.Ordinal), graph.Uses.Where(use => use.From == "Right").Select(use => use.User).Distinct().Order(StringComparer.Ordinal));
        Assert.DoesNotContain(graph.Uses, use => use.From == "Left");
    }

    [Theory]
    [InlineData("Data", "Decoding", true)]
    [InlineData("Decoding", "Data", false)]
    [InlineData("Training", "Evaluation", true)]
    [InlineData("Evaluation", "Training", false)]
    [InlineData("Hosting", FolderGraph.Root, true)]
    [InlineData("Hosting", "Reporting", true)]
    [InlineData("Decoding", "Internals", true)]
    [InlineData("Internals", "Decoding", false)]
    [InlineData("Internals", "Onnx", false)]
    [InlineData("Onnx", "Internals", true)]
    [InlineData("Onnx", "Data", false)]
    [InlineData("Reporting", FolderGraph.Root, false)]
    [InlineData(FolderGraph.Root, "Hosting", false)]
    [InlineData(FolderGraph.Root, "Reporting", true)]
    public void The_order_allows_arrows_to_the_left_alone(string from, string to, bool allowed) => Assert.Equal(allowed, StageOrder.Allows(from, to));

    [GeneratedRegex(@"`(\w+)\.([A-Z]\w+)")]
    private static partial Regex MethodName();
}
