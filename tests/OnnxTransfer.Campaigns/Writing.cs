using System.Text;
using System.Text.RegularExpressions;

namespace OnnxTransfer.Campaigns;

/// <summary>A command that writes a file or a folder.</summary>
/// <param name="Name">What to call it in the table.</param>
/// <param name="Target">The name of what it writes.</param>
/// <param name="Arguments">The command, by the path that it writes and by which of two contents it shall write, 0 or 1.</param>
/// <param name="Grows">Whether the file grows under its name, so that the beginning of the new content counts as whole.</param>
internal sealed partial record Writing(string Name, string Target, Func<string, int, string[]> Arguments, bool Grows = false)
{
    /// <summary>Every command that writes, on the files of a ground.</summary>
    internal static IReadOnlyList<Writing> All(Ground ground)
    {
        string[] Preparation(int variant) => variant == 0 ? [] : ["--preprocess", "torch"];
        Writing Embed(string extension) => new($"embed --out FILE.{extension}", $"rows.{extension}", (path, variant) =>
            ["embed", ground.Photos, "--backbone", ground.Network, "--cache", "none", "--out", path, .. Preparation(variant)]);
        return
        [
            .. ((string[])["npy", "npz", "csv", "parquet", "safetensors"]).Select(Embed),
            new("embed --out DIR (feature set)", "set", (path, _) =>
                ["embed", ground.Photos, "--backbone", ground.Network, "--cache", "none", "--part-size", "8", "--out", path]),
            new("train --out", "classifier.onnx", (path, variant) =>
                ["train", ground.Photos, "--backbone", ground.Network, "--cache", "none", "--epochs", variant == 0 ? "2" : "3", "--out", path]),
            new("evaluate --report", "report.html", (path, variant) =>
                ["evaluate", ground.Classifiers[variant], ground.Photos, "--cache", "none", "--report", path]),
            new("evaluate --csv", "rows.csv", (path, variant) =>
                ["evaluate", ground.Classifiers[variant], ground.Photos, "--cache", "none", "--csv", path]),
            new("predict --csv (grows)", "predictions.csv", (path, variant) =>
                ["predict", ground.Classifiers[variant], ground.Photos, "--cache", "none", "--csv", path], Grows: true),
            new("check --html", "check.html", (path, variant) =>
                ["check", ground.Photos, "--backbone", ground.Network, "--cache", "none", "--html", path, .. Preparation(variant)]),
            new("features export", "exported.npy", (path, variant) => ["features", "export", ground.Sets[variant], "--out", path]),
            new("features merge", "merged", (path, variant) => ["features", "merge", ground.Sets[0], "--out", path]),
            new("features train", "stored.onnx", (path, variant) =>
                ["features", "train", ground.Sets[0], "--backbone", ground.Network, "--epochs", variant == 0 ? "2" : "3", "--out", path]),
            new("models cut", "cut.onnx", (path, variant) =>
                ["models", "cut", ground.Network, "--at", variant == 0 ? "activated" : "convolved", "--out", path]),
            new("models weights", "weights.onnx", (path, _) =>
                ["models", "weights", ground.Network, "--from", ground.Network, "--out", path]),
            new("explain --out", "explained.png", (path, variant) =>
                ["explain", ground.Classifiers[variant], ground.Photo, "--out", path]),
            .. ground.Tflite is not { } tflite ? (IEnumerable<Writing>)[] :
            [
                new("models convert", "converted.onnx", (path, _) => ["models", "convert", tflite, "--preprocess", "tf", "--out", path]),
                new("models convert --keep-quantized", "quantized.onnx", (path, _) => ["models", "convert", tflite, "--preprocess", "tf", "--keep-quantized", "--out", path]),
            ],
        ];
    }

    /// <summary>
    /// The content of the folder of a target by the files' names: the target and what is written beside it, or all that is in it. What a page
    /// says of times is left out.
    /// </summary>
    internal static SortedDictionary<string, byte[]> Read(string folder)
    {
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => !IsTemporary(file))) files[Path.GetRelativePath(folder, file)] = Essence(file);
        return files;
    }

    internal static bool IsTemporary(string file) => Path.GetFileName(file) is ['.', ..] name && name.EndsWith(".tmp", StringComparison.Ordinal);

    internal static bool AreEqual(SortedDictionary<string, byte[]> left, SortedDictionary<string, byte[]> right) =>
        left.Count == right.Count && left.All(one => right.TryGetValue(one.Key, out var other) && one.Value.AsSpan().SequenceEqual(other));

    /// <summary>Whether all that is there is of one content; others of its files may be missing, and a file that grows may end early.</summary>
    internal bool IsPartOf(SortedDictionary<string, byte[]> whole, SortedDictionary<string, byte[]> there) => there.All(one =>
        whole.TryGetValue(one.Key, out var other) && (Grows ? other.AsSpan().StartsWith(one.Value) : other.AsSpan().SequenceEqual(one.Value)));

    private static byte[] Essence(string file)
    {
        var bytes = File.ReadAllBytes(file);
        return file.EndsWith(".html", StringComparison.Ordinal) ? Encoding.UTF8.GetBytes(Measured().Replace(Encoding.UTF8.GetString(bytes), "")) : bytes;
    }

    /// <summary>The lines of a page that say when it was written and how long the work took.</summary>
    [GeneratedRegex(@"^.*(threads added up|by the clock|Bottleneck|\d{4}-\d\d-\d\d \d\d:\d\d).*$", RegexOptions.Multiline)]
    private static partial Regex Measured();
}
