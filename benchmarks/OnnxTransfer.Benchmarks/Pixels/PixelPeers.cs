using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using OnnxTransfer.Vips;

namespace OnnxTransfer.Benchmarks.Pixels;

/// <summary>
/// From JPEG bytes in memory to a normalized tensor of 224x224 on one thread: here, in Pillow and in sharp, in one run. Each
/// takes its turn on the same photographs, round after round, so that a busy machine is busy for all of them.
/// </summary>
internal static class PixelPeers
{
    private const int ComparedPhotos = 12;

    /// <param name="peers">The folder benchmarks/peers; null to measure this library alone.</param>
    /// <param name="python">A Python with Pillow and NumPy.</param>
    /// <param name="rounds">How often each takes its turn.</param>
    /// <param name="result">A Markdown file for the result; null for the console alone.</param>
    public static int Run(string? peers, string python, int rounds, string? result)
    {
        using var pillow = peers is null ? null : new PeerProcess(python, Path.Combine(peers, "pillow_prepare.py"));
        using var sharp = peers is null || !Directory.Exists(Path.Combine(peers, "node_modules", "sharp")) ? null : new PeerProcess("node", Path.Combine(peers, "sharp_prepare.mjs"));
        List<Contender> contenders =
        [
            new OurContender("OnnxTransfer, exact", ImageDecoders.Default, JpegShrink.None),
            new OurContender("OnnxTransfer, JpegShrink.Near", ImageDecoders.Default, JpegShrink.Near),
            new OurContender("OnnxTransfer, JpegShrink.Fast", ImageDecoders.Default, JpegShrink.Fast),
            new OurContender("OnnxTransfer by libvips, exact", VipsDecoder.Instance, JpegShrink.None),
            new OurContender("OnnxTransfer by libvips, JpegShrink.Fast", VipsDecoder.Instance, JpegShrink.Fast),
        ];
        if (pillow is not null) contenders.AddRange([new PeerContender("Pillow, plain", pillow, "plain"), new PeerContender("Pillow, draft", pillow, "draft")]);
        if (sharp is not null) contenders.AddRange([new PeerContender("sharp, plain", sharp, "plain"), new PeerContender("sharp, shrink on load", sharp, "shrink")]);

        var report = new StringBuilder();
        report.AppendLine(CultureInfo.InvariantCulture, $"{ImageDecoders.Default.Name}, {VipsDecoder.Instance.Name}, {pillow?.Version ?? "no Pillow"}, {sharp?.Version ?? "no sharp"}, .NET {Environment.Version}; {Machine()}");
        foreach (var set in new[] { new PhotoSet("flowers", Photos.Small()), new PhotoSet("large", Photos.Large()) }) Measure(set, contenders, rounds, report);
        Console.Write(report);
        if (result is null) return 0;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(result))!);
        File.WriteAllText(result, $"# Pixels\n\nWritten by `pixels`, see benchmarks/peers/README.md.\n\n{report}");
        return 0;
    }

    private static void Measure(PhotoSet set, List<Contender> contenders, int rounds, StringBuilder report)
    {
        // The first round warms up, just-in-time compilers included.
        var times = contenders.ToDictionary(contender => contender, _ => new List<PassTime>());
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var contender in contenders)
            {
                var time = contender.Pass(set);
                if (round > 0) times[contender].Add(time);
            }
        }

        report.AppendLine(CultureInfo.InvariantCulture, $"\n## {set.Name}: {set.Photos.Length} photographs, median of {rounds} rounds in turn, one thread\n");
        report.AppendLine("| | images/s | ours, exact, is | images per CPU second | ours, exact, is | mean difference from ours, exact, of 255 |");
        report.AppendLine("|---|---|---|---|---|---|");
        var exact = contenders[0].Tensors(set, ComparedPhotos);
        var ours = (Rate(set, times[contenders[0]], time => time.Seconds), Rate(set, times[contenders[0]], time => time.CpuSeconds));
        foreach (var contender in contenders)
        {
            var (rate, cpuRate) = (Rate(set, times[contender], time => time.Seconds), Rate(set, times[contender], time => time.CpuSeconds));
            var difference = exact.Zip(contender.Tensors(set, ComparedPhotos), (a, b) => Math.Abs((double)a - b)).Average() * 127.5;
            report.AppendLine(CultureInfo.InvariantCulture, $"| {contender.Name} | {rate:F0} | {ours.Item1 / rate:F2} times | {cpuRate:F0} | {ours.Item2 / cpuRate:F2} times | {difference:F3} |");
        }
    }

    private static double Rate(PhotoSet set, List<PassTime> times, Func<PassTime, double> value)
    {
        var sorted = times.Select(value).Order().ToList();
        return set.Photos.Length / ((sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2);
    }

    private static string Machine()
    {
        var cpu = File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() : null;
        return $"{cpu ?? RuntimeInformation.ProcessArchitecture.ToString()}, {Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}";
    }
}
