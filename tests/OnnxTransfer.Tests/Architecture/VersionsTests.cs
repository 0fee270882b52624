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

    [Fact]
    public void The_sample_names_this_version()
    {
        var version = XDocument.Load(Repository.PathOf("Directory.Build.props")).Descendants("Version").Single().Value;
        var sample = XDocument.Load(Repository.PathOf("samples", "OnnxTransfer.QuickStart", "OnnxTransfer.QuickStart.csproj"));
        Assert.All(sample.Descendants("PackageReference"), package => Assert.Equal(version, (string?)package.Attribute("Version")));
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
