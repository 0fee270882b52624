using System.Runtime.InteropServices;
using System.Text.Json;

namespace OnnxTransfer.Benchmarks.Heads;

/// <summary>Features of real images, as `onnxtransfer embed DIR --out FILE.npy` leaves them.</summary>
internal static class EmbeddedImages
{
    /// <param name="path">The .npy file; a .json of the same name beside it has the labels.</param>
    public static (HeadProblem Problem, LabeledFeatures Data) Read(string path)
    {
        using var ids = JsonDocument.Parse(File.ReadAllText(Path.ChangeExtension(path, ".json")));
        var names = ids.RootElement.GetProperty("labels").EnumerateArray().Select(label => label.GetString()!).ToList();
        var classes = names.Distinct().Order(StringComparer.Ordinal).ToList();
        var bytes = File.ReadAllBytes(path);
        var values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(10 + bytes[8] + 256 * bytes[9])).ToArray();
        var problem = new HeadProblem(names.Count, values.Length / names.Count, classes.Count, BatchSize: 32, Epochs: 20);
        return (problem, new LabeledFeatures(new FeatureMatrix(values, names.Count, problem.Dim), [.. names.Select(name => classes.IndexOf(name))]));
    }
}
