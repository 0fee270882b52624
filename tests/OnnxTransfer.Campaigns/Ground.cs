using System.Text;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Backbones.Folders;
using OnnxTransfer.Tests.Backbones.Hub;

namespace OnnxTransfer.Campaigns;

/// <summary>The files that every campaign works on: made once in the campaign's folder, a network whose run takes microseconds and photos for it.</summary>
internal sealed class Ground : IDisposable
{
    internal const string HubName = "hf:" + LoopbackHub.Repository;

    private const int PhotosPerClass = 60;
    private const int HubBytes = 6 << 20;

    private static readonly (string Name, (byte, byte, byte) Color)[] s_classes = [("blue", (30, 40, 200)), ("green", (40, 190, 50)), ("red", (210, 40, 30))];

    /// <param name="work">The campaign's folder.</param>
    /// <param name="toolPath">The tool.</param>
    internal Ground(string work, string toolPath)
    {
        Work = Path.GetFullPath(work);
        Directory.CreateDirectory(Work);
        Network = Path.Combine(Work, "tiny.onnx");
        if (!File.Exists(Network)) TinyBackbone.Write(Network);
        Photos = Path.Combine(Work, "photos");
        foreach (var (name, color) in s_classes)
        {
            Directory.CreateDirectory(Path.Combine(Photos, name));
            for (var i = 0; i < PhotosPerClass; i++)
            {
                var path = Path.Combine(Photos, name, $"{name}-{i:00}.png");
                if (!File.Exists(path)) File.WriteAllBytes(path, TestImage.NoisyPng(40 + (i % 5), 30 + (i % 7), color, i));
            }
        }

        var model = Path.Combine(Work, "hub.onnx");
        if (!File.Exists(model)) FolderNetwork.Write(model);
        Commit = new string('a', 40);
        Hub.Commits[Commit] = new()
        {
            // Bytes after the end of the graph are an unknown field, which ONNX Runtime skips; they make the download take its time.
            ["onnx/model.onnx"] = [.. File.ReadAllBytes(model), .. UnknownField(HubBytes)],
            ["config.json"] = Encoding.UTF8.GetBytes(FolderNetwork.Config),
            ["preprocessor_config.json"] = Encoding.UTF8.GetBytes(FolderNetwork.Processor(16)),
        };
        Hub.Refs["main"] = Commit;
        Home = Path.Combine(Work, "home");
        ToolPath = toolPath;
        Tool = new Tool(toolPath, Environment());
        Classifiers = [Classifier(0), Classifier(1)];
        Sets = [Set(0), Set(1)];
    }

    internal string Work { get; }

    internal string Home { get; }

    internal string ToolPath { get; }

    internal Tool Tool { get; }

    internal string Network { get; }

    internal string Photos { get; }

    internal string Photo => Path.Combine(Photos, "red", "red-00.png");

    /// <summary>Two classifiers that differ.</summary>
    internal string[] Classifiers { get; }

    /// <summary>Two feature sets that differ.</summary>
    internal string[] Sets { get; }

    internal LoopbackHub Hub { get; } = new();

    internal string Commit { get; }

    /// <summary>A real network of TensorFlow Lite from the folder beside the checkout; null where that is missing.</summary>
    internal string? Tflite { get; } = Shared("models", "mobilenet_v2_1.0_224_quant.tflite");

    /// <summary>A file or folder beside the checkout, or null.</summary>
    internal static string? Shared(params string[] parts)
    {
        var root = System.Environment.GetEnvironmentVariable("ONNXTRANSFER_SHARED") ?? Path.GetFullPath(Path.Combine("..", "shared"));
        return Path.Combine([root, .. parts]) is var path && Path.Exists(path) ? path : null;
    }

    /// <summary>A tool's environment: nobody's files but the campaign's, and the hub on this machine.</summary>
    internal Dictionary<string, string> Environment(string? home = null) => new()
    {
        ["ONNXTRANSFER_HOME"] = home ?? Home,
        ["HF_HUB_CACHE"] = Path.Combine(home ?? Home, "hub"),
        ["HF_ENDPOINT"] = Hub.Address.ToString(),
        ["NO_COLOR"] = "1",
    };

    public void Dispose() => Hub.Dispose();

    private string Classifier(int variant)
    {
        var path = Path.Combine(Work, $"classifier-{variant}.onnx");
        if (!File.Exists(path)) Tool.Demand("train", Photos, "--backbone", Network, "--cache", "none", "--epochs", $"{variant + 1}", "--out", path);
        return path;
    }

    private string Set(int variant)
    {
        var path = Path.Combine(Work, $"set-{variant}");
        if (!Directory.Exists(path)) Tool.Demand(["embed", Photos, "--backbone", Network, "--cache", "none", "--part-size", "8", .. variant == 0 ? (string[])[] : ["--preprocess", "torch"], "--out", path]);
        return path;
    }

    /// <summary>A length-delimited field of protobuf with a number that ONNX does not use.</summary>
    private static byte[] UnknownField(int bytes)
    {
        var field = new List<byte> { 0x82, 0x7D };
        for (var rest = (uint)bytes; ; rest >>= 7)
        {
            if (rest < 0x80)
            {
                field.Add((byte)rest);
                break;
            }

            field.Add((byte)(rest | 0x80));
        }

        var content = new byte[bytes];
        new Random(1).NextBytes(content);
        return [.. field, .. content];
    }
}
