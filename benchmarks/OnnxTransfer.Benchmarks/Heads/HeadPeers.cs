using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Benchmarks.Heads;

/// <summary>
/// The same training here, in PyTorch, TorchSharp, TensorFlow.js, scikit-learn and ML.NET, in rounds, one after the other on the same files:
/// same features, first weights, order of rows, optimizer and constants. Prints medians of the rounds, ratios, losses, and the machine's floor.
/// </summary>
internal sealed class HeadPeers
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    private readonly string _peers;
    private readonly string _python;
    private readonly string? _torchSharp;
    private readonly HeadProblem _problem;
    private readonly LabeledFeatures _data;

    private HeadPeers(string peers, string python, string? torchSharp, HeadProblem problem, LabeledFeatures data) =>
        (_peers, _python, _torchSharp, _problem, _data) = (peers, python, torchSharp, problem, data);

    /// <param name="peers">The folder benchmarks/peers.</param>
    /// <param name="python">A Python with torch and scikit-learn, or "none" for the floor alone.</param>
    /// <param name="data">
    /// "small", "large" or "mlp" for Adam, "small-lbfgs", or the .npy file of `onnxtransfer embed`, whose labels are in the .json beside it.
    /// </param>
    /// <param name="torchSharp">The program that torchsharp/install.sh made, or null to leave it out.</param>
    public static int Run(string peers, string python, string data, string? torchSharp)
    {
        Console.WriteLine($"{DateTime.UtcNow:yyyy-MM-dd}, {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}");
        if (data is "small" or "large" or "mlp" or "small-lbfgs")
        {
            var drawn = data switch { "large" => HeadProblem.Large, "mlp" => HeadProblem.Mlp, _ => HeadProblem.Small };
            var run = new HeadPeers(peers, python, torchSharp, drawn, drawn.Draw());
            if (data == "small-lbfgs") run.CompareLbfgs();
            else run.CompareAdam();
            return 0;
        }

        var (problem, features) = EmbeddedImages.Read(data);
        new HeadPeers(peers, python, torchSharp, problem, features).CompareLbfgs();
        return 0;
    }

    private void CompareAdam()
    {
        Console.WriteLine($"{_problem.RowCount} x {string.Join('-', [_problem.Dim, .. _problem.HiddenUnits, _problem.ClassCount])}, batch {_problem.BatchSize}, Adam, {_problem.Epochs} epochs; medians of {Rounds} rounds");
        using var folder = WriteData();
        folder.Write<int>("order.npy", "<i4", Orders(), _problem.Epochs, _problem.RowCount);
        WriteFirstWeights(folder);
        var fresh = HeadTrainer.Train(_data, _problem.ClassCount, _problem.Adam).History.Epochs;
        Warm(_problem.Adam);
        var peers = AdamPeers(folder);
        var rounds = Enumerable.Range(0, Rounds).Select(_ => AdamRound(peers)).ToList();

        Console.WriteLine($"machine: {Median(rounds, round => round.Flops) / 1e9:F0} GFLOP/s fused multiply-add, {Median(rounds, round => round.Moved) / 1e9:F1} GB/s read and written back by the optimizer");
        Console.WriteLine($"floor                 {Median(rounds, round => round.Floor) * 1e3,9:F2} ms an epoch");
        Console.WriteLine(
            $"OnnxTransfer          {Median(rounds, round => round.Ours.Seconds) * 1e3,9:F2} ms an epoch, {Median(rounds, round => round.Ours.Total),7:F3} s in all, {rounds[0].Ours.Loss:F6} loss of the last; " +
            $"{Median(rounds, round => round.Floor / round.Ours.Seconds):P0} of what the machine allows");
        Console.WriteLine($"  in a fresh process  {fresh[0].Seconds * 1e3,9:F2} ms for the first epoch, {Median(fresh, epoch => epoch.Seconds) * 1e3:F2} ms as the median of the first {fresh.Count}");
        for (var i = 0; i < peers.Count; i++)
        {
            var peer = i;
            var loss = rounds[0].Theirs[peer].Loss;
            Console.WriteLine(
                $"{peers[peer].Name,-21} {Median(rounds, round => round.Theirs[peer].Seconds) * 1e3,9:F2} ms an epoch, {Median(rounds, round => round.Theirs[peer].Total),7:F3} s in all, {loss:F6} loss of the last: " +
                $"{Median(rounds, round => round.Theirs[peer].Seconds / round.Ours.Seconds):F1} times as long an epoch, {Median(rounds, round => round.Theirs[peer].Total / round.Ours.Total):F1} in all, loss {Math.Abs(loss - rounds[0].Ours.Loss):E1} apart");
        }
    }

    private List<(string Name, Func<Answer> Ask)> AdamPeers(PeerFolder folder)
    {
        var peers = new List<(string Name, Func<Answer> Ask)>();
        string[] hidden = [.. _problem.HiddenUnits.Select(units => $"{units}")];
        if (_python != "none") peers.Add(("PyTorch", () => PeerFolder.Ask<Answer>(_python, [Path.Combine(_peers, "heads.py"), "torch", folder.Path, .. Sizes, .. hidden])));
        // A small step gains nothing by a second thread: both are asked, for the faster to be known.
        foreach (var threads in _torchSharp is null ? [] : new[] { Environment.ProcessorCount, 1 })
        {
            if (threads == 1 && _problem != HeadProblem.Small) continue;
            peers.Add(($"TorchSharp, {threads} thread{(threads == 1 ? "" : "s")}", () => PeerFolder.Ask<Answer>(_torchSharp!, ["adam", $"{threads}", folder.Path, .. Sizes, .. hidden])));
        }

        if (_python != "none" && _problem == HeadProblem.Small && Directory.Exists(Path.Combine(_peers, "node_modules")))
            peers.Add(("TensorFlow.js", () => PeerFolder.Ask<Answer>("node", [Path.Combine(_peers, "heads.mjs"), folder.Path, .. Sizes])));
        return peers;
    }

    private void CompareLbfgs()
    {
        Console.WriteLine($"{_problem.RowCount} x {_problem.Dim}, {_problem.ClassCount} classes, L-BFGS to the optimum, LogisticRegression(C=1); medians of {Rounds} rounds");
        using var folder = WriteData();
        folder.Write<int>("order.npy", "<i4", [], 0);
        using var built = new PeerFolder();
        PeerFolder.Ask("dotnet", ["build", Path.Combine(_peers, "mlnet"), "-c", "Release", "--nologo", "-v", "quiet", "-o", built.Path]);
        var options = new TrainingOptions { Optimizer = Optimizer.Lbfgs(), L2 = 1.0 / _problem.RowCount };
        Warm(options);
        var rounds = new List<(Answer Ours, List<Answer> Theirs)>();
        var (peers, evaluations) = (new List<(string Name, Func<double, Answer> Ask)>(), 0);
        if (_python != "none") peers.Add(("scikit-learn", _ => PeerFolder.Ask<Answer>(_python, [Path.Combine(_peers, "heads.py"), "sklearn", folder.Path, .. Sizes])));
        peers.Add(("ML.NET", target => PeerFolder.Ask<Answer>("dotnet", [Path.Combine(built.Path, "OnnxTransfer.Peers.MlNet.dll"), "heads", folder.Path, $"{_problem.ClassCount}", Invariant(target)])));
        if (_torchSharp is not null)
            peers.Add(("TorchSharp", target => PeerFolder.Ask<Answer>(_torchSharp, ["lbfgs", $"{Environment.ProcessorCount}", folder.Path, .. Sizes, Invariant(target)])));
        for (var round = 0; round < Rounds; round++)
        {
            var clock = Stopwatch.StartNew();
            var optimum = HeadTrainer.Train(_data, _problem.ClassCount, options);
            var seconds = clock.Elapsed.TotalSeconds;
            evaluations = optimum.History.StepLosses.Count;
            var ours = new Answer(seconds, seconds, Objective((SoftmaxHead)optimum.Head));
            rounds.Add((ours, [.. peers.Select(peer => peer.Ask(ours.Loss))]));
        }

        var objective = rounds[0].Ours.Loss;
        Console.WriteLine($"OnnxTransfer  {Median(rounds, round => round.Ours.Seconds),7:F3} s, objective {objective:F9}, {evaluations} evaluations");
        for (var i = 0; i < peers.Count; i++)
        {
            var peer = i;
            var theirs = rounds[0].Theirs[peer];
            Console.WriteLine(
                $"{peers[peer].Name,-13} {Median(rounds, round => round.Theirs[peer].Seconds),7:F3} s, objective {theirs.Loss:F9}, {theirs.Loss / objective - 1:+0.0E+0;-0.0E+0} of ours apart: " +
                $"{Median(rounds, round => round.Theirs[peer].Seconds / round.Ours.Seconds):F1} times as long");
        }
    }

    /// <summary>The objective of scikit-learn's C = 1 in float64, mean over the rows.</summary>
    private double Objective(SoftmaxHead head)
    {
        var weights = head.Weights.ToDouble();
        var bias = head.Bias.ToDouble();
        var losses = new double[_problem.RowCount];
        Parallel.For(0, losses.Length, n =>
        {
            var row = _data.Features.Row(n);
            var z = bias.ToArray();
            for (var d = 0; d < row.Length; d++)
            {
                for (var c = 0; c < z.Length; c++) z[c] += row[d] * weights[d, c];
            }

            losses[n] = z.Max() + Math.Log(z.Sum(logit => Math.Exp(logit - z.Max()))) - z[_data.Labels[n]];
        });
        return losses.Average() + weights.Enumerate().Sum(w => w * w) / (2 * losses.Length);
    }

    private AdamAnswers AdamRound(List<(string Name, Func<Answer> Ask)> peers)
    {
        var (flops, moved) = (MachineFloor.Measure().Flops, MachineFloor.MovedPerSecond(_problem.AdamBytes));
        var clock = Stopwatch.StartNew();
        var epochs = HeadTrainer.Train(_data, _problem.ClassCount, _problem.Adam).History.Epochs;
        var ours = new Answer(Median(epochs.Skip(1), epoch => epoch.Seconds), clock.Elapsed.TotalSeconds, epochs[^1].TrainLoss);
        return new AdamAnswers(flops, moved, _problem.FloorSeconds(flops, moved), ours, [.. peers.Select(peer => peer.Ask())]);
    }

    private int Rounds => _problem == HeadProblem.Large ? 3 : 5;

    private string[] Sizes => [$"{_problem.ClassCount}", $"{_problem.BatchSize}"];

    /// <summary>The just-in-time compiler recompiles in the background what runs often; the peers are compiled already.</summary>
    private void Warm(TrainingOptions options)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < WarmUp;) HeadTrainer.Train(_data, _problem.ClassCount, options);
    }

    private static double Median<T>(IEnumerable<T> rounds, Func<T, double> value)
    {
        var sorted = rounds.Select(value).Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private PeerFolder WriteData()
    {
        var folder = new PeerFolder();
        folder.Write("x.npy", "<f4", _data.Features.Values, _problem.RowCount, _problem.Dim);
        folder.Write("y.npy", "<i4", _data.Labels, _problem.RowCount);
        return folder;
    }

    /// <summary>The hidden layers as the trainer draws them for its first seed, <c>[inputs, units]</c> each; the output layer starts from zero.</summary>
    private void WriteFirstWeights(PeerFolder folder)
    {
        var random = new SeededRandom(new TrainingOptions().Seed, SeededRandom.Purpose.Weights);
        foreach (var (l, (inputs, units)) in new NetworkShape(_problem.Dim, _problem.HiddenUnits, _problem.ClassCount).Layers.SkipLast(1).Index())
        {
            var layer = new PackedLayer<float>(inputs, units);
            layer.InitializeGlorot(random);
            var weights = new float[inputs * units];
            for (var i = 0; i < weights.Length; i++) weights[i] = layer.Parameters[layer.WeightIndex(i / units, i % units)];
            folder.Write<float>($"w{l}.npy", "<f4", weights, inputs, units);
        }
    }

    private static string Invariant(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>The orders of the rows that the trainer draws for its first seed, epoch after epoch.</summary>
    private int[] Orders()
    {
        var random = new SeededRandom(new TrainingOptions().Seed, SeededRandom.Purpose.Order);
        var order = Enumerable.Range(0, _problem.RowCount).ToArray();
        var all = new int[_problem.Epochs * _problem.RowCount];
        for (var epoch = 0; epoch < _problem.Epochs; epoch++)
        {
            random.Shuffle(order);
            order.CopyTo(all, epoch * _problem.RowCount);
        }

        return all;
    }

    /// <summary>Seconds (of an epoch, or of the whole), those of the whole training, and the loss or objective reached.</summary>
    private sealed record Answer(double Seconds, double Total, double Loss);

    private sealed record AdamAnswers(double Flops, double Moved, double Floor, Answer Ours, List<Answer> Theirs);
}
