using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

public sealed class CompareTests(Fixture fixture) : IClassFixture<Fixture>
{
    [Fact]
    public void Backbones_are_measured_on_the_same_folds_and_a_table_says_which_is_best()
    {
        var other = fixture.NewFile("other.onnx");
        TinyBackbone.Write(other);
        var run = Cli.Run("compare", fixture.Photos, "--backbones", $"{fixture.Backbone},{other}", "--folds", "3", "--cache", "none", "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error.Contains("error", StringComparison.Ordinal) ? run.Error : ""));
        Assert.Equal(2, run.Json.GetArrayLength());
        var (one, two) = (run.Json[0], run.Json[1]);
        Assert.Equal((fixture.Backbone, TinyBackbone.Dim, 90), (one.GetProperty("backbone").GetString(), one.GetProperty("dim").GetInt32(), one.GetProperty("images").GetInt32()));
        Assert.Equal(new FileInfo(fixture.Backbone).Length, one.GetProperty("bytes").GetInt64());
        Assert.True(one.GetProperty("imagesPerSecond").GetDouble() > 0);
        foreach (var score in new[] { "accuracy", "neighborAccuracy", "classMeanAccuracy" })
        {
            // The colors are easy to tell apart, and the two networks are the same.
            Assert.InRange(one.GetProperty(score).GetProperty("mean").GetDouble(), 0.9, 1);
            Assert.Equal(one.GetProperty(score).GetRawText(), two.GetProperty(score).GetRawText());
        }

        Assert.InRange(one.GetProperty("hScore").GetDouble(), 0.5, 2);

        var text = Cli.Run("compare", fixture.Photos, "--backbones", fixture.Backbone, "--folds", "3", "--cache", "none").Output;
        Assert.Contains("90 images, 3 classes, 3 folds", text, StringComparison.Ordinal);
        Assert.Contains($"most accurate: {fixture.Backbone}", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_test_set_is_left_out()
    {
        var folder = Path.GetDirectoryName(fixture.NewFile("sets", "x"))!;
        Fixture.WritePhotos(Path.Combine(folder, "train"), perClass: 6, seed: 1);
        Fixture.WritePhotos(Path.Combine(folder, "test"), perClass: 4, seed: 2);
        var run = Cli.Run("compare", folder, "--backbones", fixture.Backbone, "--folds", "2", "--cache", "none", "--json");
        Assert.Equal(18, run.Json[0].GetProperty("images").GetInt32());
    }

    [Fact]
    public void What_cannot_be_compared_is_said_before_the_work()
    {
        Refuses(2, "--folds must be at least 2.", fixture.Photos, "--backbones", fixture.Backbone, "--folds", "1");
        Refuses(2, "--backbones names no backbone", fixture.Photos, "--backbones", ",");
        Refuses(1, "missing.onnx", fixture.Photos, "--backbones", $"{fixture.Backbone},missing.onnx");
        var lonely = Path.GetDirectoryName(fixture.NewFile("lonely", "x"))!;
        Fixture.WritePhotos(lonely, perClass: 1, seed: 3);
        Refuses(1, "The class 'blue' of '" + lonely + "' has 1 usable image; folds need at least two of each class", lonely, "--backbones", fixture.Backbone, "--folds", "3", "--cache", "none");
    }

    private static void Refuses(int exitCode, string message, params string[] arguments)
    {
        var run = Cli.Run(["compare", .. arguments]);
        Assert.Equal((exitCode, ""), (run.ExitCode, run.Output));
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }
}
