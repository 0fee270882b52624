using System.Text;
using System.Text.Json.Nodes;
using OnnxTransfer.Conversion.Hdf5;
using OnnxTransfer.Conversion.Keras;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Conversion.Tests.Keras;

/// <summary>
/// <c>.h5</c> and <c>.keras</c> files, written by h5py (Debian's python3-h5py) in Keras's layouts from the small models and from nsfwjs's
/// weights: each equals the conversion of its model.json to the bit.
/// </summary>
public sealed class KerasFilesTests
{
    private static readonly string[] s_files = ["model.h5", "packed.h5", "model.keras"];

    /// <summary>Writes the Keras files of a model.json and its weights into a folder.</summary>
    private static void Write(TempFolder folder, string json, byte[] weights, string shard)
    {
        File.WriteAllText(folder.File("model.json"), json);
        File.WriteAllBytes(folder.File(shard), weights);
        Make(folder.Path);
    }

    private static void Make(string folder) => PythonFactAttribute.Run("make_h5.py", folder);

    private static (string Json, byte[] Weights, string Shard) Small(string name)
    {
        var json = File.ReadAllText(Repository.PathOf("tests", "OnnxTransfer.Conversion.Tests", "Keras", name));
        return (json, KerasConverterTests.Weights(json), (string)JsonNode.Parse(json)!["weightsManifest"]![0]!["paths"]![0]!);
    }

    [PythonTheory]
    [InlineData("families.model.json")]
    [InlineData("small.model.json")]
    public void EveryFormOfAModelIsTheSameNetwork(string name)
    {
        using var folder = new TempFolder();
        var (json, weights, shard) = Small(name);
        Write(folder, json, weights, shard);
        var expected = KerasConverter.Convert(Encoding.UTF8.GetBytes(json), _ => weights);
        foreach (var file in s_files.Where(f => name != "small.model.json" || f != "model.keras"))
            Assert.True(expected.AsSpan().SequenceEqual(KerasConverter.Convert(File.ReadAllBytes(folder.File(file)))), file);

        Assert.Contains("--architecture", Assert.Throws<NotSupportedException>(() => KerasConverter.Convert(File.ReadAllBytes(folder.File("weights.h5")))).Message, StringComparison.Ordinal);
        Assert.Contains("'block1_conv1'", Assert.Throws<InvalidDataException>(() => KerasConverter.Convert(File.ReadAllBytes(folder.File("weights.h5")), new KerasOptions { Architecture = "vgg16" })).Message, StringComparison.Ordinal);
        Assert.Contains("without --architecture", Assert.Throws<NotSupportedException>(() => KerasConverter.Convert(File.ReadAllBytes(folder.File("model.h5")), new KerasOptions { Architecture = "vgg16" })).Message, StringComparison.Ordinal);
    }

