using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

/// <summary>Each wrong use gets one sentence on standard error, the right exit code, nothing on standard output and no file.</summary>
public sealed class ErrorTests(Fixture fixture) : IClassFixture<Fixture>
{
    [Theory]
    [InlineData("train")]
    [InlineData("frobnicate")]
    [InlineData("train", "photos")]
    [InlineData("train", "photos", "--out", "x.onnx", "--epochs", "none")]
    [InlineData("train", "photos", "--out", "x.onnx", "--epochs", "0")]
    [InlineData("train", "photos", "--out", "x.onnx", "--max-bad", "2")]
    [InlineData("train", "photos", "--out", "x.onnx", "--lr", "-1")]
    [InlineData("train", "photos", "--out", "x.onnx", "--provider", "tpu")]
    [InlineData("train", "photos", "--out", "x.onnx", "--split", "80/30/10")]
    [InlineData("train", "photos", "--out", "x.onnx", "--optimizer", "magic")]
    [InlineData("train", "photos", "--out", "x.onnx", "--lr", "0,005")]
    [InlineData("train", "photos", "--out", "x.onnx", "--lr", "NaN")]
    [InlineData("train", "photos", "--out", "x.onnx", "--max-bad", "0,05")]
    [InlineData("train", "photos", "--out", "x.onnx", "--provider", "99")]
    [InlineData("train", "photos", "--out", "x.onnx", "--provider", "1")]
    [InlineData("train", "photos", "--out", "x.onnx", "--pooling", "9")]
    [InlineData("train", "photos", "--out", "x.onnx", "--jpeg-shrink", "7")]
    [InlineData("train", "photos", "--out", "x.onnx", "--device", "-1")]
    [InlineData("predict")]
    [InlineData("models", "pull")]
    public void Wrong_usage_exits_2(params string[] arguments)
    {
        var result = Cli.Run(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
        Assert.Equal("", result.Output);
    }

    /// <summary>The library says which numbers of threads there are, and the tool says the same, before it looks at anything.</summary>
    [Theory]
    [InlineData("train", "no-such-folder", "--out", "x.onnx")]
    [InlineData("embed", "no-such-folder", "--out", "x.npy")]
    [InlineData("predict", "no-such-file.onnx", "no-such-image.jpg")]
    [InlineData("evaluate", "no-such-file.onnx", "no-such-folder")]
    [InlineData("classify", "no-such-image.jpg")]
    [InlineData("doctor")]
    public void Threads_are_those_of_the_library(params string[] command)
    {
        foreach (var threads in (int[])[-1, 1025, 100_000])
        {
            var sentence = Assert.Throws<ArgumentOutOfRangeException>(() => new FeatureExtractorOptions { Threads = threads }).Message.Split(" (Parameter")[0];
            var result = Cli.Run([.. command, "--threads", threads.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            Assert.Equal((2, ""), (result.ExitCode, result.Output));
            Assert.StartsWith($"error: --threads: {sentence}", result.Error, StringComparison.Ordinal);
        }

        Assert.Equal(2, Cli.Run([.. command, "--threads", "two"]).ExitCode);
    }

    [Fact]
    public void The_most_threads_there_may_be_end()
    {
        var output = fixture.NewFile("threads.onnx");
        var result = Cli.Run("train", fixture.Photos, "--out", output, "--backbone", fixture.Backbone, "--provider", "cpu", "--cache", "none", "--threads", "1024");
        Assert.Equal(0, result.ExitCode);
        Assert.True(File.Exists(output));
    }

    [Fact]
    public void A_missing_folder_is_named() => Fails("no-such-folder", "train", "no-such-folder", "--out", "x.onnx", "--backbone", fixture.Backbone);

    [Fact]
    public void A_folder_with_one_class_is_explained()
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("only", "a.png"), TestImage.NoisyPng(8, 8, (1, 2, 3), 1));
        Fails("only", "train", folder.Path, "--out", fixture.NewFile("one.onnx"), "--backbone", fixture.Backbone);
    }

    [Fact]
    public void An_unknown_model_lists_the_nearest_ids() => Fails("mobilenet-v2", "classify", "x.jpg", "--backbone", "mobilnet-v2");

    [Fact]
    public void A_model_that_cannot_be_downloaded_names_the_way_by_hand() => Fails(".onnx", "models", "pull", "mobilenet-v2");

    [Fact]
    public void A_corrupt_model_is_refused()
    {
        var corrupt = fixture.NewFile("corrupt.onnx");
        var bytes = File.ReadAllBytes(fixture.Backbone);
        File.WriteAllBytes(corrupt, bytes[..(bytes.Length / 2)]);
        File.WriteAllText(Path.ChangeExtension(corrupt, ".model.json"), WithoutSha(fixture.Backbone));
        Fails("corrupt.onnx", "embed", fixture.Photos, "--out", fixture.NewFile("corrupt.npy"), "--backbone", corrupt);
        Assert.False(File.Exists(Path.Combine(fixture.Folder, "corrupt.npy")));
    }

    [Fact]
    public void A_model_whose_sha256_is_wrong_is_refused_with_both_sums()
    {
        var changed = fixture.NewFile("changed.onnx");
        File.Copy(fixture.Backbone, changed, overwrite: true);
        var card = WithoutSha(fixture.Backbone);
        File.WriteAllText(Path.ChangeExtension(changed, ".model.json"), card.Insert(card.IndexOf('{', StringComparison.Ordinal) + 1, $"\"sha256\": \"{new string('0', 64)}\","));
        Fails(new string('0', 64), "embed", fixture.Photos, "--out", fixture.NewFile("changed.npy"), "--backbone", changed);
    }

    [Fact]
    public void A_classifier_is_not_any_onnx_file() => Fails("tiny.onnx", "predict", fixture.Backbone, Path.Combine(fixture.Photos, "red", "red-00.png"));

    /// <summary>Where the provider works, it is the one that was used; elsewhere nothing runs, and nothing is written. Never is it the CPU without a word.</summary>
    [Theory]
    [InlineData("cuda", "CUDA")]
    [InlineData("tensorrt", "TensorRT")]
    [InlineData("openvino", "OpenVINO")]
    public void A_provider_by_name_never_falls_back(string provider, string title)
    {
        var output = fixture.NewFile($"{provider}.onnx");
        var result = Cli.Run("train", fixture.Photos, "--out", output, "--backbone", fixture.Backbone, "--provider", provider, "--json");
        if (result.ExitCode == 0)
        {
            Assert.Equal(provider, result.Json.GetProperty("executionProvider").GetString());
            Assert.True(File.Exists(output));
        }
        else
        {
            Assert.Equal(1, result.ExitCode);
            Assert.StartsWith($"error: The provider {title} does not work here", result.Error.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
            Assert.Equal("", result.Output);
            Assert.False(File.Exists(output));
        }
    }

    private static string WithoutSha(string backbone) =>
        string.Join('\n', File.ReadAllLines(Path.ChangeExtension(backbone, ".model.json")).Where(line => !line.Contains("sha256", StringComparison.Ordinal)));

    private static void Fails(string expected, params string[] arguments)
    {
        var result = Cli.Run(arguments);
        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.Equal("", result.Output);
    }
}
