using System.Text;
using System.Text.Json.Nodes;
using OnnxTransfer.Conversion.Internals;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Conversion.Tests.Keras;

/// <summary>
/// <c>small.model.json</c> was written by TensorFlow.js 4.22, and the expected numbers were computed by it on its CPU backend,
/// with the weights and the image of the formulas below. So were <c>families.model.json</c>, by <c>make_families.mjs</c> beside it.
/// </summary>
public sealed class KerasConverterTests
{
    private static readonly string s_families = File.ReadAllText(Repository.PathOf("tests", "OnnxTransfer.Conversion.Tests", "Keras", "families.model.json"));

    private static readonly string s_json = File.ReadAllText(Repository.PathOf("tests", "OnnxTransfer.Conversion.Tests", "Keras", "small.model.json"));

    /// <summary>Channels last; the same formula in both programs.</summary>
    internal static Values Image(int height, int width) =>
        new([.. Enumerable.Range(0, height * width * 3).Select(i => (float)(i * 7919L % 1000 / 1000.0))], 1, height, width, 3);

    internal static byte[] Weights(string? json = null)
    {
        var bytes = new List<byte>();
        foreach (var weight in JsonNode.Parse(json ?? s_json)!["weightsManifest"]![0]!["weights"]!.AsArray())
        {
            var name = (string)weight!["name"]!;
            var count = weight["shape"]!.AsArray().Aggregate(1, (product, side) => product * (int)side!);
            var shift = name.EndsWith("variance", StringComparison.Ordinal) ? 0.5 : -0.5;
            for (var i = 0; i < count; i++) bytes.AddRange(BitConverter.GetBytes((float)((((i * 37) + (name.Length * 11)) % 101 / 101.0) + shift)));
        }

        return [.. bytes];
    }

    private static OnnxModel Convert(KerasOptions? options = null, string? json = null, byte[]? weights = null) =>
        OnnxModel.Parse(KerasConverter.Convert(Encoding.UTF8.GetBytes(json ?? s_json), _ => weights ?? Weights(), options));

    [Theory]
    [InlineData("deep_elu", 33.3335894, 58.9588503, 0.715123653, 0.0971999094, -0.525734901, -0.172740445)]
    [InlineData("gated", 16.8923150, 10.9276627, -0.233795643, 0.397758335, 0.0993173271, -0.0907779112)]
    [InlineData("both", 29.6179131, 14.2909680, 0.370421797, 0.581591606, 0.613031209, 0.465025276)]
    [InlineData("either", 0.665411919, 0.434432332, 0.305598021, 0.373860866, 0.345699698, -0.0875339508)]
    [InlineData("classes", 0.999999955, 0.268738023, 0.255841166, 0.353658348, 0.163914964, 0.226585478)]
    public void EqualsTensorFlow(string layer, double sum, double squares, params double[] first)
    {
        var model = Convert(new KerasOptions { Outputs = [layer], InputLayout = TensorLayout.Nhwc });

        var computed = GraphRunner.Run(model, ("image", Image(12, 10))).Single().Value;

        int[] shape = [.. computed.Shape.Select(s => (int)s)];
        var data = shape.Length == 4 ? AxisOrder.Permute(computed.Data, shape, [0, 2, 3, 1]) : computed.Data;
        for (var i = 0; i < first.Length; i++) Assert.Equal(first[i], data[i], 1e-5);
        Assert.Equal(sum, data.Sum(v => (double)v), 1e-4 * data.Length);
        Assert.Equal(squares, data.Sum(v => (double)v * v), 1e-4 * data.Length);
        Assert.Equal(computed.Shape.Skip(1), model.Outputs[0].Dims!.Skip(1).Select(d => d.Size!.Value));
    }

    /// <summary>The blocks that VGG, ResNet, MobileNet, EfficientNet and DenseNet are made of.</summary>
    [Theory]
    [InlineData("vgg", 0.999999985, 0.260897263, 0.257918894, 0.163106844, 0.280385613, 0.298588634)]
    [InlineData("resnet", 24.2150719, 14.7317319, 0.0, 0.268240720, 0.0, 0.0)]
    [InlineData("resnet_v2", 11.0314187, 13.1612605, 0.585980415, -0.108212188, 0.493982553, -0.421645910)]
    [InlineData("mobilenet", 0.999999955, 0.266675722, 0.246796429, 0.348600864, 0.167710692, 0.236891970)]
    [InlineData("efficientnet", 63.4487076, 53.5074377, 0.936503172, -0.287468493, 0.208103180, 0.474072486)]
    [InlineData("densenet", -9.18550152, 10.1766369, -0.0263871197, 0.149075985, -0.387205899, 0.107249461)]
    public void TheBlocksOfEveryFamilyEqualTensorFlow(string family, double sum, double squares, params double[] first)
    {
        var model = Convert(new KerasOptions { Outputs = [family], InputLayout = TensorLayout.Nhwc }, s_families, Weights(s_families));

        var computed = GraphRunner.Run(model, ("image", Image(16, 14))).Single().Value;

        int[] shape = [.. computed.Shape.Select(s => (int)s)];
        var data = shape.Length == 4 ? AxisOrder.Permute(computed.Data, shape, [0, 2, 3, 1]) : computed.Data;
        for (var i = 0; i < first.Length; i++) Assert.Equal(first[i], data[i], 1e-5);
        Assert.Equal(sum, data.Sum(v => (double)v), 1e-5 * data.Length);
        Assert.Equal(squares, data.Sum(v => (double)v * v), 1e-5 * data.Length);
    }

