using System.Diagnostics;
using System.Runtime.InteropServices;
using OnnxTransfer.Training;

namespace OnnxTransfer.Benchmarks.Heads;

/// <summary>
/// The same training here, in PyTorch, TensorFlow.js and scikit-learn, in rounds, one after the other on the same files: same
/// features, first weights (zero), order of rows, optimizer and constants. Prints medians of the rounds, ratios, losses, and
/// the machine's floor.
/// </summary>
internal sealed class HeadPeers
{
    private const int Rounds = 5;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    private readonly string _peers;
    private readonly string _python;
    private readonly HeadProblem _problem;
    private readonly LabeledFeatures _data;

    private HeadPeers(string peers, string python, HeadProblem problem, LabeledFeatures data) =>
        (_peers, _python, _problem, _data) = (peers, python, problem, data);

    /// <param name="peers">The folder benchmarks/peers.</param>
    /// <param name="python">A Python with torch and scikit-learn, or "none" for the floor alone.</param>
    /// <param name="data">"small", "large" or "mlp", or the .npy file of `onnxtransfer embed`, whose labels are in the .json beside it.</param>
    public static int Run(string peers, string python, string data)
    {
        Console.WriteLine($"{DateTime.UtcNow:yyyy-MM-dd}, {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}");
        if (data is "small" or "large" or "mlp")
        {
            var drawn = data switch { "small" => HeadProblem.Small, "large" => HeadProblem.Large, _ => HeadProblem.Mlp };
            new HeadPeers(peers, python, drawn, drawn.Draw()).CompareAdam();
            if (data == "small" && python != "none") new HeadPeers(peers, python, drawn, drawn.Draw()).CompareLbfgs();
            return 0;
        }

        var (problem, features) = EmbeddedImages.Read(data);
        new HeadPeers(peers, python, problem, features).CompareLbfgs();
        return 0;
    }

    private void CompareAdam()
    {
        Console.WriteLine($"{_problem.RowCount} x {_problem.Dim}, {_problem.ClassCount} classes, batch {_problem.BatchSize}, Adam, {_problem.Epochs} epochs; medians of {Rounds} rounds");
        using var folder = WriteData();
        folder.Write<int>("order.npy", "<i4", Orders(), _problem.Epochs, _problem.RowCount);
        var fresh = HeadTrainer.Train(_data, _problem.ClassCount, _problem.Adam).History.Epochs;
        Warm(_problem.Adam);
        var withNode = _python != "none" && _problem == HeadProblem.Small && Directory.Exists(Path.Combine(_peers, "node_modules"));
        var rounds = Enumerable.Range(0, Rounds).Select(_ => AdamRound(folder, withNode)).ToList();

        var seconds = Median(rounds, round => round.Ours.Seconds);
        Console.WriteLine($"machine: {Median(rounds, round => round.Flops) / 1e9:F0} GFLOP/s fused multiply-add, {Median(rounds, round => round.Moved) / 1e9:F1} GB/s read and written back by the optimizer");
        Console.WriteLine($"floor         {Median(rounds, round => round.Floor) * 1e3,9:F2} ms an epoch");
        Console.WriteLine(
            $"OnnxTransfer  {seconds * 1e3,9:F2} ms an epoch, {rounds[0].Ours.Loss:F6} loss of the last; " +
            $"{Median(rounds, round => round.Floor / round.Ours.Seconds):P0} of what the machine allows");
        Console.WriteLine($"  in a fresh process {fresh[0].Seconds * 1e3:F2} ms for the first epoch, {Median(fresh, epoch => epoch.Seconds) * 1e3:F2} ms as the median of the first {fresh.Count}");
        if (_python != "none") Print("PyTorch", rounds, round => round.Torch!);
        if (withNode) Print("TensorFlow.js", rounds, round => round.Node!);
    }

    private void CompareLbfgs()
    {
        Console.WriteLine($"{_problem.RowCount} x {_problem.Dim}, {_problem.ClassCount} classes, L-BFGS to the optimum, LogisticRegression(C=1); medians of {Rounds} rounds");
        using var folder = WriteData();
        folder.Write<int>("order.npy", "<i4", [], 0);
        var options = new TrainingOptions { Optimizer = Optimizer.Lbfgs(), L2 = 1.0 / _problem.RowCount };
        Warm(options);
        var rounds = new List<(Answer Ours, Answer Sklearn)>();
        for (var round = 0; round < Rounds; round++)
        {
            var clock = Stopwatch.StartNew();
            var optimum = HeadTrainer.Train(_data, _problem.ClassCount, options);
            var seconds = clock.Elapsed.TotalSeconds;
            var squares = ((SoftmaxHead)optimum.Head).Weights.Enumerate().Sum(w => (double)w * w);
            var ours = new Answer(seconds, optimum.History.Epochs[^1].TrainLoss + optimum.History.L2 / 2 * squares);
            rounds.Add((ours, PeerFolder.Ask<Answer>(_python, [Path.Combine(_peers, "heads.py"), "sklearn", folder.Path, .. Sizes])));
        }

        Console.WriteLine($"OnnxTransfer  {Median(rounds, round => round.Ours.Seconds):F3} s, objective {rounds[0].Ours.Loss:F7}");
        Console.WriteLine(
            $"scikit-learn  {Median(rounds, round => round.Sklearn.Seconds):F3} s, objective {rounds[0].Sklearn.Loss:F7}: " +
            $"{Median(rounds, round => round.Sklearn.Seconds / round.Ours.Seconds):F1} times as long");
    }

    private AdamAnswers AdamRound(PeerFolder folder, bool withNode)
    {
        var (flops, moved) = (MachineFloor.Measure().Flops, MachineFloor.MovedPerSecond(_problem.AdamBytes));
        var epochs = HeadTrainer.Train(_data, _problem.ClassCount, _problem.Adam).History.Epochs;
        return new AdamAnswers(
            flops,
            moved,
            _problem.FloorSeconds(flops, moved),
            new Answer(Median(epochs.Skip(1), epoch => epoch.Seconds), epochs[^1].TrainLoss),
            _python == "none" ? null : PeerFolder.Ask<Answer>(_python, [Path.Combine(_peers, "heads.py"), "torch", folder.Path, .. Sizes, .. _problem.HiddenUnits.Select(units => $"{units}")]),
            withNode ? PeerFolder.Ask<Answer>("node", [Path.Combine(_peers, "heads.mjs"), folder.Path, .. Sizes]) : null);
    }

    private string[] Sizes => [$"{_problem.ClassCount}", $"{_problem.BatchSize}"];

    private static void Print(string name, List<AdamAnswers> rounds, Func<AdamAnswers, Answer> peer) => Console.WriteLine(
        $"{name,-13} {Median(rounds, round => peer(round).Seconds) * 1e3,9:F2} ms an epoch, {peer(rounds[0]).Loss:F6} loss of the last: " +
        $"{Median(rounds, round => peer(round).Seconds / round.Ours.Seconds):F1} times as long, loss {Math.Abs(peer(rounds[0]).Loss - rounds[0].Ours.Loss):E1} apart");

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

    /// <summary>Seconds (of an epoch, or of the whole), and the loss or objective reached.</summary>
    private sealed record Answer(double Seconds, double Loss);

    private sealed record AdamAnswers(double Flops, double Moved, double Floor, Answer Ours, Answer? Torch, Answer? Node);
}
