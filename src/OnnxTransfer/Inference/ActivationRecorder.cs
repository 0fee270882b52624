using System.Numerics.Tensors;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Quantization;

namespace OnnxTransfer.Inference;

/// <summary>Runs images through a float32 network and keeps statistics of its inner tensors.</summary>
internal static class ActivationRecorder
{
    /// <param name="graph">The network.</param>
    /// <param name="tensors">The tensors to watch; the input may be among them.</param>
    /// <param name="images">Prepared images.</param>
    /// <param name="settings">Threads and time limit of one run.</param>
    /// <param name="cancellationToken">Stops between two images.</param>
    /// <exception cref="ModelException">The network failed to run.</exception>
    internal static Dictionary<string, ActivationStatistics> Record(
        NetworkGraph graph, IReadOnlyList<string> tensors, IReadOnlyList<float[]> images, SessionSettings settings, CancellationToken cancellationToken)
    {
        var watched = graph.CopyModel();
        var computed = tensors.Where(t => t != graph.Input).ToArray();
        foreach (var tensor in computed) OnnxGraphEditor.Promote(watched, tensor);
        var (runner, _) = SessionFactory.Open(watched.ToBytes(), graph.Name, SessionSettings.OnCpu(settings.Threads, settings.LongestRun));
        using var opened = runner;
        var batch = Math.Max(1, runner.Session.InputMetadata[graph.Input].Dimensions[0]);
        var sums = new Dictionary<string, ActivationStatistics>(StringComparer.Ordinal);
        foreach (var image in images)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // A graph with a fixed batch gets the same image in every place.
            var filled = batch == 1 ? image : [.. Enumerable.Repeat(image, batch).SelectMany(values => values)];
            if (tensors.Contains(graph.Input)) Add(sums, graph.Input, image, []);
            using var outputs = runner.Run<float>(graph.Input, filled, [batch, .. graph.ImageShape], computed, cancellationToken);
            for (var i = 0; i < computed.Length; i++) Add(sums, computed[i], outputs.Floats(i), outputs.Shape(i));
        }

        foreach (var statistics in sums.Values) TensorPrimitives.Divide(statistics.ChannelMeans, images.Count, statistics.ChannelMeans);
        return sums;
    }

    private static void Add(Dictionary<string, ActivationStatistics> sums, string tensor, ReadOnlySpan<float> values, long[] shape)
    {
        var range = new ValueRange(TensorPrimitives.Min(values), TensorPrimitives.Max(values));
        var channels = shape.Length == 4 ? (int)shape[1] : 0;
        if (!sums.TryGetValue(tensor, out var sum)) sum = new ActivationStatistics(range, new float[channels]);
        var area = channels > 0 ? (int)(shape[2] * shape[3]) : 0;
        // NCHW: one plane to a channel; the images of a batch are all the same.
        for (var c = 0; c < channels; c++) sum.ChannelMeans[c] += TensorPrimitives.Sum(values.Slice(c * area, area)) / area;
        sums[tensor] = sum with { Range = sum.Range.Union(range) };
    }
}
