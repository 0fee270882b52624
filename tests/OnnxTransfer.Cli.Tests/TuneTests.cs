namespace OnnxTransfer.Cli.Tests;

public sealed class TuneTests(Fixture fixture) : IClassFixture<Fixture>
{
    [Fact]
    public void Tune_prints_the_curve_with_its_errors_and_the_choice()
    {
        string[] command = ["tune", fixture.Photos, "--backbone", fixture.Backbone, "--provider", "cpu"];
        var json = Cli.Run([.. command, "--json"]).Json;
        Assert.Equal(26, json.GetProperty("points").GetArrayLength());
        var chosen = json.GetProperty("chosen");
        Assert.Equal(json.GetProperty("best").ToString(), chosen.ToString());
        var losses = json.GetProperty("points").EnumerateArray().Where(point => point.GetProperty("standardize").GetBoolean() == chosen.GetProperty("standardize").GetBoolean()).Select(point => point.GetProperty("loss").GetDouble());
        Assert.Equal(losses.Min(), chosen.GetProperty("loss").GetDouble());
        Assert.True(json.GetProperty("simplest").GetProperty("l2").GetDouble() >= chosen.GetProperty("l2").GetDouble());
        Assert.InRange(json.GetProperty("neighborAccuracy").GetProperty("mean").GetDouble(), 0.5, 1);
        Assert.All(json.GetProperty("points").EnumerateArray(), point => Assert.True(point.GetProperty("lossError").GetDouble() >= 0));

        var table = Cli.Run(command);
        Assert.Equal(0, table.ExitCode);
        Assert.Contains("chosen: --optimizer lbfgs --l2 ", table.Output, StringComparison.Ordinal);
        Assert.Contains("nearest neighbors, without a head: accuracy ", table.Output, StringComparison.Ordinal);
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

    [Fact]
    public void Tune_names_the_class_that_has_no_image_to_learn_from()
    {
        var photos = Directory.GetFiles(fixture.Photos, "*.png", SearchOption.AllDirectories).GroupBy(path => Path.GetFileName(Path.GetDirectoryName(path))!).SelectMany(one => one.Take(6)).ToArray();
        var table = fixture.NewFile("absent.csv");
        File.WriteAllLines(table, photos.Select((path, i) => $"{path},{(i == 0 ? "mauve,val" : $"{Path.GetFileName(Path.GetDirectoryName(path))},train")}").Prepend("image,label,split"));
        var absent = Cli.Run("tune", table, "--backbone", fixture.Backbone, "--provider", "cpu");
        Assert.Equal(1, absent.ExitCode);
        Assert.Contains($"The class 'mauve' of {table} has no image in the training set", absent.Error, StringComparison.Ordinal);

        var broken = fixture.NewFile("broken.png");
        File.WriteAllBytes(broken, File.ReadAllBytes(photos[0])[..60]);
        File.WriteAllLines(table, photos.Select(path => $"{path},{Path.GetFileName(Path.GetDirectoryName(path))}").Prepend($"{broken},mauve").Prepend("image,label"));
        var unused = Cli.Run("tune", table, "--backbone", fixture.Backbone, "--provider", "cpu");
        Assert.Equal(1, unused.ExitCode);
        Assert.Contains($"The class 'mauve' of {table} has no training image that could be used", unused.Error, StringComparison.Ordinal);
    }
}
