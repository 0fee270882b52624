using System.IO.Compression;
using System.Text;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Weights;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Onnx.Weights;

public sealed class OnnxWeightsTests
{
    private static readonly Dictionary<string, (long[] Shape, float[] Values)> s_weights = new()
    {
        ["conv/w"] = ([4, 3, 3, 3], Values.Random(21, 108).Data),
        ["conv/b"] = ([4], Values.Random(22, 4).Data),
        ["fc/w"] = ([4, 5], Values.Random(23, 20).Data),
        ["unused/factor"] = ([1], [0.5f]),
    };

    [Theory]
    [InlineData(".safetensors", "F32", 0)]
    [InlineData(".safetensors", "F16", 1e-3)]
    [InlineData(".safetensors", "BF16", 1e-2)]
    [InlineData(".npz", "F32", 0)]
    [InlineData(".npz", "F64", 0)]
    [InlineData(".onnx", "F32", 0)]
    public void EveryKindOfFileGivesItsValues(string extension, string type, double tolerance)
    {
        using var folder = new TempFolder();
        var path = folder.File("weights" + extension);
        Write(path, type, s_weights);
        var model = SmallGraphs.Classifier();

        var report = OnnxWeights.Replace(model, path);

        Assert.Equal(["conv/w", "conv/b", "fc/w", "unused/factor"], report.Matched);
        Assert.Empty(report.Unused);
        foreach (var tensor in model.Graph.Initializer)
        {
            var expected = s_weights[tensor.Name].Values;
            new Values(expected, expected.Length).AssertClose(new Values(OnnxTensorData.ReadFloats(tensor), expected.Length), tolerance);
        }

        Assert.Equal([2L, 5L], GraphRunner.Run(model, ("image", SmallGraphs.Image))["classes"].Shape);
    }

    [Fact]
    public void StrictlyEveryWeightMustMatchAndTheGraphIsLeftAlone()
    {
        using var folder = new TempFolder();
        var path = folder.File("weights.safetensors");
        var some = new Dictionary<string, (long[], float[])> { ["conv/b"] = ([4], new float[4]), ["fc/w"] = ([5, 4], new float[20]), ["other"] = ([1], new float[1]) };
        Write(path, "F32", some);
        var model = SmallGraphs.Classifier();
        var before = model.ToBytes();

        var error = Assert.Throws<InvalidDataException>(() => OnnxWeights.Replace(model, path));

        Assert.Contains("1 match, 2 are missing (conv/w, unused/factor)", error.Message, StringComparison.Ordinal);
        Assert.Contains("fc/w [4,5] but [5,4] in the file", error.Message, StringComparison.Ordinal);
        Assert.Contains("(other)", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, model.ToBytes());
        Assert.Equal(["conv/b"], OnnxWeights.Replace(model, path, strict: false).Matched);
        Assert.Equal(new float[4], OnnxTensorData.ReadFloats(model.Graph.Initializer[1]));
    }

    [Fact]
    public void NothingInCommonIsRefusedEvenWhenNotStrict()
    {
        using var folder = new TempFolder();
        var path = folder.File("weights.npz");
        Write(path, "F32", new() { ["other"] = ([1], new float[1]) });

        Assert.Throws<InvalidDataException>(() => OnnxWeights.Replace(SmallGraphs.Classifier(), path, strict: false));
    }

    [Theory]
    [InlineData(".safetensors")]
    [InlineData(".npz")]
    public void DamagedFilesAreRefused(string extension)
    {
        using var folder = new TempFolder();
        var path = folder.File("weights" + extension);
        Write(path, "F32", s_weights);
        var bytes = File.ReadAllBytes(path);
        var random = new Random(3);
        var refused = 0;
        for (var i = 0; i < 1000; i++)
        {
            var damaged = (byte[])bytes.Clone();
            // The beginning holds the lengths; the rest is mostly values, of which any is as good as another.
            if (i % 2 == 0) damaged[random.Next(Math.Min(400, damaged.Length))] ^= (byte)(1 << random.Next(8));
            else damaged = damaged[..random.Next(damaged.Length)];
            File.WriteAllBytes(path, damaged);
            try
            {
                OnnxWeights.Replace(SmallGraphs.Classifier(), path);
            }
            catch (InvalidDataException e)
            {
                Assert.Contains("weights" + extension, e.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.InRange(refused, 500, 990);
    }

    [Fact]
    public void AnotherKindOfFileIsNamed()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("weights.h5"), "x");

        Assert.Contains(".safetensors, .npz or .onnx", Assert.Throws<InvalidDataException>(() => OnnxWeights.Replace(SmallGraphs.Classifier(), folder.File("weights.h5"))).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => OnnxWeights.Replace(SmallGraphs.Classifier(), folder.File("none.npz")));
    }

    private static void Write(string path, string type, Dictionary<string, (long[] Shape, float[] Values)> weights)
    {
        byte[] Encode(float[] values) => [.. values.SelectMany(v => type switch
        {
            "F64" => BitConverter.GetBytes((double)v),
            "F32" => BitConverter.GetBytes(v),
            "F16" => BitConverter.GetBytes((Half)v),
            _ => BitConverter.GetBytes((ushort)(BitConverter.SingleToInt32Bits(v) >> 16)),
        })];

        if (path.EndsWith(".safetensors", StringComparison.Ordinal))
        {
            var (entries, data) = (new List<string> { "\"__metadata__\":{\"format\":\"pt\"}" }, new List<byte>());
            foreach (var (name, (shape, values)) in weights)
            {
                var start = data.Count;
                data.AddRange(Encode(values));
                entries.Add($"\"{name}\":{{\"dtype\":\"{type}\",\"shape\":[{string.Join(",", shape)}],\"data_offsets\":[{start},{data.Count}]}}");
            }

            var header = Encoding.UTF8.GetBytes($"{{{string.Join(",", entries)}}}");
            File.WriteAllBytes(path, [.. BitConverter.GetBytes((long)header.Length), .. header, .. data]);
        }
        else if (path.EndsWith(".npz", StringComparison.Ordinal))
        {
            using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
            foreach (var (name, (shape, values)) in weights)
            {
                var text = $"{{'descr': '<f{(type == "F64" ? 8 : 4)}', 'fortran_order': False, 'shape': ({string.Join(", ", shape)}{(shape.Length == 1 ? "," : "")}), }}\n";
                using var stream = archive.CreateEntry(name + ".npy").Open();
                stream.Write([0x93, .. "NUMPY"u8, 1, 0, .. BitConverter.GetBytes((ushort)text.Length), .. Encoding.ASCII.GetBytes(text), .. Encode(values)]);
            }
        }
        else
        {
            var graph = new OnnxGraphBuilder("weights");
            foreach (var (name, (shape, values)) in weights) graph.Constant(name, shape, values);
            graph.Output("conv/w", OnnxElementType.Float32, null);
            graph.Build("weights").Save(path);
        }
    }
}