    /// <summary>What TensorFlow.js lacks: MobileNet v3's activation, Keras' Normalization; held against their formulas.</summary>
    [Fact]
    public void NormalizationAndHardSwishFollowTheirFormulas()
    {
        const string json = """
            {"modelTopology":{"model_config":{"class_name":"Sequential","config":{"name":"s","layers":[
              {"class_name":"Normalization","config":{"name":"n","axis":[-1],"batch_input_shape":[null,2,2,3]}},
              {"class_name":"Activation","config":{"name":"y","activation":"hard_swish"}}]}}},
             "weightsManifest":[{"paths":["w"],"weights":[{"name":"n/mean","shape":[3],"dtype":"float32"},{"name":"n/variance","shape":[3],"dtype":"float32"}]}]}
            """;
        float[] statistics = [0.5f, -1, 2, 0.25f, 4, 0.01f];
        var image = Values.Random(4, 1, 3, 2, 2);

        var model = Convert(json: json, weights: [.. statistics.SelectMany(BitConverter.GetBytes)]);
        var computed = GraphRunner.Run(model, (model.Inputs[0].Name, image))["y"];

        for (var i = 0; i < image.Data.Length; i++)
        {
            var x = (image.Data[i] - (double)statistics[i / 4]) / Math.Sqrt(statistics[3 + (i / 4)]);
            Assert.Equal(x * Math.Clamp(x + 3, 0, 6) / 6, computed.Data[i], 1e-4);
        }
    }

    [Fact]
    public void BatchNormalizationBecomesPartOfTheConvolutionAndNoTransposeIsNeeded()
    {
        var model = Convert(new KerasOptions { Outputs = ["gated"] });

        Assert.DoesNotContain(model.Graph.Node, n => n.OpType is "Transpose" or "BatchNormalization");
        Assert.Contains("stem_bn", OnnxGraphEditor.ComputedTensors(model));
        // Asked for by name, the convolution itself is still there, and the normalization behind it computes the same.
        var both = Convert(new KerasOptions { Outputs = ["stem", "stem_bn"] });
        var (image, apart) = (new Values(Image(12, 10).Data, 1, 3, 12, 10), Convert(new KerasOptions { Outputs = ["stem_bn"] }));
        GraphRunner.Run(both, ("image", image))["stem_bn"].AssertClose(GraphRunner.Run(apart, ("image", image))["stem_bn"], 1e-5);
    }

    [Fact]
    public void ALayerInsideANestedModelCanBeTheOutput() =>
        Assert.Equal(["inner/inside_pool"], Convert(new KerasOptions { Outputs = ["inner/inside_pool"] }).Outputs.Select(o => o.Name));

