using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using OnnxTransfer.Training;

namespace OnnxTransfer.Benchmarks.Heads;

/// <summary>The choice of L2 on 2934 x 1280 features of 5 classes, 20 values and 5 folds, beside scikit-learn's LogisticRegressionCV on the same C.</summary>
internal static class TuningPeers
{
    private const int Values = 20;

    /// <param name="peers">The folder benchmarks/peers.</param>
    /// <param name="python">A Python with scikit-learn.</param>
    /// <param name="rounds">How often the sides take turns.</param>
    internal static int Run(string peers, string python, int rounds)
    {
        var problem = HeadProblem.Small;
        var data = problem.Draw();
        using var folder = new PeerFolder();
        folder.Write("x.npy", "<f4", data.Features.Values, problem.RowCount, problem.Dim);
        folder.Write("y.npy", "<i4", data.Labels, problem.RowCount);
        double[] cs = [.. Enumerable.Range(0, Values).Select(i => Math.Pow(10, -4 + i * 8.0 / (Values - 1)))];
        var options = new TuningOptions { Standardize = false, Values = [.. cs.Select(c => 1 / (c * problem.RowCount))] };
        Console.WriteLine($"{DateTime.UtcNow:yyyy-MM-dd}, {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}");
        Console.WriteLine($"{problem.RowCount} x {problem.Dim}, {problem.ClassCount} classes, 5 folds x {Values} values and the head on all rows, chosen by log loss");
        for (var round = 1; round <= rounds; round++)
        {
            var clock = Stopwatch.StartNew();
            var tuned = HeadTuner.Tune(data, problem.ClassCount, options);
            var seconds = clock.Elapsed.TotalSeconds;
            var text = PeerFolder.Ask(python, [Path.Combine(peers, "tuning.py"), folder.Path, $"{Values}"]);
            using var answer = JsonDocument.Parse(text[text.LastIndexOf('{')..]);
            var theirs = answer.RootElement.GetProperty("seconds").GetDouble();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"round {round}: OnnxTransfer {seconds:0.00} s, C {1 / (tuned.Chosen.L2 * problem.RowCount):G4}, log loss {tuned.Chosen.Loss:0.00000}; scikit-learn {theirs:0.00} s, C {answer.RootElement.GetProperty("c").GetDouble():G4}, log loss {answer.RootElement.GetProperty("loss").GetDouble():0.00000}: {theirs / seconds:0.0} times as long"));
        }

        return 0;
    }
}