    /// <summary>.NET would refuse the NUL with words of its own, which name no file.</summary>
    [Theory]
    [InlineData("../out.bin")]
    [InlineData("in\0side.bin")]
    public void WeightsElsewhereAreRefused(string shard)
    {
        using var folder = new TempFolder();
        var json = JsonNode.Parse(Small("small.model.json").Json)!;
        json["weightsManifest"]![0]!["paths"]![0] = shard;
        File.WriteAllText(folder.File("model.json"), json.ToJsonString());
        var error = Assert.Throws<InvalidDataException>(() => KerasConverter.Convert(folder.File("model.json"), folder.File("converted.onnx")));
        Assert.Contains($"{folder.File("model.json")} keeps weights in '{shard}'", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("converted.onnx")));
    }

    [NsfwJs(needsPython: true)]
    public void NsfwJsIsTheSameToTheBit()
    {
        foreach (var network in new[] { "mobilenet_v2", "inception_v3" })
        {
            using var folder = new TempFolder();
            var expected = NsfwJsTests.Extract(network, folder.Path);
            Make(folder.Path);
            foreach (var file in s_files) Assert.True(expected.AsSpan().SequenceEqual(KerasConverter.Convert(File.ReadAllBytes(folder.File(file)))), $"{network} {file}");
        }
    }

    /// <summary>Thousands of damaged files: each converts or ends in one sentence, in little memory.</summary>
    [PythonFact]
    public void DamagedFilesAreRefusedInLittleMemory()
    {
        using var folder = new TempFolder();
        var (json, weights, shard) = Small("families.model.json");
        Write(folder, json, weights, shard);
        foreach (var file in s_files)
        {
            var (whole, random, refused) = (File.ReadAllBytes(folder.File(file)), new Random(7), 0);
            for (var i = 0; i < 1500; i++)
            {
                var damaged = (byte[])whole.Clone();
                switch (i % 4)
                {
                    case 0: damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8)); break;
                    case 1: damaged = damaged[..random.Next(damaged.Length)]; break;
                    // Headers, trees and sizes stand in the first pages.
                    case 2: damaged[random.Next(Math.Min(damaged.Length, 8192))] = (byte)random.Next(256); break;
                    default: BitConverter.TryWriteBytes(damaged.AsSpan(8 * random.Next(damaged.Length / 8)), random.Next(3) == 0 ? long.MaxValue >> random.Next(40) : random.NextInt64(damaged.Length)); break;
                }

                var before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    KerasConverter.Convert(damaged);
                }
                catch (Exception e) when (e is InvalidDataException or NotSupportedException or ArgumentException)
                {
                    Assert.True(e.Message.Length > 20 && !e.Message.Contains('\n', StringComparison.Ordinal), e.Message);
                    refused++;
                }

                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 150L << 20);
            }

            Assert.InRange(refused, 300, 1500);
        }
    }

    /// <summary>The numbers of keras.applications, as its documentation and count_params state them.</summary>
    [Theory]
    [InlineData("vgg16", 138_357_544)]
    [InlineData("resnet50", 25_636_712)]
    [InlineData("resnet101v2", 44_675_560)]
    [InlineData("inception_v3", 23_851_784)]
    [InlineData("mobilenet_v2", 3_538_984)]
    public void AnArchitectureHasTheNumberOfWeightsOfKeras(string name, long parameters)
    {
        Assert.Equal(parameters, KerasArchitecture.Build(name, 1000).Parameters);
        Assert.Contains(name, KerasArchitecture.Names);
    }

    /// <summary>nsfwjs's networks are those of keras.applications with a top of their own: with their weights alone the features are the same.</summary>
    [NsfwJs(needsPython: true)]
    public void AnArchitectureWithTheWeightsOfARealNetworkHasItsFeatures()
    {
        foreach (var (network, layer, side) in new[] { ("inception_v3", "mixed10", 299), ("mobilenet_v2", "out_relu", 224) })
        {
            using var folder = new TempFolder();
            NsfwJsTests.Extract(network, folder.Path);
            Make(folder.Path);
            var image = ("input_1", new Values(KerasConverterTests.Image(side, side).Data, 1, 3, side, side));
            var whole = OnnxModel.Parse(KerasConverter.Convert(File.ReadAllBytes(folder.File("model.h5")), new KerasOptions { Outputs = [layer] }));
            var built = OnnxModel.Parse(KerasConverter.Convert(File.ReadAllBytes(folder.File("weights.h5")), new KerasOptions { Architecture = network }));

            Assert.Equal(layer, built.Outputs[0].Name);
            GraphRunner.Run(whole, (whole.Inputs[0].Name, image.Item2))[layer].AssertClose(GraphRunner.Run(built, image)[layer], 1e-5);
        }
    }

    /// <summary>The weights of another file, put into a network by the names of the layers, make the same file as the conversion of that file.</summary>
    [PythonTheory]
    [InlineData("families.model.json")]
    [InlineData("small.model.json")]
    public void WeightsByNameMakeTheNetworkOfTheirFile(string name)
    {
        using var folder = new TempFolder();
        var (json, weights, shard) = Small(name);
        var network = Path.Combine(folder.Path, "network.onnx");
        File.WriteAllBytes(network, KerasConverter.Convert(Encoding.UTF8.GetBytes(json), _ => Other(weights)));
        Write(folder, json, weights, shard);
        var expected = KerasConverter.Convert(Encoding.UTF8.GetBytes(json), _ => weights);
        Assert.False(expected.AsSpan().SequenceEqual(File.ReadAllBytes(network)));
        foreach (var file in s_files.Append("weights.h5").Where(f => name != "small.model.json" || f != "model.keras"))
        {
            var output = folder.File("replaced.onnx");
            var report = KerasConverter.ReplaceWeights(ModelFile.Open(network), folder.File(file), output);
            Assert.True(expected.AsSpan().SequenceEqual(File.ReadAllBytes(output)), file);
            Assert.Empty(report.Missing);
            Assert.Empty(report.WrongShape);
            Assert.Empty(report.Unused);
            Assert.NotEmpty(report.Matched);
        }

        Assert.Contains("ReplaceWeights", Assert.Throws<ModelException>(() => ModelFile.Open(network).ReplaceWeights(folder.File("model.h5"), folder.File("never.onnx"))).Message, StringComparison.Ordinal);
    }

    /// <summary>A file without some arrays and with another shape: refused with all names, or kept as they were; what is folded together stays together.</summary>
    [PythonFact]
    public void WeightsThatAreMissingStayAsTheyWereOnlyIfAllowed()
    {
        using var folder = new TempFolder();
        PythonFactAttribute.Run("make_mobilenet_v2.py", folder.File("a.h5"), "1");
        PythonFactAttribute.Run("make_mobilenet_v2.py", folder.File("b.h5"), "2");
        PythonFactAttribute.Run("damage_h5.py", folder.File("b.h5"), folder.File("part.h5"), "bn_Conv1", "block_3_project:16");
        var (network, output) = (folder.File("a.onnx"), folder.File("out.onnx"));
        KerasConverter.Convert(folder.File("a.h5"), network, new KerasOptions { Architecture = "mobilenet_v2" });
        var file = ModelFile.Open(network);

        var refused = Assert.Throws<ModelException>(() => KerasConverter.ReplaceWeights(file, folder.File("part.h5"), output)).Message;
        Assert.Contains("bn_Conv1/gamma", refused, StringComparison.Ordinal);
        Assert.Contains("block_3_project/kernel [1,1,144,32] but [1,1,144,16] in the file", refused, StringComparison.Ordinal);
        Assert.False(File.Exists(output));

        var report = KerasConverter.ReplaceWeights(file, folder.File("part.h5"), output, allowMissing: true);
        Assert.Equal(["bn_Conv1/gamma", "bn_Conv1/beta", "bn_Conv1/moving_mean", "bn_Conv1/moving_variance"], report.Missing);
        Assert.Single(report.WrongShape);
        // Its four arrays of the normalization that the kernel is folded with, and the kernel whose normalization is missing.
        Assert.Equal(5, report.Unused.Count);
        Assert.Contains(report.Unused, name => name.StartsWith("Conv1/kernel, which is folded", StringComparison.Ordinal));
        KerasConverter.Convert(folder.File("b.h5"), folder.File("b.onnx"), new KerasOptions { Architecture = "mobilenet_v2" });
        var (before, after, other) = (Constants(network), Constants(output), Constants(folder.File("b.onnx")));
        string[] kept = ["bn_Conv1/weights", "bn_Conv1/bias", "block_3_project_BN/weights", "block_3_project_BN/bias"];
        foreach (var (name, values) in after) Assert.Equal(kept.Contains(name) ? before[name] : other[name], values);
        Assert.Equal(other.Count - kept.Length, after.Count(c => !before[c.Key].AsSpan().SequenceEqual(c.Value)));
        Assert.Equal("weights of part.h5 in the graph of a.h5, converted by OnnxTransfer", ModelFile.Open(output).Info!.Source);

        // The weights of another network, a file that is none, and a network that does not come from Keras.
        var (json, weights, shard) = Small("families.model.json");
        Write(folder, json, weights, shard);
        Assert.Contains("0 match", Assert.Throws<ModelException>(() => KerasConverter.ReplaceWeights(file, folder.File("weights.h5"), output, allowMissing: true)).Message, StringComparison.Ordinal);
        Assert.Contains("is not a Keras model", Assert.Throws<ModelException>(() => KerasConverter.ReplaceWeights(file, network, output)).Message, StringComparison.Ordinal);
        Assert.Throws<ModelNotFoundException>(() => KerasConverter.ReplaceWeights(file, folder.File("absent.h5"), output));
        TinyBackbone.Write(folder.File("tiny.onnx"));
        Assert.Contains("names of Keras's layers", Assert.Throws<ModelException>(() => KerasConverter.ReplaceWeights(ModelFile.Open(folder.File("tiny.onnx")), folder.File("b.h5"), output)).Message, StringComparison.Ordinal);
    }

    /// <summary>Keras counts the names that it makes up through a session: the same network starts at another number.</summary>
    [Fact]
    public void LayersThatKerasNumberedAreMatchedInTheirOrder()
    {
        string[] network = ["conv2d", "conv2d_1", "conv2d_2", "named", "dense"];
        Assert.Equal(new() { ["conv2d_9"] = "conv2d", ["conv2d_11"] = "conv2d_2", ["conv2d_10"] = "conv2d_1", ["named"] = "named", ["dense_4"] = "dense" },
            KerasLayerNumbers.Match(["conv2d_9", "conv2d_11", "conv2d_10", "named", "dense_4"], network).ToDictionary(StringComparer.Ordinal));
        // A file with the very names keeps them; one with another count of layers matches none of them.
        Assert.Equal("conv2d_2", KerasLayerNumbers.Match(["conv2d", "conv2d_1", "conv2d_2", "conv2d_3"], network)["conv2d_2"]);
        Assert.DoesNotContain(KerasLayerNumbers.Match(["conv2d_1", "conv2d_2", "conv2d_3", "conv2d_4"], network).Values, network.Contains);
    }

    private static Dictionary<string, float[]> Constants(string path) => OnnxModel.Load(path).Graph.Initializer
        .Where(t => t.Name.EndsWith("/weights", StringComparison.Ordinal) || t.Name.EndsWith("/bias", StringComparison.Ordinal)).ToDictionary(t => t.Name, OnnxTensorData.ReadFloats, StringComparer.Ordinal);

    private static byte[] Other(byte[] weights)
    {
        var other = new byte[weights.Length];
        for (var i = 0; i < weights.Length; i += 4) BitConverter.TryWriteBytes(other.AsSpan(i), (BitConverter.ToSingle(weights, i) * 0.5f) + 0.25f);
        return other;
    }

    [PythonFact]
    public void AnArrayIsReadAsItWasWritten()
    {
        using var folder = new TempFolder();
        var (json, weights, shard) = Small("families.model.json");
        Write(folder, json, weights, shard);
        foreach (var file in new[] { "weights.h5", "packed.h5" })
        {
            var layers = KerasArchive.ReadLayers(Hdf5File.Open(File.ReadAllBytes(folder.File(file)), file));
            var read = layers["v_fc"].Single(a => a.Name == "v_fc/kernel").Read();
            Assert.Equal([224, 6], read.Shape);
            Assert.Equal((float)((((37 * 5) + ("v_fc/kernel".Length * 11)) % 101 / 101.0) - 0.5), read.Values[5]);
        }
    }
}

/// <summary>Skips a test where npm's nsfwjs is not at hand.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NsfwJsAttribute : FactAttribute
{
    public static readonly string Archive = Repository.PathOf("artifacts", "npm", "nsfwjs-4.3.0.tgz");

    public NsfwJsAttribute(bool needsPython = false)
    {
        if (!File.Exists(Archive)) Skip = "needs artifacts/npm/nsfwjs-4.3.0.tgz, which `npm pack nsfwjs@4.3.0` downloads";
        else if (needsPython) Skip = PythonFactAttribute.Missing;
    }
}
