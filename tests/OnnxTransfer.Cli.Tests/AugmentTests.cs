namespace OnnxTransfer.Cli.Tests;

public sealed class AugmentTests(Fixture fixture) : IClassFixture<Fixture>
{
    [Theory]
    [InlineData("flip", 72)]
    [InlineData("crops", 4 * 72)]
    [InlineData("both", 9 * 72)]
    public void Train_learns_from_copies_and_evaluate_and_predict_average_over_them(string augment, int copies)
    {
        var classifier = fixture.NewFile($"{augment}.onnx");
        var trained = Cli.Run(
            "train", fixture.Photos, "--out", classifier, "--backbone", fixture.Backbone, "--epochs", "10", "--lr", "0.05", "--provider", "cpu", "--cache", fixture.NewFile("cache"), "--augment", augment, "--json");
        Assert.Equal(0, trained.ExitCode);
        Assert.Equal(72, trained.Json.GetProperty("train").GetProperty("count").GetInt32());
        Assert.Equal(9, trained.Json.GetProperty("test").GetProperty("count").GetInt32());
        Assert.Contains($"learned from 72 images and {copies} copies of them", trained.Error, StringComparison.Ordinal);

        var evaluated = Cli.Run("evaluate", classifier, fixture.Photos, "--augment", augment, "--cache", "none", "--json");
        Assert.Equal(0, evaluated.ExitCode);
        Assert.True(evaluated.Json.GetProperty("accuracy").GetDouble() > 0.9, evaluated.Output);

        // The tiny network averages over all places, so that a mirror image has the vector of the image; a crop has not.
        var photo = Path.Combine(fixture.Photos, "red", "red-03.png");
        float Probability(params string[] more) => Cli.Run(["predict", classifier, photo, "--json", .. more]).Json[0].GetProperty("probability").GetSingle();
        var (plain, averaged) = (Probability(), Probability("--augment", augment));
        if (augment == "flip") Assert.Equal(plain, averaged, 1e-4f);
        else Assert.NotEqual(plain, averaged);
    }

    [Theory]
    [InlineData("train")]
    [InlineData("predict")]
    [InlineData("evaluate")]
    public void Another_word_is_wrong_usage(string command)
    {
        string[] arguments = command == "train" ? ["train", fixture.Photos, "--out", fixture.NewFile("no.onnx")] : [command, "some.onnx", fixture.Photos];
        var result = Cli.Run([.. arguments, "--augment", "mirror"]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--augment mirror is not one of both, crops, flip, none.", result.Error, StringComparison.Ordinal);
    }
}
