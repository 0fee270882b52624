using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

public sealed class ModelsTests(Fixture fixture) : IClassFixture<Fixture>
{
    [Fact]
    public void List_shows_what_is_beside_the_tool_and_the_catalog()
    {
        var result = Cli.Run("models", "list", "--json");
        Assert.Equal(0, result.ExitCode);
        var models = result.Json.EnumerateArray().ToDictionary(model => model.GetProperty("id").GetString()!);
        Assert.Equal(("download", false), (models["mobilenet-v2"].GetProperty("from").GetString(), models["mobilenet-v2"].GetProperty("present").GetBoolean()));
        Assert.Equal(("beside the tool", true), (models["resnet18"].GetProperty("from").GetString(), models["resnet18"].GetProperty("present").GetBoolean()));
        Assert.Equal(new FileInfo(models["resnet18"].GetProperty("path").GetString()!).Length, models["resnet18"].GetProperty("bytes").GetInt64());
    }

    [Fact]
    public void Pull_of_a_model_beside_the_tool_gives_its_path()
    {
        var result = Cli.Run("models", "pull", "resnet18");
        Assert.Equal(0, result.ExitCode);
        Assert.True(File.Exists(result.Output.TrimEnd()), result.Output);
    }

    /// <summary>As in a container: no home folder, so nothing can be remembered, and nothing needs to be.</summary>
    [UnixFact]
    public void An_account_without_a_home_uses_the_model_beside_the_tool()
    {
        var photo = Path.Combine(fixture.Photos, "red", "red-00.png");
        var embedded = Homeless("embed", photo, "--backbone", "resnet18", "--provider", "cpu", "--out", fixture.NewFile("homeless.npy"));
        Assert.True(embedded.ExitCode == 0, embedded.Error);
        var doctor = Homeless("doctor");
        Assert.True(doctor.ExitCode == 0, doctor.Error);
        Assert.Contains("set ONNXTRANSFER_HOME", doctor.Output, StringComparison.Ordinal);
        // What is about that folder says what to do.
        foreach (var command in new[] { Homeless("cache", "info"), Homeless("classify", photo) })
        {
            Assert.Equal(1, command.ExitCode);
            Assert.StartsWith("error: This account has no home folder", command.Error, StringComparison.Ordinal);
        }
    }

