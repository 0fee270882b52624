using System.Text.RegularExpressions;
using System.Xml.Linq;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Architecture;

/// <summary>What a build uses does not depend on what a registry happens to have tomorrow.</summary>
public sealed partial class VersionsTests
{
    private static IEnumerable<string> Projects =>
        new[] { "src", "packaging", "tests", "samples/OnnxTransfer.Demo", "benchmarks/OnnxTransfer.Benchmarks", "eng" }
            .SelectMany(folder => Directory.EnumerateFiles(Repository.PathOf(folder), "*.csproj", SearchOption.AllDirectories));

    [Fact]
    public void Every_version_is_exact() =>
        Assert.All(
            XDocument.Load(Repository.PathOf("Directory.Packages.props")).Descendants("PackageVersion"),
            package => Assert.Matches(Exact(), (string?)package.Attribute("Version")));

    [Fact]
    public void No_project_names_a_version_of_its_own() =>
        Assert.All(Projects, project => Assert.DoesNotContain(XDocument.Load(project).Descendants("PackageReference"), one => one.Attribute("Version") is not null || one.Attribute("VersionOverride") is not null));

    [Fact]
    public void Every_project_is_locked() => Assert.All(Projects, project => Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json")), project));

    [Theory]
    [InlineData("OnnxTransfer.QuickStart")]
    [InlineData("OnnxTransfer.Server")]
    public void A_sample_on_packages_names_the_versions_of_this_repository(string name)
    {
        var version = XDocument.Load(Repository.PathOf("Directory.Build.props")).Descendants("Version").Single().Value;
        var others = XDocument.Load(Repository.PathOf("Directory.Packages.props")).Descendants("PackageVersion").ToDictionary(one => (string)one.Attribute("Include")!, one => (string)one.Attribute("Version")!);
        var sample = XDocument.Load(Repository.PathOf("samples", name, $"{name}.csproj"));
        Assert.Empty(sample.Descendants("ProjectReference"));
        Assert.Contains(sample.Descendants("PackageReference"), package => (string?)package.Attribute("Include") == "OnnxTransfer");
        Assert.All(sample.Descendants("PackageReference"), package => Assert.Equal(others.GetValueOrDefault((string)package.Attribute("Include")!, version), (string?)package.Attribute("Version")));
    }

    [Fact]
    public void A_restore_that_takes_another_version_fails()
    {
        var settings = XDocument.Load(Repository.PathOf("Directory.Build.props"));
        Assert.DoesNotContain(settings.Descendants("NoWarn"), one => one.Value.Contains("NU160", StringComparison.Ordinal));
        Assert.Contains(settings.Descendants("WarningsAsErrors"), one => one.Value.Contains("NU1603", StringComparison.Ordinal));
        Assert.Contains(settings.Descendants("RestoreLockedMode"), one => one.Value == "true");
    }

    [GeneratedRegex(@"^\d+\.\d+\.\d+$")]
    private static partial Regex Exact();
}
