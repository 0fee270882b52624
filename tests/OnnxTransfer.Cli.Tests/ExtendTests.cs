using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

public sealed class ExtendTests(Fixture fixture) : IClassFixture<Fixture>
{
    private string[] Train(string output, params string[] more) =>
        ["train", fixture.Photos, "--out", output, "--backbone", fixture.Backbone, "--epochs", "40", "--lr", "0.05", "--provider", "cpu", "--cache", "none", .. more];

    private static string[] Extend(string file, string output, params string[] more) =>
        ["train", "--extend", file, "--out", output, "--epochs", "40", "--lr", "0.05", "--provider", "cpu", "--cache", "none", .. more];

    [Fact]
    public void Train_extends_a_classifier_by_new_folders_and_removes_classes()
    {
        var (old, grown, shrunk) = (fixture.NewFile("old.onnx"), fixture.NewFile("grown.onnx"), fixture.NewFile("shrunk.onnx"));
        Assert.Equal(0, Cli.Run(Train(old, "--keep-features")).ExitCode);
        var white = White();
        var extended = Cli.Run(Extend(old, grown, white, "--json"));
        Assert.Equal(0, extended.ExitCode);
        Assert.Equal(["blue", "green", "red", "white"], extended.Json.GetProperty("classes").EnumerateArray().Select(label => label.GetString()));
        Assert.Equal(("white", 20, "test"), (extended.Json.GetProperty("added")[0].GetString(), extended.Json.GetProperty("newImages").GetInt32(), extended.Json.GetProperty("measuredOn").GetString()));
        Assert.Equal(3, extended.Json.GetProperty("changes").GetArrayLength());
        Assert.Equal(0.0, extended.Json.GetProperty("changes")[0].GetProperty("forgotten").GetDouble());
        Assert.Equal("white", Cli.Run("predict", grown, Path.Combine(white, "white", "00.png"), "--json").Json[0].GetProperty("label").GetString());
        Assert.True(Cli.Run("evaluate", grown, fixture.Photos, "--cache", "none", "--json").Json.GetProperty("accuracy").GetDouble() > 0.95);

        var removed = Cli.Run(Extend(grown, shrunk, "--remove", "red,green"));
        Assert.Equal(0, removed.ExitCode);
        Assert.Contains("removed: red, green", removed.Output, StringComparison.Ordinal);
        Assert.Contains("classes that stayed, on their kept test images", removed.Output, StringComparison.Ordinal);
        Assert.Equal(["class", "images", "before", "after", "forgotten"], removed.Output.Split('\n').First(line => line.StartsWith("class ", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    [Fact]
    public void Wrong_usage_and_wrong_files_are_one_sentence()
    {
        var (bare, kept, output) = (fixture.NewFile("bare.onnx"), fixture.NewFile("kept.onnx"), fixture.NewFile("none.onnx"));
        Assert.Equal(0, Cli.Run(Train(bare)).ExitCode);
        Assert.Equal(0, Cli.Run(Train(kept, "--keep-features")).ExitCode);
        Fails(2, "`onnxtransfer train` needs DATA.", "train", "--out", output);
        Fails(2, "--remove has a meaning only with --extend", Train(output, "--remove", "red"));
        Fails(2, "--backbone and --extend exclude each other", Extend(kept, output, White(), "--backbone", fixture.Backbone));
        Fails(2, "--report and --extend exclude each other", Extend(kept, output, White(), "--report", fixture.NewFile("no.html")));
        Fails(1, "did not keep the feature vectors", Extend(bare, output, White()));
        Fails(1, "Nothing would change", Extend(kept, output));
        Fails(1, "has every usable image", Extend(kept, output, fixture.Photos));
        Fails(1, "'pink' is not a class", Extend(kept, output, "--remove", "pink"));
        Fails(1, "There is no classifier", Extend(fixture.NewFile("missing.onnx"), output, White()));
        Assert.False(File.Exists(output));
    }

    private static void Fails(int exitCode, string sentence, params string[] arguments)
    {
        var result = Cli.Run(arguments);
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains(sentence, result.Error, StringComparison.Ordinal);
    }

    private string White()
    {
        var folder = Path.Combine(fixture.Folder, "more");
        Directory.CreateDirectory(Path.Combine(folder, "white"));
        for (var i = 0; i < 20; i++) File.WriteAllBytes(Path.Combine(folder, "white", $"{i:00}.png"), TestImage.NoisyPng(20 + (i % 5), 19, (230, 230, 225), 500 + i));
        return folder;
    }
}
