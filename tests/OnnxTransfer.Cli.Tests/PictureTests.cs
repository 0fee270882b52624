using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

public sealed class PictureTests(Fixture fixture) : IClassFixture<Fixture>
{
    [Fact]
    public void Explain_writes_an_overlay_over_a_strip_with_the_scale_and_names_an_unknown_class()
    {
        var (classifier, output) = (fixture.NewFile("explained.onnx"), fixture.NewFile("overlay.png"));
        Assert.Equal(0, Cli.Run("train", fixture.Photos, "--out", classifier, "--backbone", fixture.Backbone, "--provider", "cpu").ExitCode);
        var image = Path.Combine(fixture.Photos, "red", "red-03.png");
        var explained = Cli.Run("explain", classifier, image, "--out", output, "--class", "blue");
        Assert.Equal(0, explained.ExitCode);
        Assert.StartsWith("blue ", explained.Output, StringComparison.Ordinal);
        // A strip for letters of 11 pixels is below the image.
        var (width, height) = SizeOf(image);
        Assert.Equal((width, height + 22), SizeOf(output));

        var unknown = Cli.Run("explain", classifier, image, "--out", fixture.NewFile("never.png"), "--class", "bleu");
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("blue", unknown.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(fixture.Folder, "never.png")));
    }

    [Fact]
    public void Draw_writes_filters_feature_maps_and_patches()
    {
        var image = Path.Combine(fixture.Photos, "red", "red-03.png");
        foreach (var what in new string[][] { ["--filters"], ["--layer", "activated", "--image", image], ["--layer", "activated", "--unit", "2", "--images", fixture.Photos] })
        {
            var output = fixture.NewFile($"drawn{what.Length}.png");
            var drawn = Cli.Run(["models", "draw", fixture.Backbone, "--provider", "cpu", "--out", output, .. what]);
            Assert.Equal(0, drawn.ExitCode);
            Assert.Equal(output, drawn.Output.Trim());
            Assert.True(SizeOf(output).Width > 100);
        }
    }

    [Theory]
    [InlineData]
    [InlineData("--filters", "--layer", "activated")]
    [InlineData("--layer", "activated")]
    [InlineData("--layer", "activated", "--unit", "2")]
    public void Draw_of_half_a_question_is_wrong_usage(params string[] what)
    {
        var drawn = Cli.Run(["models", "draw", fixture.Backbone, "--out", fixture.NewFile("never.png"), .. what]);
        Assert.Equal(2, drawn.ExitCode);
        Assert.Contains("--filters", drawn.Error, StringComparison.Ordinal);
    }

    private static (int Width, int Height) SizeOf(string path)
    {
        using var picture = ImageDecoders.Default.DecodeFile(path);
        return (picture.Width, picture.Height);
    }
}
