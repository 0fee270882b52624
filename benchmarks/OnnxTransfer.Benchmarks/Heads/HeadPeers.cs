using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Benchmarks.Heads;

/// <summary>
/// The same training here, in PyTorch, TensorFlow.js and scikit-learn, one after the other on the same files: same features, first weights
/// (zero), order of rows, optimizer and constants. Prints times, ratios, losses, and the machine's floor.
/// </summary>
internal static class HeadPeers
{
    /// <param name="peers">The folder benchmarks/peers.</param>
    /// <param name="python">A Python with torch and scikit-learn.</param>
    /// <param name="size">"small" or "large".</param>
    public static int Run(string peers, string python, string size)
    {
        var problem = size == "large" ? HeadProblem.Large : HeadProblem.Small;
        Console.WriteLine($"{problem.RowCount} x {problem.Dim}, {problem.ClassCount} classes, batch {problem.BatchSize}, Adam, {problem.Epochs} epochs; {Environment.ProcessorCount} cores");
        var floor = MachineFloor.Measure();
        Console.WriteLine($"machine: {floor.Flops / 1e9:F0} GFLOP/s fused multiply-add, {floor.BytesPerSecond / 1e9:F1} GB/s read");
        var data = problem.Draw();

        var adam = new TrainingOptions
        {
            Epochs = problem.Epochs,
            BatchSize = problem.BatchSize,
            Optimizer = Optimizer.Adam with { PyTorchFormula = true, Epsilon = 1e-8 },
        };
        // Once for the just-in-time compiler, as the peers get an epoch to warm up.
        HeadTrainer.Train(data, problem.ClassCount, adam with { Epochs = problem == HeadProblem.Small ? problem.Epochs : 1 });
        var ours = HeadTrainer.Train(data, problem.ClassCount, adam).History;
        var seconds = ours.Epochs.Min(epoch => epoch.Seconds);
        var least = floor.SecondsPerEpoch(problem);
        Console.WriteLine($"OnnxTransfer  {seconds * 1e3,9:F2} ms an epoch, {ours.Epochs[^1].TrainLoss:F6} loss of the last; floor {least * 1e3:F2} ms, so {least / seconds:P0} of what the machine allows");

        using var folder = new PeerFolder();
        folder.Write("x.npy", "<f4", data.Features.Values, problem.RowCount, problem.Dim);
        folder.Write("y.npy", "<i4", data.Labels, problem.RowCount);
        folder.Write<int>("order.npy", "<i4", Orders(problem), problem.Epochs, problem.RowCount);
        string[] sizes = [$"{problem.ClassCount}", $"{problem.BatchSize}"];
        var python3 = Path.Combine(peers, "heads.py");
        void Compare(string name, PeerAnswer peer) => Console.WriteLine(
            $"{name,-13} {peer.Seconds * 1e3,9:F2} ms an epoch, {peer.Loss:F6} loss of the last: {peer.Seconds / seconds:F1} times as long, loss {Math.Abs(peer.Loss - ours.Epochs[^1].TrainLoss):E1} apart");
        Compare("PyTorch", Ask(python, [python3, "torch", folder.Path, .. sizes]));
        if (problem != HeadProblem.Small) return 0;
        if (Directory.Exists(Path.Combine(peers, "node_modules")))
            Compare("TensorFlow.js", Ask("node", [Path.Combine(peers, "heads.mjs"), folder.Path, .. sizes]));

        var options = new TrainingOptions { Optimizer = Optimizer.Lbfgs, L2 = 1.0 / problem.RowCount };
        HeadTrainer.Train(data, problem.ClassCount, options);
        var clock = Stopwatch.StartNew();
        var optimum = HeadTrainer.Train(data, problem.ClassCount, options);
        var lbfgs = clock.Elapsed.TotalSeconds;
        var objective = optimum.History.Epochs[^1].TrainLoss + options.L2 / 2 * ((SoftmaxHead)optimum.Head).Weights.Enumerate().Sum(w => (double)w * w);
        var sklearn = Ask(python, [python3, "sklearn", folder.Path, .. sizes]);
        Console.WriteLine($"L-BFGS: OnnxTransfer {lbfgs:F3} s, objective {objective:F7}; scikit-learn {sklearn.Seconds:F3} s, objective {sklearn.Loss:F7}: {sklearn.Seconds / lbfgs:F1} times as long");
        return 0;
    }

    /// <summary>The orders of the rows that the trainer draws for its first seed, epoch after epoch.</summary>
    private static int[] Orders(HeadProblem problem)
    {
        var random = new SeededRandom(new TrainingOptions().Seed, SeededRandom.Purpose.Order);
        var order = Enumerable.Range(0, problem.RowCount).ToArray();
        var all = new int[problem.Epochs * problem.RowCount];
        for (var epoch = 0; epoch < problem.Epochs; epoch++)
        {
            random.Shuffle(order);
            order.CopyTo(all, epoch * problem.RowCount);
        }

        return all;
    }

    private static PeerAnswer Ask(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var answer = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
        return JsonSerializer.Deserialize<PeerAnswer>(answer[answer.LastIndexOf('{')..], JsonSerializerOptions.Web)!;
    }

    private sealed record PeerAnswer(double Seconds, double Loss);

    /// <summary>Arrays as files that NumPy reads, for as long as the peers need them.</summary>
    private sealed class PeerFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("onnxtransfer-peers-").FullName;

        public void Write<T>(string name, string type, ReadOnlySpan<T> values, params int[] shape)
            where T : unmanaged
        {
            var header = string.Create(CultureInfo.InvariantCulture, $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({string.Join(',', shape)},), }}");
            header = header.PadRight((header.Length + 10 + 1 + 63) / 64 * 64 - 10 - 1) + '\n';
            using var file = File.Create(System.IO.Path.Combine(Path, name));
            file.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8), .. Encoding.ASCII.GetBytes(header)]);
            for (; values.Length > 0; values = values[Math.Min(values.Length, 1 << 24)..])
                file.Write(MemoryMarshal.AsBytes(values[..Math.Min(values.Length, 1 << 24)]));
        }

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
