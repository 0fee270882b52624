using System.IO.Compression;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

/// <summary>Looking into a model, cutting it, and taking its layers as features.</summary>
public sealed class LayersTests(Fixture fixture) : IClassFixture<Fixture>
{
    [Fact]
    public void Info_counts_parameters_with_a_head_and_tells_tensors_and_preprocessing()
    {
        var result = Cli.Run("models", "info", fixture.Backbone, "--classes", "5", "--json");

        Assert.Equal(0, result.ExitCode);
        var parameters = result.Json.GetProperty("parameters");
        Assert.Equal(48, parameters.GetProperty("frozen").GetInt64());
        Assert.Equal(5 * (TinyBackbone.Dim + 1), parameters.GetProperty("trainable").GetInt64());
        Assert.Equal(48 + 65, parameters.GetProperty("total").GetInt64());
        Assert.Equal("[null,3,16,16]", result.Json.GetProperty("inputs")[0].GetProperty("shape").GetRawText().Replace("\n", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(2 * 256 * 36, result.Json.GetProperty("flopsPerImage").GetInt64());
        Assert.Equal("PillowBilinear", result.Json.GetProperty("preprocess").GetProperty("filter").GetString());

        var table = Cli.Run("models", "info", fixture.Backbone, "--classes", "5");
        Assert.Contains("with a head of 5 classes 113: 65 trainable, 48 frozen", table.Output, StringComparison.Ordinal);
        Assert.Equal(2, Cli.Run("models", "info", fixture.Backbone, "--classes", "1").ExitCode);
    }

    [Fact]
    public void Layers_are_listed_and_each_can_be_cut_and_embedded()
    {
        var listed = Cli.Run("models", "layers", fixture.Backbone, "--json");
        Assert.Equal(0, listed.ExitCode);
        Assert.Equal(["convolved", "activated", "pooled", "features"], listed.Json.EnumerateArray().Select(layer => layer.GetProperty("name").GetString()));
        Assert.All(listed.Json.EnumerateArray(), layer => Assert.Equal(TinyBackbone.Dim, layer.GetProperty("dim").GetInt32()));
        Assert.Contains("activated  Relu               [N,12,16,16]        12                 48", Cli.Run("models", "layers", fixture.Backbone).Output, StringComparison.Ordinal);

        var cut = fixture.NewFile("cut.onnx");
        var written = Cli.Run("models", "cut", fixture.Backbone, "--at", "convolved", "--pooling", "max", "--out", cut, "--json");
        Assert.Equal(0, written.ExitCode);
        Assert.Equal("convolved/max", written.Json.GetProperty("features").GetString());

        var (whole, part) = (fixture.NewFile("whole.npy"), fixture.NewFile("part.npy"));
        var red = Path.Combine(fixture.Photos, "red");
        Assert.Equal(0, Cli.Run("embed", red, "--out", whole, "--backbone", fixture.Backbone, "--layer", "convolved", "--pooling", "max", "--provider", "cpu").ExitCode);
        Assert.Equal(0, Cli.Run("embed", red, "--out", part, "--backbone", cut, "--provider", "cpu").ExitCode);
        Assert.Equal(File.ReadAllBytes(whole), File.ReadAllBytes(part));
    }

    [Fact]
    public void A_classifier_trained_on_layers_keeps_them()
    {
        var classifier = fixture.NewFile("layers.onnx");
        var trained = Cli.Run(
            "train", fixture.Photos, "--out", classifier, "--backbone", fixture.Backbone, "--layer", "convolved,features", "--pooling", "max", "--optimizer", "lbfgs", "--split", "80/0/20", "--provider", "cpu", "--json");
        Assert.Equal(0, trained.ExitCode);
        Assert.Equal(2 * TinyBackbone.Dim, trained.Json.GetProperty("backbone").GetProperty("dim").GetInt32());

        var evaluated = Cli.Run("evaluate", classifier, fixture.Photos, "--json");
        Assert.True(evaluated.Json.GetProperty("accuracy").GetDouble() > 0.9, evaluated.Output);
        Assert.Equal("convolved/max+features", Cli.Run("models", "info", classifier, "--json").Json.GetProperty("features").GetString());
    }

    [Fact]
    public void An_unknown_layer_fails_with_the_nearest_names()
    {
        var result = Cli.Run("embed", fixture.Photos, "--out", fixture.NewFile("never.npy"), "--backbone", fixture.Backbone, "--layer", "activate");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("nearest names are activated,", result.Error, StringComparison.Ordinal);
        Assert.Equal(2, Cli.Run("models", "layers", fixture.Backbone, "--size", "wide").ExitCode);
    }

    [Fact]
    public void Weights_are_taken_from_another_file_and_strictly_by_default()
    {
        var cut = fixture.NewFile("conv.onnx");
        Assert.Equal(0, Cli.Run("models", "cut", fixture.Backbone, "--at", "activated", "--out", cut).ExitCode);
        var output = fixture.NewFile("weights.onnx");

        var taken = Cli.Run("models", "weights", cut, "--from", fixture.Backbone, "--out", output, "--json");
        Assert.Equal(0, taken.ExitCode);
        Assert.Equal(["weights", "bias"], taken.Json.GetProperty("matched").EnumerateArray().Select(name => name.GetString()));

        var classifier = fixture.NewFile("head.onnx");
        Assert.Equal(0, Cli.Run("train", fixture.Photos, "--out", classifier, "--backbone", fixture.Backbone, "--epochs", "1", "--provider", "cpu").ExitCode);
        var refused = Cli.Run("models", "weights", classifier, "--from", fixture.Backbone, "--out", output, "--allow-missing");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("trained classifier", refused.Error, StringComparison.Ordinal);

        var none = fixture.NewFile("none.npz");
        using (var archive = ZipFile.Open(none, ZipArchiveMode.Create)) archive.CreateEntry("readme.txt");
        var strict = Cli.Run("models", "weights", fixture.Backbone, "--from", none, "--out", output);
        Assert.Equal(1, strict.ExitCode);
        Assert.Contains("bias", strict.Error, StringComparison.Ordinal);
    }
}
