using System.Diagnostics;
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

    private static void Make(string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(PythonFactAttribute.Python, [Repository.PathOf("tests", "OnnxTransfer.Conversion.Tests", "Keras", "make_h5.py"), folder]) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error);
    }

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

/// <summary>Skips a test where there is no Python with h5py.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PythonFactAttribute : FactAttribute
{
    public const string Python = "/usr/bin/python3";

    public static readonly string? Missing = HasH5py() ? null : "needs /usr/bin/python3 with h5py (Debian's python3-h5py)";

    public PythonFactAttribute() => Skip = Missing;

    private static bool HasH5py()
    {
        if (!File.Exists(Python)) return false;
        using var process = Process.Start(new ProcessStartInfo(Python, ["-c", "import h5py"]) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}

/// <summary>Skips a theory where there is no Python with h5py.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PythonTheoryAttribute : TheoryAttribute
{
    public PythonTheoryAttribute() => Skip = PythonFactAttribute.Missing;
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
