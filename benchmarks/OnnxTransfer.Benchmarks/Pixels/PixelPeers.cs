using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using OnnxTransfer.Vips;

namespace OnnxTransfer.Benchmarks.Pixels;

/// <summary>
/// From JPEG bytes in memory to a normalized tensor of 224x224 on one thread: here, in Pillow, OpenCV, SkiaSharp and sharp, in one run. Each
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
        using var folder = new PeerFolder();
        PhotoSet[] sets = [Set("flowers", Photos.SmallPaths()), Set("large", Photos.LargePaths()), Set("huge", Photos.HugePaths())];
        using var openCv = peers is null || !OperatingSystem.IsLinux() ? null : OpenCv(peers, folder.Path, sets);
        List<Contender> contenders =
        [
            new OurContender("OnnxTransfer by libvips, exact", VipsDecoder.Instance, JpegShrink.None),
            new OurContender("OnnxTransfer by SkiaSharp, exact", ImageDecoders.Default, JpegShrink.None),
        ];
        if (pillow is not null) contenders.Add(new PeerContender("Pillow, plain", pillow, "plain"));
        if (openCv is not null) contenders.Add(new PeerContender("OpenCV, INTER_AREA", openCv, "area"));
        contenders.Add(new SkiaContender("SkiaSharp, plain", isScaled: false));
        if (sharp is not null) contenders.Add(new PeerContender("sharp, plain", sharp, "plain"));
        contenders.AddRange(
        [
            new OurContender("OnnxTransfer by libvips, JpegShrink.Near", VipsDecoder.Instance, JpegShrink.Near),
            new OurContender("OnnxTransfer by libvips, JpegShrink.Fast", VipsDecoder.Instance, JpegShrink.Fast),
            new OurContender("OnnxTransfer by SkiaSharp, JpegShrink.Fast", ImageDecoders.Default, JpegShrink.Fast),
        ]);
        if (pillow is not null) contenders.Add(new PeerContender("Pillow, draft", pillow, "draft"));
        if (openCv is not null) contenders.AddRange([new PeerContender("OpenCV, REDUCED_4", openCv, "reduced4"), new PeerContender("OpenCV, REDUCED_8", openCv, "reduced8")]);
        contenders.Add(new SkiaContender("SkiaSharp, its own scaled codec", isScaled: true));
        if (sharp is not null) contenders.Add(new PeerContender("sharp, shrink on load", sharp, "shrink"));

        var report = new StringBuilder();
        report.AppendLine(CultureInfo.InvariantCulture, $"{ImageDecoders.Default.Name}, {VipsDecoder.Instance.Name}, {pillow?.Version ?? "no Pillow"}, {openCv?.Version ?? "no OpenCV"}, {sharp?.Version ?? "no sharp"}, .NET {Environment.Version}; {Machine()}");
        foreach (var set in sets) Measure(set, contenders, rounds, report);
        Console.Write(report);
        if (result is null) return 0;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(result))!);
        File.WriteAllText(result, $"# Pixels\n\nWritten by `pixels`, see benchmarks/peers/README.md.\n\n{report}");
        return 0;
    }

    private static PhotoSet Set(string name, IReadOnlyList<string> paths) => new(name, [.. paths.Select(File.ReadAllBytes)], paths);

    /// <summary>Builds the program beside the scripts and starts it on the same files.</summary>
    private static PeerProcess OpenCv(string peers, string folder, PhotoSet[] sets)
    {
        var program = Path.Combine(folder, "opencv");
        PeerFolder.Ask("dotnet", ["build", Path.Combine(peers, "opencv"), "-c", "Release", "--nologo", "-v", "quiet", "-o", program]);
        foreach (var set in sets) File.WriteAllLines(Path.Combine(folder, set.Name), set.Paths);
        return new PeerProcess("dotnet", [Path.Combine(program, "OnnxTransfer.Peers.OpenCv.dll"), .. sets.Select(set => $"{set.Name}={Path.Combine(folder, set.Name)}")]);
    }

    private static void Measure(PhotoSet set, List<Contender> contenders, int rounds, StringBuilder report)
    {
        // Reduced by 4 or 8, small photographs would have to be enlarged again.
        var some = contenders.Where(contender => set.Name != "flowers" || !contender.Name.Contains("REDUCED", StringComparison.Ordinal)).Where(contender => set.Name == "huge" || !contender.Name.EndsWith("REDUCED_8", StringComparison.Ordinal)).ToList();
        // The first round warms up, just-in-time compilers included.
        var times = some.ToDictionary(contender => contender, _ => new List<PassTime>());
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var contender in some)
            {
                var time = contender.Pass(set);
                if (round > 0) times[contender].Add(time);
            }
        }

        report.AppendLine(CultureInfo.InvariantCulture, $"\n## {set.Name}: {set.Photos.Length} photographs, median of {rounds} rounds in turn, one thread\n");
        report.AppendLine("| | images/s | images per CPU second | by libvips, exact, is | by libvips, Fast, is | mean difference from ours, exact, of 255 |");
        report.AppendLine("|---|---|---|---|---|---|");
        var exact = some[0].Tensors(set, ComparedPhotos);
        var (ours, fast) = (Ours("exact"), Ours("JpegShrink.Fast"));
        foreach (var contender in some)
        {
            var (rate, cpuRate) = (Rate(set, times[contender], time => time.Seconds), Rate(set, times[contender], time => time.CpuSeconds));
            var difference = exact.Zip(contender.Tensors(set, ComparedPhotos), (a, b) => Math.Abs((double)a - b)).Average() * 127.5;
            report.AppendLine(CultureInfo.InvariantCulture, $"| {contender.Name} | {rate:F0} | {cpuRate:F0} | {ours / cpuRate:F2} times | {fast / cpuRate:F2} times | {difference:F3} |");
        }

        double Ours(string way) => Rate(set, times[some.First(contender => contender.Name == $"OnnxTransfer by libvips, {way}")], time => time.CpuSeconds);
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
