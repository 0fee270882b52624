using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

/// <summary>Feature sets at the command line: shards, merge, and training on them.</summary>
public sealed class FeaturesTests(Fixture fixture) : IClassFixture<Fixture>, IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Shards_in_one_folder_and_shards_that_are_merged_give_the_bytes_of_one_run()
    {
        var (one, shared, merged) = (_folder.File("one"), _folder.File("shared"), _folder.File("merged"));
        Assert.Equal(0, Embed(one).ExitCode);
        string[] apart = [_folder.File("apart-1"), _folder.File("apart-2"), _folder.File("apart-3")];
        for (var shard = 1; shard <= 3; shard++)
        {
            var run = Embed(shared, "--shard", $"{shard}/3");
            Assert.Equal(0, run.ExitCode);
            Assert.Equal(shard < 3, run.Output.Contains("missing", StringComparison.Ordinal));
            Assert.Equal(0, Embed(apart[shard - 1], "--shard", $"{shard}/3").ExitCode);
        }

        Assert.Equal(Bytes(one), Bytes(shared));
        var gap = Cli.Run("features", "merge", apart[0], apart[2], "--out", _folder.File("gap"));
        Assert.Equal(1, gap.ExitCode);
        Assert.Contains("No folder has a sound copy of 3 of", gap.Error, StringComparison.Ordinal);
        Assert.Equal(0, Cli.Run(["features", "merge", .. apart, "--out", merged]).ExitCode);
        Assert.Equal(Bytes(one), Bytes(merged));
        Assert.Equal(0, Cli.Run("features", "verify", merged).ExitCode);

        // A part that lost a byte is found, named and made again.
        var part = Directory.GetFiles(merged, "part-00000002-*.npy").Single();
        File.WriteAllBytes(part, File.ReadAllBytes(part)[..^1]);
        var damaged = Cli.Run("features", "verify", merged);
        Assert.Equal(1, damaged.ExitCode);
        Assert.Contains("part-00000002", damaged.Error, StringComparison.Ordinal);
        Assert.Equal(0, Embed(merged).ExitCode);
        Assert.Equal(Bytes(one), Bytes(merged));
    }

    [Fact]
    public void A_set_that_lacks_its_manifest_alone_says_so()
    {
        var set = _folder.File("set");
        Assert.Equal(0, Embed(set).ExitCode);
        var whole = Bytes(set);
        File.Delete(Path.Combine(set, "manifest.json"));
        var info = Cli.Run("features", "info", set);
        Assert.Equal(0, info.ExitCode);
        Assert.Contains("all parts are there, but no manifest", info.Output, StringComparison.Ordinal);
        Assert.Contains("its manifest.json is missing, though its parts are there", Cli.Run("features", "verify", set).Error, StringComparison.Ordinal);
        Assert.Contains("0 written, 9 kept", Embed(set).Output, StringComparison.Ordinal);
        Assert.Equal(whole, Bytes(set));
    }

    [Fact]
    public void A_classifier_trained_on_a_set_knows_the_photos_and_another_network_is_refused()
    {
        var (set, classifier) = (_folder.File("set"), _folder.File("colors.onnx"));
        Assert.Equal(0, Embed(set).ExitCode);
        Assert.Equal(0, Cli.Run("features", "train", set, "--out", classifier, "--backbone", fixture.Backbone, "--epochs", "40", "--lr", "0.05", "--provider", "cpu").ExitCode);
        var evaluated = Cli.Run("evaluate", classifier, fixture.Photos, "--cache", "none", "--json");
        Assert.True(evaluated.Json.GetProperty("accuracy").GetDouble() > 0.95, evaluated.Output);

        var unnamed = Cli.Run("features", "train", set, "--out", classifier);
        Assert.Equal(2, unnamed.ExitCode);
        Assert.Contains("was made by the network 'tiny', which is no model of", unnamed.Error, StringComparison.Ordinal);
        var other = Cli.Run("features", "train", set, "--out", classifier, "--backbone", "resnet18");
        Assert.Equal(1, other.ExitCode);
        Assert.Contains("tiny", other.Error, StringComparison.Ordinal);
        Assert.Equal(0, Cli.Run("features", "export", set, "--out", _folder.File("set.csv")).ExitCode);
        Assert.Equal(91, File.ReadAllLines(_folder.File("set.csv")).Length);
    }

    [Fact]
    public void A_set_of_a_model_of_the_catalog_names_its_network_itself()
    {
        var (set, classifier) = (_folder.File("set"), _folder.File("colors.onnx"));
        Assert.Equal(0, Cli.Run("embed", fixture.Photos, "--out", set, "--backbone", "resnet18", "--provider", "cpu", "--cache", "none").ExitCode);
        Assert.Equal(0, Cli.Run("features", "train", set, "--out", classifier, "--provider", "cpu").ExitCode);
        Assert.True(Cli.Run("evaluate", classifier, fixture.Photos, "--cache", "none", "--json").Json.GetProperty("accuracy").GetDouble() > 0.95);
    }

    private CliResult Embed(string output, params string[] more) =>
        Cli.Run(["embed", fixture.Photos, "--out", output, "--part-size", "10", "--backbone", fixture.Backbone, "--provider", "cpu", "--cache", "none", .. more]);

    private static SortedDictionary<string, byte[]> Bytes(string folder) =>
        new(Directory.EnumerateFiles(folder).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes), StringComparer.Ordinal);
}