    [Fact]
    public void TheInputSizeCanBeSetWhereTheLayersAllowIt()
    {
        Assert.Equal("[N,6,16,14]", Convert(new KerasOptions { Outputs = ["gated"], Height = 32, Width = 26 }).Outputs[0].ShapeText);
        Assert.Contains("'dense'", Assert.Throws<InvalidDataException>(() => Convert(new KerasOptions { Height = 32, Width = 26 })).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("uint8", 256, 0.01)]
    [InlineData("uint16", 65536, 1e-4)]
    public void QuantisedWeightsGiveTheirValues(string type, int levels, double tolerance)
    {
        var json = JsonNode.Parse(s_json)!;
        var scale = 2.0 / (levels - 1);
        foreach (var weight in json["weightsManifest"]![0]!["weights"]!.AsArray())
            weight!["quantization"] = new JsonObject { ["min"] = -0.5, ["scale"] = scale, ["dtype"] = type };
        var exact = Weights();
        var stored = Enumerable.Range(0, exact.Length / 4).Select(i => (int)Math.Round((BitConverter.ToSingle(exact, 4 * i) + 0.5) / scale));
        byte[] weights = [.. stored.SelectMany(q => type == "uint8" ? [(byte)q] : BitConverter.GetBytes((ushort)q))];

        var image = new Values(Image(12, 10).Data, 1, 3, 12, 10);
        var expected = GraphRunner.Run(Convert(), ("image", image))["classes"];
        expected.AssertClose(GraphRunner.Run(Convert(json: json.ToJsonString(), weights: weights), ("image", image))["classes"], tolerance);
    }

    [Fact]
    public void ASequenceWithoutInputLayerStartsAtItsFirstLayer()
    {
        const string json = """
            {"modelTopology":{"model_config":{"class_name":"Sequential","config":[
              {"class_name":"Dense","config":{"name":"one","units":2,"activation":"relu","use_bias":true,"batch_input_shape":[null,3]}},
              {"class_name":"Softmax","config":{"name":"two","axis":-1}}]}},
             "weightsManifest":[{"paths":["w"],"weights":[{"name":"one/kernel","shape":[3,2],"dtype":"float32"},{"name":"one/bias","shape":[2],"dtype":"float32"}]}]}
            """;
        float[] weights = [1, 0, 0, 1, 1, 1, 0, 3];

        var model = Convert(json: json, weights: [.. weights.SelectMany(BitConverter.GetBytes)]);
        var y = GraphRunner.Run(model, ("one_input", new Values([1, 2, 3], 1, 3)))["two"];

        // relu([1+3, 2+3+3]) = [4, 8].
        Assert.Equal(1 / (1 + Math.Exp(4)), y.Data[0], 1e-6);
    }

    [Fact]
    public void WhatCannotBeConvertedIsNamed()
    {
        var unknown = s_json.Replace("\"class_name\":\"LeakyReLU\"", "\"class_name\":\"ConvLSTM2D\"", StringComparison.Ordinal);
        var error = Assert.Throws<NotSupportedException>(() => Convert(json: unknown));
        Assert.Contains("'leaky'", error.Message, StringComparison.Ordinal);
        Assert.Contains("ConvLSTM2D", error.Message, StringComparison.Ordinal);
        // What the outputs do not need is not looked at.
        Assert.Single(Convert(new KerasOptions { Outputs = ["gated"] }, unknown).Outputs);
        Assert.Contains("nearest names are leaky", Assert.Throws<ArgumentException>(() => Convert(new KerasOptions { Outputs = ["leeky"] })).Message, StringComparison.Ordinal);
        Assert.Contains("graph model", Assert.Throws<NotSupportedException>(() => Convert(json: """{"modelTopology":{"node":[]}}""")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FilesAreReadFromBelowTheModelAndWrittenWhole()
    {
        using var folder = new TempFolder();
        var path = folder.File("model.json");
        File.WriteAllText(path, s_json);
        Assert.Contains("small.bin", Assert.Throws<FileNotFoundException>(() => KerasConverter.Convert(path, folder.File("m.onnx"))).Message, StringComparison.Ordinal);
        File.WriteAllBytes(folder.File("small.bin"), Weights());

        KerasConverter.Convert(path, folder.File("m.onnx"));

        Assert.Equal(Convert().ToBytes(), OnnxModel.Load(folder.File("m.onnx")).ToBytes());
        File.WriteAllText(path, s_json.Replace("\"small.bin\"", "\"../small.bin\"", StringComparison.Ordinal));
        Assert.Contains("below the folder", Assert.Throws<InvalidDataException>(() => KerasConverter.Convert(path, folder.File("m.onnx"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DamagedFilesAreRefusedOrConvertedButNeverCrash()
    {
        var (bytes, weights, random, refused) = (Encoding.UTF8.GetBytes(s_json), Weights(), new Random(6), 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            var (damaged, shard) = ((byte[])bytes.Clone(), weights);
            if (i % 5 == 4) shard = weights[..random.Next(weights.Length)];
            else if (i % 4 == 0) damaged = damaged[..random.Next(damaged.Length)];
            else if (i % 4 == 1) damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            // A digit for another: shapes, references and sizes that are valid JSON but not true.
            else Replace(damaged, random);

            try
            {
                KerasConverter.Convert(damaged, _ => shard);
            }
            catch (Exception e) when (e is InvalidDataException or NotSupportedException or ArgumentException)
            {
                Assert.True(e.Message.Length > 20);
                refused++;
            }
        }

        Assert.InRange(refused, 400, 990);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000L * 60 * (bytes.Length + weights.Length));
    }

    /// <summary>What the file itself refers to is the file's fault, whatever the caller asked for.</summary>
    [Theory]
    [InlineData("\"stem\",0,0", "\"stern\",0,0", "refers to the layer 'stern'")]
    [InlineData("\"shape\":[3,3,3,6]", "\"shape\":[3,-3,3,6]", "-3")]
    [InlineData("\"shape\":[3,3,3,6]", "\"shape\":[3,3,3,2000000000]", "2000000000")]
    public void AModelThatContradictsItselfIsDamagedAndNamed(string sound, string wrong, string message)
    {
        var json = JsonNode.Parse(s_json)!.ToJsonString();
        Assert.Contains(sound, json, StringComparison.Ordinal);
        var error = Assert.Throws<InvalidDataException>(() => Convert(json: json.Replace(sound, wrong, StringComparison.Ordinal), weights: Weights()));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains("the Keras model", error.Message, StringComparison.Ordinal);
    }

    private static void Replace(byte[] json, Random random)
    {
        var at = random.Next(json.Length);
        while (!char.IsAsciiDigit((char)json[at])) at = (at + 1) % json.Length;
        json[at] = (byte)('0' + random.Next(10));
    }
}
