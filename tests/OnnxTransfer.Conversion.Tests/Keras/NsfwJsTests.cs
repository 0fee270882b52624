using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Conversion.Tests.Keras;

/// <summary>
/// Two whole networks of npm's nsfwjs 4.3.0, held against what TensorFlow.js 4.22 computes on its CPU backend. The tests run
/// where somebody has put the package into artifacts/npm, and never fetch it themselves.
/// </summary>
public sealed partial class NsfwJsTests
{
    [NsfwJs]
    public void MobileNetV2EqualsTensorFlow()
    {
        var model = Convert("mobilenet_v2", new KerasOptions { Outputs = ["dense_3", "out_relu"], InputLayout = TensorLayout.Nhwc });

        var computed = GraphRunner.Run(model, ("input_1", KerasConverterTests.Image(224, 224)));

        AssertFirst(computed["dense_3"], 0.753923953, 0.0195817146, 0.220558971, 0.00428489456, 0.00165049604);
        Assert.Equal([1L, 1280, 7, 7], computed["out_relu"].Shape);
        // Means over the first four channels.
        AssertFirst(new Values([.. computed["out_relu"].Data.Chunk(49).Select(c => c.Average())], 1280), 0, 0.0122591499, 0, 0);
    }

    [NsfwJs]
    public void InceptionV3CutAtMixed10HasTheFeaturesOfTensorFlow()
    {
        var model = Convert("inception_v3", new KerasOptions { InputLayout = TensorLayout.Nhwc });
        var image = KerasConverterTests.Image(299, 299);
        AssertFirst(GraphRunner.Run(model, ("input_1", image))["dense_3"], 0.271857679, 0.0132996375, 0.706047714, 0.00565015106, 0.00314481859);

        var features = OnnxGraphEditor.CutToFeatures(model, ["mixed10"]);

        Assert.Equal(2048, features.Dim);
        AssertFirst(GraphRunner.Run(model, ("input_1", image))[features.Tensor], 0.0899192244, 0, 0.202650905, 0);
    }

    private static void AssertFirst(Values values, params double[] expected)
    {
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], values.Data[i], 1e-4);
    }

    private static OnnxModel Convert(string network, KerasOptions options)
    {
        var (json, shard) = Read(network);
        return OnnxModel.Parse(KerasConverter.Convert(Encoding.UTF8.GetBytes(json), path => shard(path), options));
    }

    /// <summary>Writes a network's model.json and shards into a folder and gives its conversion.</summary>
    internal static byte[] Extract(string network, string folder)
    {
        var (json, shard) = Read(network);
        File.WriteAllText(Path.Combine(folder, "model.json"), json);
        return KerasConverter.Convert(Encoding.UTF8.GetBytes(json), path =>
        {
            File.WriteAllBytes(Path.Combine(folder, path), shard(path));
            return shard(path);
        });
    }

    private static (string Json, Func<string, byte[]> Shard) Read(string network)
    {
        var files = new Dictionary<string, string>();
        using (var file = new GZipStream(File.OpenRead(NsfwJsAttribute.Archive), CompressionMode.Decompress))
        using (var tar = new TarReader(file))
        {
            while (tar.GetNextEntry() is { } entry)
            {
                if (!entry.Name.Contains($"/models/{network}/", StringComparison.Ordinal) || entry.DataStream is null) continue;
                using var reader = new StreamReader(entry.DataStream);
                files[Path.GetFileName(entry.Name).Replace(".min.js", "", StringComparison.Ordinal)] = reader.ReadToEnd();
            }
        }

        return (ToJson(files["model"]), path => System.Convert.FromBase64String(Base64().Match(files[path]).Groups[1].Value));
    }

    /// <summary>The object literal inside a minified module, as JSON: names quoted, numbers and booleans written out.</summary>
    private static string ToJson(string module)
    {
        var from = module.IndexOf("{modelTopology:", StringComparison.Ordinal);
        var (depth, to) = (0, from);
        do
        {
            depth += module[to] switch { '{' => 1, '}' => -1, _ => 0 };
            to++;
        }
        while (depth > 0);

        var text = Key().Replace(module[from..to], "$1\"$2\":");
        text = text.Replace("!0", "true", StringComparison.Ordinal).Replace("!1", "false", StringComparison.Ordinal);
        return BareFraction().Replace(text, "${1}0.");
    }

    [GeneratedRegex("\"([A-Za-z0-9+/=]{100,})\"")]
    private static partial Regex Base64();

    [GeneratedRegex("([{,])([A-Za-z_][A-Za-z0-9_]*):")]
    private static partial Regex Key();

    [GeneratedRegex(@"([:,\[]-?)\.(?=\d)")]
    private static partial Regex BareFraction();
}
