using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Explaining;
using OnnxTransfer.Reporting;

namespace OnnxTransfer.Tests.Reporting;

/// <summary>Reports of invented runs.</summary>
internal static class SampleReport
{
    internal static Thumbnails Thumbnails => new(ImageDecoders.Default, DecodeOptions.Default);

    /// <param name="labels">The classes.</param>
    /// <param name="paths">The images; their classes go round.</param>
    /// <param name="epochs">How long the training was.</param>
    /// <param name="skipped">The images that could not be used.</param>
    internal static ReportContent Of(IReadOnlyList<string> labels, IReadOnlyList<string> paths, int epochs = 3, IReadOnlyList<SkippedImage>? skipped = null)
    {
        var random = new Random(7);
        int[] truths = [.. paths.Select((_, i) => i % labels.Count)];
        var probabilities = Matrix<float>.Build.Dense(paths.Count, labels.Count, (_, _) => (float)random.NextDouble());
        var rows = probabilities.NormalizeRows(1);
        var result = Evaluator.Evaluate(rows, truths, labels);
        return new ReportContent
        {
            Title = labels[0],
            Summary = $"A classifier of {labels[0]}.",
            Labels = labels,
            Sets = [new ScoredSet("training", result), new ScoredSet("test", result)],
            Judged = [.. paths.Select((path, i) => new JudgedImage(path, truths[i], rows.Row(i).ToArray()))],
            History = new TrainingHistory(
                new EpochMetrics(0, 1.5, 0.5, 1.5, 0.5, 0.1),
                [.. Enumerable.Range(1, 10 * epochs).Select(step => 1f / step)], [.. Enumerable.Range(1, 10 * epochs).Select(step => 1 - (1f / step))],
                [.. Enumerable.Range(1, epochs).Select(epoch => new EpochMetrics(epoch, 1.0 / epoch, 0.5, 1.2 / epoch, 0.4, 0.1))], epochs, StopReason.Completed),
            Warnings = [],
            Skipped = skipped ?? [],
            Times = [new StageTime("Network", TimeSpan.FromSeconds(2), paths.Count)],
            Bottleneck = labels[0],
            Facts = [("Folder", labels[0])],
            Fingerprint = labels[0],
        };
    }
}
