using System.Text.Json;
using Microsoft.Data.Sqlite;
using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests;

/// <summary>
/// Files as released versions wrote them, spelled out here and not by today's writers, and what they answer computed by hand: a
/// change that no longer reads them fails.
/// </summary>
public sealed class OldFilesTests : IDisposable
{
    private const int Side = 16;
    private const int Dim = 4;

    /// <summary>How a card was written: every field, absent ones as null.</summary>
    private const string Card = """
        {
          "id": "old-tiny",
          "sha256": "6e03d3be33e15b90c557f0b1377c52b2372dcd3015cca6670f8b1b711a89c132",
          "license": "Apache-2.0",
          "source": "made by the tests",
          "input": {
            "tensor": "image",
            "layout": "NCHW",
            "height": 16,
            "width": 16
          },
          "features": {
            "tensor": "features",
            "dim": 4
          },
          "preprocess": {
            "resize": {
              "mode": "stretch",
              "filter": "pillow-bilinear",
              "height": 16,
              "width": 16
            },
            "crop": null,
            "rescale": 0.00392156862745098,
            "mean": [
              0.5,
              0.5,
              0.5
            ],
            "std": [
              0.5,
              0.25,
              0.5
            ],
            "channels": "RGB"
          }
        }

        """;

    private const string Training = """
        OnnxTransfer 0.1.0.0, MathNet.Numerics 5.0.0.0, .NET 10.0.12, X64
        backbone old-tiny sha256 6e03d3be33e15b90c557f0b1377c52b2372dcd3015cca6670f8b1b711a89c132
        training 32x4 sha256 39bde435a6f8925ff6027129617c7119c2fc634ba24e0f0f9ba35cfabb5ca409
        """;

    private const string OldDescription = """
        generation 1
        computation sha256 572d51cd456cde11b1566b253f67a313941c47c0f78a605841371774a7324514
        output features, 12 numbers
        input image Nchw 16x16
        preprocess PillowBilinear to 16x16, shortest edge , crop , upsampling , rescale 0.00392156862745098, mean 0.5 0.5 0.5, std 0.5 0.5 0.5, RGB
        decoder SkiaSharp 3.119.4, shrink None, background (255, 255, 255)
        ONNX Runtime 1.30.0 on Cpu, X64 AVX-512
        """;

    private static readonly double[] s_mean = [0.5, 0.5, 0.5];
    private static readonly double[] s_std = [0.5, 0.25, 0.5];
    private static readonly float[] s_convolution = [0.5f, -0.25f, 1, 1, 1, -1, -0.5f, 0.75f, 0.25f, -1, 0.5f, 0.5f];
    private static readonly float[] s_convolutionBias = [0.1f, 0, 0.2f, 0.3f];
    private static readonly float[] s_weights = [0.5f, -0.5f, 1, -1, 0.25f, 0.75f, -0.125f, 0.5f];
    private static readonly float[] s_bias = [0.1f, -0.1f];

    private static readonly FeatureExtractorOptions s_onCpu = new() { Provider = ExecutionProvider.Cpu };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Softmax")]
    [InlineData("Sigmoid")]
    public void A_classifier_answers_as_it_did(string activation)
    {
        using var classifier = ImageClassifier.Load(Classifier(activation), s_onCpu);
        Assert.Equal(["cyan", "orange"], classifier.Labels);
        Assert.Equal(("old-tiny", "Apache-2.0", Dim), (classifier.Model.Id, classifier.Model.License, classifier.Model.Dim));
        foreach (var (r, g, b) in new (byte, byte, byte)[] { (20, 200, 210), (250, 140, 10), (0, 0, 0), (255, 255, 255) })
        {
            var expected = Answer(activation, (_, _, c) => c == 0 ? r : c == 1 ? g : b);
            var actual = classifier.Predict(TestImage.Png(32, 24, [.. Enumerable.Repeat(new[] { r, g, b }, 32 * 24).SelectMany(rgb => rgb)])).Probabilities;
            for (var c = 0; c < 2; c++) Assert.Equal(expected[c], actual[c], 1e-5f);
        }
    }

    [Fact]
    public void A_classifier_saved_again_keeps_all_that_was_in_it()
    {
        var (old, again) = (Classifier("Softmax"), _folder.File("again.onnx"));
        using (var classifier = ImageClassifier.Load(old, s_onCpu)) classifier.Save(again);
        var (before, after) = (OnnxModel.Load(old).Metadata, OnnxModel.Load(again).Metadata);
        Assert.Equal(before.Keys, after.Keys);
        Assert.NotEmpty(before.Keys.Except(["onnxtransfer.probe"]));
        foreach (var key in before.Keys.Where(key => key != "onnxtransfer.probe")) Assert.Equal(before[key], after[key]);
    }

