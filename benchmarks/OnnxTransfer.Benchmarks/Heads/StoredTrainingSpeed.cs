using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Embedding.Sets;

namespace OnnxTransfer.Benchmarks.Heads;

/// <summary>
/// Time and memory of training on a feature set: reading alone, and Adam for some epochs or L-BFGS for some evaluations. A process measures
/// one training with one budget, because its peak is that of its whole life; with a budget that has room for all, it trains in memory.
/// </summary>
internal static class StoredTrainingSpeed
{
    private const int Dim = 1280;
    private const int PartRows = 4096;

    /// <param name="work">A folder for the set, which is made once.</param>
    /// <param name="rows">Its rows, of 1280 numbers.</param>
    /// <param name="classes">Its classes.</param>
    /// <param name="optimizer"><c>adam</c> or <c>lbfgs</c>; <c>make</c> to make the set alone.</param>
    /// <param name="budget">The memory budget, in MiB.</param>
    internal static int Run(string work, int rows, int classes, string optimizer, int budget)
    {
        var folder = Path.Combine(work, $"set-{rows}-{classes}");
        if (!File.Exists(Path.Combine(folder, SetFolder.ManifestFile))) Make(folder, rows, classes);
        if (optimizer == "make") return 0;
        var bytes = (double)rows * Dim * sizeof(float);
        Line($"{rows} x {Dim} rows of {classes} classes, {bytes / 1e9:0.00} GB; budget {budget} MiB; batches of 256");

        var clock = Stopwatch.StartNew();
        var set = FeatureSet.Open(folder);
        Line($"open                     {clock.Elapsed.TotalSeconds,7:0.00} s");

        clock.Restart();
        var block = new float[256 * Dim];
        for (var row = 0L; row < set.RowCount; row += 256) set.ReadRows(row, block.AsSpan(0, (int)Math.Min(256, set.RowCount - row) * Dim));
        Line($"reading alone            {clock.Elapsed.TotalSeconds,7:0.00} s  {bytes / 1e6 / clock.Elapsed.TotalSeconds,6:0} MB/s");

        clock.Restart();
        if (optimizer == "adam")
        {
            var adam = ClassifierHead.Train(set, new TrainingOptions { BatchSize = 256, Epochs = 3 }, memoryBudget: (long)budget << 20).History;
            var (whole, epoch) = (clock.Elapsed.TotalSeconds, adam.Epochs.Select(one => one.Seconds).Order().ElementAt(1));
            Line($"Adam, an epoch           {epoch,7:0.00} s  {bytes / 1e6 / epoch,6:0} MB/s; before the first step {whole - adam.Epochs.Sum(one => one.Seconds):0.00} s; loss {adam.Epochs[^1].TrainLoss:0.0000}, accuracy {adam.Epochs[^1].TrainAccuracy:0.0000}");
        }
        else
        {
            var lbfgs = ClassifierHead.Train(set, new TrainingOptions { Optimizer = Optimizer.Lbfgs(maxIterations: 3) }, memoryBudget: (long)budget << 20).History;
            var evaluation = lbfgs.Epochs[0].Seconds / lbfgs.StepLosses.Count;
            Line($"L-BFGS, an evaluation    {evaluation,7:0.00} s  {bytes / 1e6 / evaluation,6:0} MB/s; loss {lbfgs.StepLosses[^1]:0.0000} after {lbfgs.StepLosses.Count}");
        }

        // VmHWM: the peak of the process.
        Line($"peak of the process      {File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal))[6..].Trim()}");
        return 0;
    }

    /// <summary>Clouds around the centers of classes, so that there is something to learn.</summary>
    private static void Make(string folder, int rows, int classes)
    {
        var random = new Random(1);
        var centers = Enumerable.Range(0, classes).Select(_ => Enumerable.Range(0, Dim).Select(_ => (float)random.NextDouble()).ToArray()).ToArray();
        var images = SetImages.Of(
            Enumerable.Range(0, rows).Select(row => ImageInput.FromBytes(new byte[1], row.ToString("D9", CultureInfo.InvariantCulture))), root: null,
            id => $"class {int.Parse(id, CultureInfo.InvariantCulture) % classes:D4}");
        var plan = SetPlan.Of(images, PartRows, SetNetwork.Of("made", null, Dim, ["clouds"]));
        var set = new SetFolder(folder);
        set.Claim(plan, images, isShard: false);
        var row = new float[Dim];
        for (var part = 0; part < plan.Parts.Count; part++)
        {
            var planned = images.Part(part, PartRows);
            var writer = new FeaturePartWriter(plan, part, planned, "made");
            foreach (var image in planned.Span)
            {
                var center = centers[int.Parse(image.Id, CultureInfo.InvariantCulture) % classes];
                for (var d = 0; d < Dim; d++) row[d] = center[d] + random.NextSingle() * 6;
                writer.Add(row);
            }

            writer.Write(set);
        }

        set.TryFinish(plan, _ => true);
    }

    private static void Line(FormattableString text) => Console.WriteLine(FormattableString.Invariant(text));
}
