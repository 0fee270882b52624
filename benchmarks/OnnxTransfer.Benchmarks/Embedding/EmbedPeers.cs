using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>
/// A folder of photos to the feature vectors of one network: here, in Node.js with sharp and onnxruntime-node, in Python with
/// Pillow and PyTorch, in rounds, one after the other on the same files. Prints medians of the rounds and ratios of each round to
/// the peers and to the machine's floor. Each side warms up before it measures.
/// </summary>
internal static class EmbedPeers
{
    /// <param name="peers">The folder benchmarks/peers; Node.js is left out where it has no node_modules.</param>
    /// <param name="python">A Python with torch, torchvision and Pillow; "none" to leave it out.</param>
    /// <param name="count">Photos.</param>
    /// <param name="rounds">Rounds.</param>
    public static async Task<int> RunAsync(string peers, string python, int count, int rounds)
    {
        var paths = Directory.EnumerateFiles(Photos.Flowers(), "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(count).ToList();
        Console.WriteLine($"{DateTime.UtcNow:yyyy-MM-dd}, {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}, {ImageDecoders.Default.Name}");
        Console.WriteLine($"{paths.Count} photos to vectors of {Path.GetFileName(MeasuredBackbone.Path)}; medians of {rounds} rounds, images/s");
        using var extractor = MeasuredBackbone.Open();
        using var floor = new EmbedFloor(extractor, paths);
        await extractor.EmbedAsync(ImageInput.FromFiles(paths.Take(64)));
        var answers = new List<Round>();
        for (var round = 0; round < rounds; round++)
        {
            var (prepare, perCore, together) = (floor.Prepare(), floor.RunPerCore(), floor.RunTogether());
            var ours = await extractor.EmbedAsync(ImageInput.FromFiles(paths));
            answers.Add(new Round(
                prepare, perCore, together, ours.ImagesPerSecond,
                Directory.Exists(Path.Combine(peers, "node_modules")) ? Ask("node", [Path.Combine(peers, "embed.mjs"), MeasuredBackbone.Path, .. paths]) : null,
                python != "none" ? Ask(python, [Path.Combine(peers, "embed.py"), .. paths]) : null));
            Console.Error.WriteLine($"round {round + 1} of {rounds}: {ours.ImagesPerSecond:F0} images/s. {ours.Bottleneck}");
        }

        Print("decoding and preparing alone", answers, round => round.Prepare);
        Print("ONNX Runtime alone, one image on each core", answers, round => round.PerCore);
        Print("ONNX Runtime alone, 32 images on all cores together", answers, round => round.Together);
        Print("floor: the better of these with decoding", answers, Floor);
        Print("OnnxTransfer", answers, round => round.Ours);
        Console.WriteLine($"{"  of the floor",-55}{Median(answers, round => round.Ours / Floor(round)),8:P0}");
        Compare("sharp + onnxruntime-node", answers, round => round.Node);
        Compare("Pillow + PyTorch", answers, round => round.Python);
        return 0;
    }

    private static double Floor(Round round) => EmbedFloor.Combine(round.Prepare, Math.Max(round.PerCore, round.Together));

    private static void Print(string what, List<Round> rounds, Func<Round, double> value) => Console.WriteLine($"{what,-55}{Median(rounds, value),8:F0}");

    private static void Compare(string peer, List<Round> rounds, Func<Round, Answer?> answer)
    {
        if (rounds.Any(round => answer(round) is null)) return;
        Print($"{peer} {answer(rounds[0])!.Versions}", rounds, round => Rate(answer(round)!));
        Console.WriteLine($"{"  OnnxTransfer is faster by",-55}{Median(rounds, round => round.Ours / Rate(answer(round)!)),7:F2}x");
    }

    private static double Rate(Answer answer) => answer.Images / answer.Seconds;

    private static double Median(List<Round> rounds, Func<Round, double> value)
    {
        var sorted = rounds.Select(value).Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static Answer Ask(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var answer = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {arguments[0]} ended with {process.ExitCode}.");
        return JsonSerializer.Deserialize<Answer>(answer[answer.LastIndexOf('{')..], JsonSerializerOptions.Web)!;
    }

    private sealed record Answer(double Seconds, int Images, string Versions);

    private sealed record Round(double Prepare, double PerCore, double Together, double Ours, Answer? Node, Answer? Python);
}
