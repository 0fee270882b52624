using System.Text.RegularExpressions;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Architecture;

/// <summary>A test that cannot run is skipped by name, with an attribute such as SharedFact or LinuxFact. It never returns early and counts as passed.</summary>
public sealed partial class EarlyReturns
{
    [Fact]
    public void No_test_passes_because_something_is_missing()
    {
        var tests = Directory.EnumerateFiles(Repository.PathOf("tests"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.EndsWith("EarlyReturns.cs", StringComparison.Ordinal))
            .Select(path => (Name: Path.GetFileName(path), Code: File.ReadAllText(path)))
            .Where(file => file.Code.Contains("Assert.", StringComparison.Ordinal)).ToList();
        Assert.True(tests.Count > 100, $"only {tests.Count} files with tests were found");
        Assert.Empty(tests.SelectMany(file => Pattern().Matches(file.Code).Select(found => $"{file.Name}: {found.Value}")));
    }

    [Theory]
    [InlineData("if (!File.Exists(path)) return;", true)]
    [InlineData("if (!Directory.Exists(path))\n        {\n            return;", true)]
    [InlineData("if (OperatingSystem.IsMacOS()) return;", true)]
    [InlineData("Assert.True(true);", true)]
    [InlineData("if (File.Exists(path)) return path;", false)]
    public void Early_returns_are_found(string code, bool expected) => Assert.Equal(expected, Pattern().IsMatch(code));

    [GeneratedRegex(@"if \(!?(File|Directory|Path)\.Exists\([^\n]*\)\s*(\{\s*)?return;|if \(!?OperatingSystem\.[^\n]*\)\s*(\{\s*)?return;|Assert\.True\(true\b")]
    private static partial Regex Pattern();
}