    [Fact]
    public void What_an_older_format_wrote_is_refused_with_what_to_do()
    {
        var model = OnnxModel.Load(Classifier("Softmax"));
        model.SetMetadata("onnxtransfer.format", "1");
        var file = _folder.File("older.onnx");
        model.Save(file);
        var error = Assert.Throws<InvalidModelException>(() => ImageClassifier.Load(file, s_onCpu));
        Assert.Equal($"{file} is a classifier in format 1, but this version reads format 2: use the version of OnnxTransfer that saved it, or train again.", error.Message);
    }

    [Fact]
    public void A_head_alone_is_read()
    {
        var builder = new OnnxGraphBuilder("head");
        builder.Input("features", OnnxElementType.Float32, OnnxDim.Named("N"), Dim);
        AddHead(builder, "features", "Softmax");
        builder.Output("probabilities", OnnxElementType.Float32, [OnnxDim.Named("N"), 2]);
        var model = builder.Build("head");
        model.SetMetadata("onnxtransfer.labels", """["cyan","orange"]""");
        model.SetMetadata("onnxtransfer.training", Training);
        var file = _folder.File("head.onnx");
        model.Save(file);

        var head = ClassifierHead.Load(file);
        Assert.Equal(["cyan", "orange"], head.Labels);
        Assert.Equal(s_weights, head.Head.OutputLayer().Weights.ToRowMajorArray());
        Assert.Equal(s_bias, head.Head.OutputLayer().Bias.ToArray());
    }

    [Fact]
    public void A_card_is_read_and_written_to_the_same_text() => Assert.Equal(Card, ModelCard.FromJson(Card, "the test").ToJson());

    /// <summary>The version before goes on with its own file.</summary>
    [Fact]
    public async Task A_cache_of_the_format_before_stays_as_it_is_and_a_new_one_lies_beside_it()
    {
        var model = _folder.File("tiny.onnx");
        TinyBackbone.Write(model);
        var photo = _folder.File("photo.png");
        File.WriteAllBytes(photo, TestImage.NoisyPng(20, 20, (10, 200, 100), 1));
        var old = OldCache("features.sqlite", version: 1);
        var bytes = File.ReadAllBytes(old);
        var cache = new FeatureCache(Path.GetDirectoryName(old));

        using var extractor = FeatureExtractor.Load(model, s_onCpu with { Cache = cache });
        Assert.Equal(0, (await extractor.EmbedAsync([photo])).Cached);
        Assert.Equal(1, (await extractor.EmbedAsync([photo])).Cached);
        Assert.Null(cache.Problem);
        Assert.Equal(new CacheCheck(1, 0), cache.Verify());
        Assert.NotEqual(old, cache.File);
        Assert.Equal(bytes, File.ReadAllBytes(old));
    }

    [Fact]
    public void A_file_of_another_format_under_the_name_of_this_one_is_refused_with_what_to_do()
    {
        var cache = new FeatureCache(_folder.File("features"));
        OldCache(Path.GetFileName(cache.File), version: 7);
        var error = Assert.Throws<InvalidDataException>(() => cache.Models());
        Assert.Equal($"The feature cache '{cache.File}' has format 7, but this version reads format 2: name another folder, or delete the file; the next run computes its vectors again.", error.Message);
    }

    /// <summary>The key has a version in it, so an old network is found under no key of today; a file renamed to one is not served either.</summary>
    [Fact]
    public void A_converted_network_of_another_key_is_not_served()
    {
        var path = _folder.File("tiny.onnx");
        TinyBackbone.Write(path);
        var network = OnnxModel.Load(path);
        var (old, today) = (new string('a', 64), new string('b', 64));
        network.SetMetadata("onnxtransfer.precision", $$"""{"Precision":"Int8","Detail":"8 bits were asked for.","Similarity":0.9968,"Speedup":2.97,"Key":"{{old}}"}""");
        network.Save(_folder.File("int8", old + ".onnx"));
        network.Save(_folder.File("int8", today + ".onnx"));
        var cache = new ConvertedNetworkCache(Path.Combine(_folder.Path, "int8"));
        Assert.Equal(NetworkPrecision.Int8, cache.Find(old)!.Value.Info.Precision);
        Assert.Null(cache.Find(today));
    }

