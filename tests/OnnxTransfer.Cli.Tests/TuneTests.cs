namespace OnnxTransfer.Cli.Tests;

public sealed class TuneTests(Fixture fixture) : IClassFixture<Fixture>
{
    [Fact]
    public void Tune_prints_the_curve_with_its_errors_and_the_choice()
    {
        string[] command = ["tune", fixture.Photos, "--backbone", fixture.Backbone, "--provider", "cpu"];
        var json = Cli.Run([.. command, "--json"]).Json;
        Assert.Equal(40, json.GetProperty("points").GetArrayLength());
        var losses = json.GetProperty("points").EnumerateArray().Select(point => point.GetProperty("loss").GetDouble()).ToList();
        Assert.Equal(losses.Min(), json.GetProperty("chosen").GetProperty("loss").GetDouble());
        Assert.All(json.GetProperty("points").EnumerateArray(), point => Assert.True(point.GetProperty("lossError").GetDouble() >= 0));

        var table = Cli.Run(command);
        Assert.Equal(0, table.ExitCode);
        Assert.Contains("chosen: --optimizer lbfgs --l2 ", table.Output, StringComparison.Ordinal);
        Assert.Equal(90, Cli.Run([.. command, "--dino-values", "--json"]).Json.GetProperty("points").GetArrayLength());
        var simpler = Cli.Run([.. command, "--one-standard-error", "--json"]).Json;
        Assert.True(simpler.GetProperty("chosen").GetProperty("l2").GetDouble() >= simpler.GetProperty("best").GetProperty("l2").GetDouble());
    }

    [Fact]
    public void Train_with_tune_saves_the_choice_and_refuses_options_that_it_would_ignore()
    {
        string[] command = ["train", fixture.Photos, "--out", fixture.NewFile("tuned.onnx"), "--backbone", fixture.Backbone, "--provider", "cpu", "--tune"];
        var json = Cli.Run([.. command, "--json"]).Json;
        Assert.Equal(json.GetProperty("tuning").GetProperty("chosen").GetProperty("l2").GetDouble(), json.GetProperty("l2").GetDouble());
        Assert.True(json.GetProperty("test").GetProperty("accuracy").GetDouble() > 0.8);

        foreach (var options in (string[][])[["--l2", "1"], ["--head", "mlp"], ["--epochs", "3"], ["--balance-classes"], ["--optimizer", "sgd"]])
        {
            var refused = Cli.Run([.. command, .. options]);
            Assert.Equal(2, refused.ExitCode);
            Assert.Contains("and Tuning exclude each other", refused.Error, StringComparison.Ordinal);
        }

        var folds = Cli.Run([.. command, "--folds", "1"]);
        Assert.Equal(2, folds.ExitCode);
    }
}
