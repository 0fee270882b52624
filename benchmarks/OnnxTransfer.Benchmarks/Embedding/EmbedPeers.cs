using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>
/// A folder of photos to the feature vectors of one network: here, by each decoder, at full quality and fast, and in a process of its own; in
/// Node.js with sharp and onnxruntime-node; in Python with Pillow and PyTorch. In rounds, one after the other on the same files. The ceiling
/// of a way is the network's and the decoder's time, each measured alone, warm, in the same round and on as many images. Prints medians.
/// </summary>
internal static class EmbedPeers
{
    /// <param name="peers">The folder benchmarks/peers; Node.js is left out where it has no node_modules.</param>
    /// <param name="python">A Python with torch, torchvision and Pillow; "none" to leave it out.</param>
    /// <param name="count">Photos.</param>
    /// <param name="rounds">Rounds.</param>
    public static async Task<int> RunAsync(string peers, string python, int count, int rounds)
    {
        var paths = Paths(count);
        Console.WriteLine($"{DateTime.UtcNow:yyyy-MM-dd}, {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}, ONNX Runtime {SessionFactory.RuntimeVersion}");
        Console.WriteLine($"{paths.Count} photos to vectors of {Path.GetFileName(MeasuredBackbone.Path)}; medians of {rounds} rounds, images/s");
        var extractors = DecodingWay.All.Select(way => MeasuredBackbone.Open(way: way)).ToList();
        using var floor = new EmbedFloor(extractors[0], paths);
        var preprocessors = DecodingWay.All.Select(way => EmbedFloor.Preprocessor(extractors[0], way)).ToList();
        await MeasureAsync(false);
        var answers = new List<Round>();
        for (var round = 0; round < rounds; round++)
        {
            answers.Add(await MeasureAsync(true));
            Console.Error.WriteLine($"round {round + 1} of {rounds}: {string.Join(", ", answers[^1].Ways.Select(way => $"{way.Product:F0} of {way.Ceiling:F0}"))}");
        }

        foreach (var extractor in extractors) extractor.Dispose();
        Print("ONNX Runtime alone, one image on each core", answers, round => round.PerCore);
        Print("ONNX Runtime alone, 32 images on all cores together", answers, round => round.Together);
        Console.WriteLine($"{"",-18}{"decoding",10}{"ceiling",10}{"OnnxTransfer",14}{"of ceiling",12}{"fresh process",15}{"of warm",9}{"with start-up",15}");
        for (var i = 0; i < DecodingWay.All.Count; i++)
        {
            double Of(Func<Way, double> value) => Median(answers, round => value(round.Ways[i]));
            Console.WriteLine(
                $"{DecodingWay.All[i].Name,-18}{Of(way => way.Prepare),10:F0}{Of(way => way.Ceiling),10:F0}{Of(way => way.Product),14:F0}{Of(way => way.Product / way.Ceiling),12:P0}" +
                $"{Of(way => way.Fresh),15:F0}{Of(way => way.Fresh / way.Product),9:P0}{Of(way => way.WithStart),15:F0}");
        }

        Compare("sharp + onnxruntime-node", answers, round => round.Node);
        Compare("Pillow + PyTorch", answers, round => round.Python);
        return 0;

        async Task<Round> MeasureAsync(bool withOthers)
        {
            var (perCore, together) = (floor.RunPerCore(), floor.RunTogether());
            var ways = new List<Way>();
            for (var i = 0; i < DecodingWay.All.Count; i++)
            {
                var prepare = floor.Prepare(preprocessors[i]);
                var ours = (await extractors[i].EmbedAsync(ImageInput.FromFiles(paths))).ImagesPerSecond;
                var fresh = withOthers ? Fresh(i, count) : new FreshAnswer(0, 1);
                ways.Add(new Way(prepare, EmbedFloor.Combine(prepare, Math.Max(perCore, together)), ours, fresh.ImagesPerSecond, count / fresh.Seconds));
            }

            return new Round(
                perCore, together, ways,
                withOthers && Directory.Exists(Path.Combine(peers, "node_modules")) ? PeerFolder.Ask<Answer>("node", [Path.Combine(peers, "embed.mjs"), MeasuredBackbone.Path, .. paths]) : null,
                withOthers && python != "none" ? PeerFolder.Ask<Answer>(python, [Path.Combine(peers, "embed.py"), .. paths]) : null);
        }
    }

    /// <summary>One run in this process, which did nothing before.</summary>
    public static async Task<int> RunFreshAsync(int way, int count)
    {
        using var extractor = MeasuredBackbone.Open(way: DecodingWay.All[way]);
        var result = await extractor.EmbedAsync(ImageInput.FromFiles(Paths(count)));
        Console.WriteLine(JsonSerializer.Serialize(new FreshAnswer(result.ImagesPerSecond, 0), JsonSerializerOptions.Web));
        return 0;
    }

    private static FreshAnswer Fresh(int way, int count)
    {
        var clock = Stopwatch.StartNew();
        var answer = PeerFolder.Ask<FreshAnswer>(Environment.ProcessPath!, ["embed-fresh", $"{way}", $"{count}"]);
        return answer with { Seconds = clock.Elapsed.TotalSeconds };
    }

    private static List<string> Paths(int count) =>
        [.. Directory.EnumerateFiles(Photos.Flowers(), "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(count)];

    private static void Print(string what, List<Round> rounds, Func<Round, double> value) => Console.WriteLine($"{what,-55}{Median(rounds, value),8:F0}");

    private static void Compare(string peer, List<Round> rounds, Func<Round, Answer?> answer)
    {
        if (rounds.Any(round => answer(round) is null)) return;
        Print($"{peer} {answer(rounds[0])!.Versions}", rounds, round => Rate(answer(round)!));
        Console.WriteLine($"{$"  OnnxTransfer by {DecodingWay.All[0].Name} is faster by",-55}{Median(rounds, round => round.Ways[0].Product / Rate(answer(round)!)),7:F2}x");
    }

    private static double Rate(Answer answer) => answer.Images / answer.Seconds;

    private static double Median(List<Round> rounds, Func<Round, double> value)
    {
        var sorted = rounds.Select(value).Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private sealed record Answer(double Seconds, int Images, string Versions);

    /// <param name="ImagesPerSecond">From the first image to the last.</param>
    /// <param name="Seconds">Of the whole process.</param>
    private sealed record FreshAnswer(double ImagesPerSecond, double Seconds);

    private sealed record Way(double Prepare, double Ceiling, double Product, double Fresh, double WithStart);

    private sealed record Round(double PerCore, double Together, List<Way> Ways, Answer? Node, Answer? Python);
}
