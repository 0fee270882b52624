using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Backbones;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Inference;

/// <summary>
/// Checks once, when a network is opened for the first time, that ONNX Runtime's optimizer does not change what the network computes. The
/// result is kept by the network's hash, so later openings cost the reading of one small file.
/// </summary>
internal static class OptimizerCheck
{
    /// <summary>The largest difference, relative to the largest number, that another order of additions explains.</summary>
    private const double Tolerance = 1e-3;

    /// <summary>The same for networks of 8 or 16 bits, whose fused operators round at other places.</summary>
    private const double RoundedTolerance = 0.2;

    private static readonly ConcurrentDictionary<string, GraphOptimizationLevel> s_known = new(StringComparer.Ordinal);

    private static readonly (GraphOptimizationLevel Level, string Name)[] s_levels =
    [
        (GraphOptimizationLevel.ORT_ENABLE_ALL, "all"), (GraphOptimizationLevel.ORT_ENABLE_EXTENDED, "extended"),
        (GraphOptimizationLevel.ORT_ENABLE_BASIC, "basic"), (GraphOptimizationLevel.ORT_DISABLE_ALL, "none"),
    ];

    /// <summary>The network with the highest level of optimization at which it computes what it computes without.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="card">Its card, which tells what numbers it is fed.</param>
    /// <param name="precision">What it computes with.</param>
    /// <param name="folder">Where results are kept; null for this process alone.</param>
    /// <param name="longestRun">The time limit of one run; null for none.</param>
    /// <exception cref="ModelException">A run took longer than the limit.</exception>
    internal static NetworkGraph Apply(NetworkGraph graph, ModelCard card, NetworkPrecision precision, string? folder, TimeSpan? longestRun = null)
    {
        var level = s_known.GetOrAdd(Key(graph, card, precision), key =>
        {
            var path = folder is null ? null : Path.Combine(folder, "optimizer-checks", key);
            if (Read(path) is { } kept) return kept;
            var measured = Measure(graph, card, precision, longestRun);
            if (path is not null) Write(path, measured);
            return measured;
        });
        return level == GraphOptimizationLevel.ORT_ENABLE_ALL ? graph : graph.With(level, Note(level));
    }

    /// <summary>The levels, the highest first, at which a network is tried.</summary>
    private static GraphOptimizationLevel Measure(NetworkGraph graph, ModelCard card, NetworkPrecision precision, TimeSpan? longestRun)
    {
        var bytes = graph.ToBytes();
        var image = Image(graph, card.Preprocess);
        var plain = Run(GraphOptimizationLevel.ORT_DISABLE_ALL);
        // A network that does not run has an error of its own, and opening it tells.
        if (plain is null) return GraphOptimizationLevel.ORT_ENABLE_ALL;
        var tolerance = precision == NetworkPrecision.Float32 ? Tolerance : RoundedTolerance;
        foreach (var (level, _) in s_levels.SkipLast(1))
        {
            if (Run(level) is { } row && IsClose(row, plain, tolerance)) return level;
        }

        return GraphOptimizationLevel.ORT_DISABLE_ALL;

        float[]? Run(GraphOptimizationLevel level) => RuntimeErrors.Try(() =>
        {
            var (runner, _) = SessionFactory.Open(bytes, graph.Name, SessionSettings.OnCpu(longestRun: longestRun), options => options.GraphOptimizationLevel = level);
            using (runner)
            {
                var batch = Math.Max(runner.Session.InputMetadata[graph.Input].Dimensions[0], 1);
                var images = new float[batch * graph.ImageLength];
                for (var i = 0; i < batch; i++) image.CopyTo(images, i * graph.ImageLength);
                using var outputs = runner.Run(graph.Input, images.AsMemory(), [batch, .. graph.ImageShape], [graph.Output]);
                return outputs.Floats(0).ToArray();
            }
        }).Result;
    }

    private static bool IsClose(float[] row, float[] plain, double tolerance)
    {
        if (row.Length != plain.Length) return false;
        var largest = Math.Max(1e-6, plain.Where(float.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max());
        return row.Zip(plain).All(pair => pair.First.Equals(pair.Second) || Math.Abs(pair.First - pair.Second) <= tolerance * largest);
    }

    /// <summary>Random pixels, in the numbers that the preprocessing makes of them.</summary>
    private static float[] Image(NetworkGraph graph, PreprocessSpec spec)
    {
        var random = new SplitMix64(12);
        var image = new float[graph.ImageLength];
        for (var i = 0; i < image.Length; i++) image[i] = (float)(((random.Next() % 256 * spec.Rescale) - spec.Mean[0]) / spec.Std[0]);
        return image;
    }

    private static string Key(NetworkGraph graph, ModelCard card, NetworkPrecision precision)
    {
        var hash = card.Sha256 ?? Convert.ToHexStringLower(graph.ComputationHash);
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"1 {hash} {graph.Output} {string.Join('x', graph.ImageShape)} {precision} {SessionFactory.RuntimeVersion} {RuntimeInformation.ProcessArchitecture}");
        return FileHash.Sha256(Encoding.UTF8.GetBytes(text))[..32];
    }

    internal static GraphOptimizationLevel? Read(string? path)
    {
        try
        {
            if (path is null || !File.Exists(path)) return null;
            var text = File.ReadAllText(path).Trim();
            return s_levels.Where(one => one.Name == text).Select(one => (GraphOptimizationLevel?)one.Level).FirstOrDefault();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void Write(string path, GraphOptimizationLevel level)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            AtomicFile.Write(path, Encoding.UTF8.GetBytes(s_levels.First(one => one.Level == level).Name));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Only the next opening becomes slower.
        }
    }

    private static string Note(GraphOptimizationLevel level) =>
        $"ONNX Runtime's optimizer changes what this network computes, so it {(level == GraphOptimizationLevel.ORT_DISABLE_ALL ? "is switched off" : $"is limited to the level '{s_levels.First(one => one.Level == level).Name}'")}.";
}