    private string Classifier(string activation)
    {
        var builder = new OnnxGraphBuilder("tiny");
        builder.Input("pixels", OnnxElementType.UInt8, OnnxDim.Named("N"), Side, Side, 3);
        builder.Constant("pixels/scale", [1, 3, 1, 1], [.. s_std.Select(std => (float)(1 / 255.0 / std))]);
        builder.Constant("pixels/offset", [1, 3, 1, 1], [.. s_mean.Zip(s_std, (mean, std) => (float)(-mean / std))]);
        builder.Node("Transpose", "pixels/nchw", ["pixels"], ("perm", new long[] { 0, 3, 1, 2 }));
        builder.Node("Cast", "pixels/float", ["pixels/nchw"], ("to", 1));
        builder.Node("Mul", "pixels/scaled", ["pixels/float", "pixels/scale"]);
        builder.Node("Add", "image/normalized", ["pixels/scaled", "pixels/offset"]);
        builder.Constant("weights", [Dim, 3, 1, 1], s_convolution);
        builder.Constant("bias", [Dim], s_convolutionBias);
        builder.Node("Conv", "convolved", ["image/normalized", "weights", "bias"]);
        builder.Node("Relu", "activated", ["convolved"]);
        builder.Node("GlobalAveragePool", "pooled", ["activated"]);
        builder.Node("Flatten", "features", ["pooled"]);
        AddHead(builder, "features", activation);
        builder.Output("logits", OnnxElementType.Float32, [OnnxDim.Named("N"), 2]);
        builder.Output("probabilities", OnnxElementType.Float32, [OnnxDim.Named("N"), 2]);
        var model = builder.Build("tiny");
        model.SetMetadata("onnxtransfer.card", Card);
        model.SetMetadata("onnxtransfer.format", "2");
        model.SetMetadata("onnxtransfer.labels", """["cyan","orange"]""");
        var probe = Enumerable.Range(0, 2).Select(n => Answer(activation, (x, y, c) => (byte)((((n + 1) * ((3 * y) + (5 * x))) + (85 * c)) % 256)));
        model.SetMetadata(
            "onnxtransfer.probe",
            $$"""{"images":"uint8 pixel[n,y,x,c] = ((n\u002B1)*(3*y\u002B5*x) \u002B 85*c) mod 256","probabilities":{{JsonSerializer.Serialize(probe)}},"tolerance":0.01}""");
        model.SetMetadata("onnxtransfer.training", Training);
        var file = _folder.File($"old-{activation}.onnx");
        model.Save(file);
        return file;
    }

    private static void AddHead(OnnxGraphBuilder builder, string features, string activation)
    {
        builder.Constant("logits/weights", [Dim, 2], s_weights);
        builder.Constant("logits/bias", [2], s_bias);
        builder.Node("Gemm", "logits", [features, "logits/weights", "logits/bias"]);
        if (activation == "Softmax") builder.Node("Softmax", "probabilities", ["logits"], ("axis", 1));
        else builder.Node(activation, "probabilities", ["logits"]);
    }

    /// <summary>The probabilities of an image of the input's size, in double.</summary>
    private static float[] Answer(string activation, Func<int, int, int, byte> pixel)
    {
        var features = new double[Dim];
        for (var y = 0; y < Side; y++)
        {
            for (var x = 0; x < Side; x++)
            {
                for (var d = 0; d < Dim; d++)
                {
                    double sum = s_convolutionBias[d];
                    for (var c = 0; c < 3; c++) sum += s_convolution[(d * 3) + c] * (((pixel(x, y, c) / 255.0) - s_mean[c]) / s_std[c]);
                    features[d] += Math.Max(0, sum) / (Side * Side);
                }
            }
        }

        double[] logits = [.. Enumerable.Range(0, 2).Select(c => s_bias[c] + Enumerable.Range(0, Dim).Sum(d => features[d] * s_weights[(d * 2) + c]))];
        return activation == "Sigmoid"
            ? [.. logits.Select(logit => (float)(1 / (1 + Math.Exp(-logit))))]
            : [.. logits.Select(logit => (float)(Math.Exp(logit) / logits.Sum(Math.Exp)))];
    }

    private string OldCache(string name, int version)
    {
        var file = _folder.File("features", name);
        using (var connection = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = $"""
                PRAGMA page_size = 32768; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
                CREATE TABLE space (
                    id INTEGER PRIMARY KEY, fingerprint BLOB NOT NULL UNIQUE, model TEXT NOT NULL, description TEXT NOT NULL, dim INTEGER NOT NULL, used INTEGER NOT NULL);
                CREATE TABLE vector (
                    id INTEGER PRIMARY KEY, space INTEGER NOT NULL REFERENCES space ON DELETE CASCADE, image BLOB NOT NULL, checksum INTEGER NOT NULL, value BLOB NOT NULL);
                CREATE UNIQUE INDEX vector_key ON vector (space, image);
                PRAGMA application_id = 1330923075;
                PRAGMA user_version = {version};
                INSERT INTO space VALUES (1, $fingerprint, 'tiny', $description, 12, 1600000000);
                INSERT INTO vector VALUES (1, 1, $image, $checksum, $value);
                """;
            command.Parameters.AddWithValue("$fingerprint", System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(OldDescription)));
            command.Parameters.AddWithValue("$description", OldDescription);
            command.Parameters.AddWithValue("$image", System.Security.Cryptography.SHA256.HashData("an image"u8));
            // CRC-32C of 48 zero bytes.
            command.Parameters.AddWithValue("$checksum", Crc32C(new byte[48]));
            command.Parameters.AddWithValue("$value", new byte[48]);
            command.ExecuteNonQuery();
        }

        return file;
    }

    /// <summary>Bit by bit, by the reflected polynomial 0x82F63B78.</summary>
    private static long Crc32C(byte[] bytes)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var one in bytes)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78u);
        }

        return ~crc;
    }
}