    private static CliResult Homeless(params string[] arguments)
    {
        var start = Cli.Command(arguments);
        foreach (var name in new[] { "ONNXTRANSFER_HOME", "XDG_CACHE_HOME" }) start.Environment.Remove(name);
        start.Environment["HOME"] = "/nonexistent";
        using var process = System.Diagnostics.Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new CliResult(process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    [Fact]
    public void Without_a_network_the_error_gives_the_option_that_works()
    {
        var result = Cli.Run("classify", "any.jpg");
        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("error: Could not download 'mobilenet-v2': downloads are switched off", result.Error, StringComparison.Ordinal);
        Assert.Contains("`--backbone resnet18`", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_real_network_is_trained_on_without_a_network_connection()
    {
        var output = fixture.NewFile("colors.onnx");
        var result = Cli.Run("train", fixture.Photos, "--backbone", "resnet18", "--out", output, "--split", "80/0/20", "--provider", "cpu", "--json");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(1, result.Json.GetProperty("test").GetProperty("accuracy").GetDouble());
    }

    [Fact]
    public void Info_of_a_file_gives_its_dimension_and_checksum()
    {
        var result = Cli.Run("models", "info", fixture.Backbone, "--json");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(TinyBackbone.Dim, result.Json.GetProperty("dim").GetInt32());
        Assert.Equal(new FileInfo(fixture.Backbone).Length, result.Json.GetProperty("bytes").GetInt64());
    }

    [Fact]
    public void Info_of_a_model_that_is_not_here_says_so_without_downloading()
    {
        var result = Cli.Run("models", "info", "mobilenet-v2", "--json");
        Assert.Equal(0, result.ExitCode);
        Assert.False(result.Json.GetProperty("present").GetBoolean());
        Assert.Equal(1280, result.Json.GetProperty("dim").GetInt32());
    }

    /// <summary>The preprocessing is known to no file, so each command that takes a backbone must take it by name.</summary>
    [Fact]
    public void A_file_without_a_card_works_with_preprocess_in_every_command()
    {
        var bare = Bare();
        var photo = Path.Combine(fixture.Photos, "red", "red-00.png");
        var refused = Cli.Run("embed", photo, "--backbone", bare, "--out", fixture.NewFile("never.npy"), "--cache", "none");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("--preprocess NAME", refused.Error, StringComparison.Ordinal);
        string[][] commands =
        [
            ["embed", photo, "--backbone", bare, "--out", fixture.NewFile("bare.npy"), "--cache", "none"],
            ["train", fixture.Photos, "--backbone", bare, "--out", fixture.NewFile("bare-trained.onnx"), "--cache", "none"],
            ["doctor", "--backbone", bare],
            ["models", "draw", bare, "--filters", "--out", fixture.NewFile("bare.png")],
        ];
        foreach (var command in commands)
        {
            var result = Cli.Run([.. command, "--preprocess", "vit", "--provider", "cpu"]);
            Assert.True(result.ExitCode == 0, $"{string.Join(' ', command)}: {result.Error}");
        }

        Assert.Contains("has no known classes", Cli.Run("classify", photo, "--backbone", bare, "--preprocess", "vit", "--provider", "cpu").Error, StringComparison.Ordinal);
        var unknown = Cli.Run("embed", photo, "--backbone", bare, "--out", fixture.NewFile("never.npy"), "--preprocess", "vitt");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("There is no preprocessing named 'vitt'", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Card_writes_what_the_graph_tells_and_the_named_preprocessing()
    {
        var bare = Bare();
        var result = Cli.Run("models", "card", bare, "--preprocess", "clip", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(TinyBackbone.Dim, result.Json.GetProperty("dim").GetInt32());
        var card = ModelCard.Load(ModelCard.PathFor(bare));
        Assert.Equal((TinyBackbone.Dim, PreprocessSpec.Clip(TinyBackbone.Side)), (card.Features.Dim, card.Preprocess));
        Assert.Equal(0, Cli.Run("embed", Path.Combine(fixture.Photos, "red", "red-00.png"), "--backbone", bare, "--out", fixture.NewFile("card.npy"), "--cache", "none").ExitCode);
    }

    /// <summary>A folder of Hugging Face, without a card: train, save, predict, and the warning about a field that it leaves out.</summary>
    [Fact]
    public void A_folder_of_Hugging_Face_is_a_backbone()
    {
        var folder = Path.Combine(Path.GetDirectoryName(Bare())!, "exported");
        Directory.CreateDirectory(Path.Combine(folder, "onnx"));
        TinyBackbone.Write(Path.Combine(folder, "onnx", "model.onnx"));
        File.Delete(Path.Combine(folder, "onnx", "model.model.json"));
        File.WriteAllText(Path.Combine(folder, "config.json"), """{"model_type":"vit"}""");
        File.WriteAllText(
            Path.Combine(folder, "preprocessor_config.json"),
            $$"""{"image_processor_type":"ViTImageProcessor","size":{"height":{{TinyBackbone.Side}},"width":{{TinyBackbone.Side}}},"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}""");
        var output = fixture.NewFile("from-folder.onnx");
        var trained = Cli.Run("train", fixture.Photos, "--backbone", folder, "--out", output, "--provider", "cpu", "--cache", "none", "--json");
        Assert.True(trained.ExitCode == 0, trained.Error);
        Assert.Equal("exported", trained.Json.GetProperty("backbone").GetProperty("id").GetString());
        Assert.Contains("has no 'resample'", trained.Error, StringComparison.Ordinal);
        Assert.Equal(0, Cli.Run("predict", output, Path.Combine(fixture.Photos, "red", "red-00.png"), "--provider", "cpu").ExitCode);
    }

    /// <summary>A vision transformer of Hugging Face, without a card: each pooling of its tokens embeds, trains and predicts.</summary>
    [Theory]
    [InlineData("cls", 1)]
    [InlineData("mean-tokens", 1)]
    [InlineData("cls+mean", 2)]
    [InlineData("cls4+mean", 5)]
    public void Tokens_are_pooled_by_name(string pooling, int vectors)
    {
        var folder = fixture.NewFile($"vit-{vectors}-{pooling}");
        TinyTransformer.WriteFolder(folder);
        var photo = Path.Combine(fixture.Photos, "red", "red-00.png");
        var embedded = Cli.Run("embed", photo, "--backbone", folder, "--pooling", pooling, "--provider", "cpu", "--cache", "none", "--out", fixture.NewFile("tokens.npy"), "--json");
        Assert.True(embedded.ExitCode == 0, embedded.Error);
        Assert.Equal(vectors * TinyTransformer.Dim, embedded.Json.GetProperty("dim").GetInt32());
        var output = fixture.NewFile("tokens.onnx");
        var trained = Cli.Run("train", fixture.Photos, "--backbone", folder, "--pooling", pooling, "--out", output, "--provider", "cpu", "--cache", "none", "--json");
        Assert.True(trained.ExitCode == 0, trained.Error);
        Assert.Equal(0, Cli.Run("predict", output, photo, "--provider", "cpu").ExitCode);
        Assert.False(File.Exists(Path.Combine(folder, "onnx", "model.model.json")));
    }

    [Fact]
    public void A_pooling_of_tokens_is_refused_where_there_are_none()
    {
        var photo = Path.Combine(fixture.Photos, "red", "red-00.png");
        foreach (var pooling in new[] { "cls", "mean-tokens", "cls+mean", "cls4+mean", "max" })
            AssertOneSentence(Cli.Run("embed", photo, "--backbone", fixture.Backbone, "--pooling", pooling, "--out", fixture.NewFile("never.npy"), "--cache", "none"), fixture.Backbone);
        Assert.Equal(2, Cli.Run("embed", photo, "--backbone", fixture.Backbone, "--pooling", "cls-mean", "--out", fixture.NewFile("never.npy")).ExitCode);
    }

    [Fact]
    public void Card_is_not_written_beside_the_models_of_the_tool() =>
        AssertOneSentence(Cli.Run("models", "card", "resnet18", "--preprocess", "torch"), "belongs to this application");

    private string Bare()
    {
        var path = fixture.NewFile($"bare-{Guid.NewGuid():N}.onnx");
        TinyBackbone.Write(path);
        File.Delete(ModelCard.PathFor(path));
        return path;
    }

    [SharedFact("models/mobilenet_v2_1.0_224_ptq.tflite")]
    public void Convert_writes_an_onnx_file_of_a_real_tflite()
    {
        var output = fixture.NewFile("converted.onnx");
        var result = Cli.Run("models", "convert", Repository.SharedPath("models", "mobilenet_v2_1.0_224_ptq.tflite"), "--out", output);
        Assert.Equal(0, result.ExitCode);
        Assert.InRange(new FileInfo(output).Length, 13_000_000, 15_000_000);
        Assert.False(File.Exists(ModelCard.PathFor(output)));
        Assert.Contains("--preprocess torch|tf|tf-unit|caffe", result.Error, StringComparison.Ordinal);
    }

    [SharedFact("models/mobilenet_v2_1.0_224_ptq.tflite")]
    public void Convert_with_preprocessing_makes_a_backbone()
    {
        var output = fixture.NewFile("backbone.onnx");
        var tflite = Repository.SharedPath("models", "mobilenet_v2_1.0_224_ptq.tflite");

        Assert.Equal(0, Cli.Run("models", "convert", tflite, "--out", output, "--preprocess", "tf").ExitCode);

        var card = ModelCard.Load(ModelCard.PathFor(output));
        Assert.Equal(("backbone", 1280, 1001), (card.Id, card.Features.Dim, card.Classes!.Count));
        Assert.Equal(ScoreKind.Probabilities, card.Classes.Kind);
        Assert.Equal((224, 224), (card.Input.Height, card.Input.Width));
        Assert.Contains("mobilenet_v2_1.0_224_ptq.tflite", card.Source, StringComparison.Ordinal);
        var classified = Cli.Run("classify", Repository.SharedPath("data", "grace_hopper.bmp"), "--backbone", output, "--json");
        Assert.Equal(653, classified.Json[0].GetProperty("index").GetInt32());
    }

    /// <summary>A file of keras.applications, which has weights alone: converted with its card, trained on, loaded again with the same numbers.</summary>
    [PythonFact]
    public void Weights_of_keras_applications_become_a_backbone_that_trains()
    {
        var (h5, network) = (fixture.NewFile("mobilenet_v2_notop.h5"), fixture.NewFile("keras.onnx"));
        PythonFactAttribute.Run("make_mobilenet_v2.py", h5, "5");
        var unnamed = Cli.Run("models", "convert", h5, "--out", network);
        AssertOneSentence(unnamed, "--architecture (inception_v3, mobilenet_v2");
        var converted = Cli.Run("models", "convert", h5, "--architecture", "mobilenet_v2", "--out", network);
        Assert.True(converted.ExitCode == 0, converted.Error);
        Assert.Contains("keras.model.json", converted.Error, StringComparison.Ordinal);
        var card = ModelCard.Load(ModelCard.PathFor(network));
        Assert.Equal(("keras", 1280, 224, PreprocessSpec.TensorFlow(224)), (card.Id, card.Features.Dim, card.Input.Height, card.Preprocess));
        Assert.Null(card.Classes);

        var trained = fixture.NewFile("keras-trained.onnx");
        var result = Cli.Run("train", fixture.Photos, "--backbone", network, "--out", trained, "--provider", "cpu", "--cache", "none", "--epochs", "5", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        var photo = Path.Combine(fixture.Photos, "red", "red-00.png");
        var predicted = Cli.Run("predict", trained, photo, "--provider", "cpu", "--top", "3", "--json");
        Assert.True(predicted.ExitCode == 0, predicted.Error);
        using var classifier = ImageClassifier.Load(trained, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
        using var copy = new TempFolder();
        classifier.Save(copy.File("again.onnx"));
        using var again = ImageClassifier.Load(copy.File("again.onnx"), new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
        var (first, second) = (classifier.Predict(photo), again.Predict(photo));
        Assert.Equal(first.Probabilities, second.Probabilities);
        Assert.Contains(System.Text.Json.JsonSerializer.Serialize(first.Probabilities.Max()), predicted.Output, StringComparison.Ordinal);
    }

    /// <summary>The counterpart of Keras's <c>load_weights(by_name=True)</c>: the file is the one that a conversion of the other weights writes.</summary>
    [PythonFact]
    public void Weights_takes_a_file_of_keras_by_the_names_of_its_layers()
    {
        var (first, second, output) = (fixture.NewFile("first.onnx"), fixture.NewFile("second.onnx"), fixture.NewFile("by-name.onnx"));
        foreach (var (network, seed) in new[] { (first, "7"), (second, "8") })
        {
            PythonFactAttribute.Run("make_mobilenet_v2.py", Path.ChangeExtension(network, ".h5"), seed);
            Assert.Equal(0, Cli.Run("models", "convert", Path.ChangeExtension(network, ".h5"), "--architecture", "mobilenet_v2", "--out", network).ExitCode);
        }

        var weights = Path.ChangeExtension(second, ".h5");
        var result = Cli.Run("models", "weights", first, "--from", weights, "--out", output, "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal((260, 0), (result.Json.GetProperty("matched").GetArrayLength(), result.Json.GetProperty("missing").GetArrayLength()));
        Assert.True(File.ReadAllBytes(second).AsSpan().SequenceEqual(File.ReadAllBytes(output)));
        Assert.True(File.Exists(ModelCard.PathFor(output)));
        AssertOneSentence(Cli.Run("models", "weights", fixture.Backbone, "--from", weights, "--out", fixture.NewFile("never.onnx")), "names of Keras's layers");
        AssertOneSentence(Cli.Run("models", "weights", first, "--from", fixture.NewFile("absent.h5"), "--out", fixture.NewFile("never.onnx")), "absent.h5");
    }

    [Fact]
    public void Convert_with_an_unknown_preprocessing_is_wrong_usage()
    {
        var result = Cli.Run("models", "convert", "x.tflite", "--out", fixture.NewFile("never.onnx"), "--preprocess", "pytorch");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("torch", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing.tflite", 1)]
    [InlineData("weights.h5", 1)]
    [InlineData("network.onnx", 2)]
    public void Convert_of_what_it_cannot_read_is_refused(string file, int exitCode)
    {
        var output = fixture.NewFile("never.onnx");
        var result = Cli.Run("models", "convert", file, "--out", output);
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains(file, result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(output));
    }

    /// <summary>A file of any format under any name: one sentence, exit 1, no stack trace and no file.</summary>
    [Theory]
    [InlineData("net.tflite", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 10\n", "a Git LFS pointer")]
    [InlineData("net.h5", "<!DOCTYPE html><html></html>", "a web page (HTML)")]
    [InlineData("model.json", "{\"modelTopology\":{\"node\":[]}}", "a TensorFlow.js graph model")]
    [InlineData("model.json", "{\"class_name\":\"Sequential\"}", "model.json")]
    [InlineData("model.json", "[]", "model.json")]
    [InlineData("net.keras", "PK\u0003\u0004 and no archive", "net.keras")]
    [InlineData("net.tflite", "    TFL3 and nothing more", "a damaged TFLite file")]
    [InlineData("net.weird", "\u0001\u0002\u0003", "net.weird")]
    public void Convert_never_prints_a_stack_trace(string name, string content, string expected)
    {
        var folder = fixture.NewFile("formats");
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, name);
        File.WriteAllText(file, content);
        AssertOneSentence(Cli.Run("models", "convert", file, "--out", Path.Combine(folder, "never.onnx")), expected);
        Assert.False(File.Exists(Path.Combine(folder, "never.onnx")));
    }

    [SharedTheory("cases")]
    [InlineData("models/graphmodel/model.json", "a TensorFlow.js graph model")]
    [InlineData("hostile/k_amp.json", "twice")]
    [InlineData("hostile/k_lnk.json", "only files below the folder")]
    public void Convert_of_a_hostile_model_ends_in_one_sentence(string path, string expected)
    {
        var folder = fixture.NewFile("hostile");
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, Path.GetFileName(path));
        File.Copy(Repository.SharedPath(["cases", .. path.Split('/')]), file, overwrite: true);
        File.WriteAllBytes(Path.Combine(folder, "big.bin"), new byte[1 << 20]);
        var outside = fixture.NewFile("outside.bin");
        File.WriteAllBytes(outside, new byte[4096]);
        if (!File.Exists(Path.Combine(folder, "lnk"))) File.CreateSymbolicLink(Path.Combine(folder, "lnk"), outside);
        AssertOneSentence(Cli.Run("models", "convert", file, "--out", Path.Combine(folder, "never.onnx")), expected);
    }

    [Fact]
    public void A_saved_model_is_named()
    {
        var folder = fixture.NewFile("saved_model");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "saved_model.pb"), "");
        foreach (string[] command in (string[][])[["models", "convert", folder, "--out", fixture.NewFile("never.onnx")], ["models", "info", folder], ["models", "layers", folder]])
            AssertOneSentence(Cli.Run(command), "a TensorFlow SavedModel");
    }

    private static void AssertOneSentence(CliResult result, string expected)
    {
        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public void Doctor_reports_decoder_runtime_and_why_not_cuda()
    {
        var result = Cli.Run("doctor", "--json");
        Assert.Equal(0, result.ExitCode);
        Assert.NotEqual("", result.Json.GetProperty("decoder").GetString());
        var formats = result.Json.GetProperty("formats").EnumerateArray().ToDictionary(one => one.GetProperty("format").GetString()!, one => one.GetProperty("decoder").GetString());
        Assert.Equal(result.Json.GetProperty("decoder").GetString(), formats["jpeg"]);
        Assert.StartsWith("libvips 8.", formats["tiff"], StringComparison.Ordinal);
        Assert.Equal(formats["tiff"], formats["avif"]);
        Assert.StartsWith("Magick.NET 15.", formats["heic"], StringComparison.Ordinal);
        Assert.StartsWith("1.", result.Json.GetProperty("onnxRuntime").GetString(), StringComparison.Ordinal);
        var cuda = result.Json.GetProperty("providers").EnumerateArray().Single(provider => provider.GetProperty("name").GetString() == "cuda");
        Assert.True(cuda.GetProperty("usable").GetBoolean() || cuda.GetProperty("whyNot").GetString()!.Length > 0);
    }

    [Fact]
    public void Doctor_says_where_a_model_runs_and_that_there_is_nothing_to_verify_it_with()
    {
        var result = Cli.Run("doctor", "--backbone", fixture.Backbone, "--provider", "cpu");
        Assert.Equal(0, result.ExitCode);
        Assert.Matches("nodes on CPU: .*1 [A-Z][A-Za-z]+", result.Output);
        Assert.Contains("no reference vectors", result.Output, StringComparison.Ordinal);
        Assert.Contains("resnet18", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Doctor_counts_the_nodes_of_a_model_in_json()
    {
        var network = Cli.Run("doctor", "--backbone", fixture.Backbone, "--provider", "cpu", "--json").Json.GetProperty("network");
        Assert.Equal("cpu", network.GetProperty("executionProvider").GetString());
        Assert.All(network.GetProperty("nodes").EnumerateArray(), nodes => Assert.Equal("CPU", nodes.GetProperty("provider").GetString()));
        Assert.Contains(network.GetProperty("nodes").EnumerateArray(), nodes => nodes.GetProperty("operator").GetString() is "Conv" or "FusedConv");
    }

    [Fact]
    public void Doctor_verifies_the_vectors_of_the_model_beside_the_tool()
    {
        var result = Cli.Run("doctor", "--provider", "cpu", "--json");
        Assert.Equal(["resnet18"], result.Json.GetProperty("modelsBesideApplication").EnumerateArray().Select(id => id.GetString()));
        Assert.Equal(0, result.ExitCode);
        var vectors = result.Json.GetProperty("parity").EnumerateArray().Where(check => check.TryGetProperty("cosine", out _)).ToList();
        Assert.Equal(2, vectors.Count);
        Assert.All(vectors, check => Assert.True(check.GetProperty("cosine").GetDouble() >= check.GetProperty("leastCosine").GetDouble()));
    }
}
