using System.Diagnostics;
using OnnxTransfer.Datasets;
using OnnxTransfer.Features;

namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>
/// A long run: the photos of a folder repeated, each copy with another last byte so that no two are equal, embedded into one
/// matrix with a cache, and then again from the cache. Says what memory the process took and how much faster the second run was.
/// </summary>
internal static class ManyImages
{
    private const double MostMegabytes = 700;
    private const double LeastSpeedUp = 50;

    /// <param name="model">The network.</param>
    /// <param name="folder">Photos.</param>
    /// <param name="count">How many images to make of them.</param>
    public static async Task<int> RunAsync(string model, string folder, int count)
    {
        var temporary = Directory.CreateTempSubdirectory("onnxtransfer-many-").FullName;
        try
        {
            var paths = Repeat(ImageFolder.ListImages(folder), temporary, count);
            using var extractor = FeatureExtractor.Load(
                model, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Cache = new FeatureCache(Path.Combine(temporary, "cache")) });
            var memory = new Memory(count / 4);
            var first = await extractor.EmbedAsync(paths, progress: memory);
            var (peak, growth) = (Megabytes(process => process.PeakWorkingSet64), memory.Growth);
            var second = await extractor.EmbedAsync(paths);
            var speedUp = first.Elapsed / second.Elapsed;
            Console.WriteLine($"first run   {first.Elapsed.TotalSeconds,8:F1} s, {first.ImagesPerSecond:F0} images/s. {first.Bottleneck}");
            Console.WriteLine($"second run  {second.Elapsed.TotalSeconds,8:F2} s, {second.ImagesPerSecond:F0} images/s, {second.Cached} from the cache: {speedUp:F0} times as fast, at least {LeastSpeedUp:F0} wanted");
            Console.WriteLine($"memory      {peak,8:F0} MB at the peak of the first run, at most {MostMegabytes:F0} wanted; {growth:+0.0;-0.0} MB from image {count / 4} to the last");
            var equal = first.Features.Values.SequenceEqual(second.Features.Values);
            Console.WriteLine(equal ? "both runs gave the same bits" : "THE RUNS DIFFER");
            return equal && peak < MostMegabytes && speedUp >= LeastSpeedUp ? 0 : 1;
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    /// <summary>Bytes after the end of a JPEG are no part of the picture.</summary>
    private static List<string> Repeat(IReadOnlyList<string> photos, string folder, int count)
    {
        var paths = new List<string>(count);
        for (var i = 0; i < count; i++)
        {
            var path = Path.Combine(folder, $"{i:000000}.jpg");
            File.WriteAllBytes(path, [.. File.ReadAllBytes(photos[i % photos.Count]), .. BitConverter.GetBytes(i)]);
            paths.Add(path);
        }

        return paths;
    }

    private static double Megabytes(Func<Process, long> bytes)
    {
        using var process = Process.GetCurrentProcess();
        return bytes(process) / 1e6;
    }

    /// <summary>Watches the process: its mean over the tenth of the run after <paramref name="from"/>, and over the last tenth.</summary>
    private sealed class Memory(int from) : IProgress<WorkProgress>
    {
        private readonly List<double> _early = [];
        private readonly List<double> _late = [];

        public double Growth => _late.Average() - _early.Average();

        public void Report(WorkProgress value)
        {
            if (value.Done % 50 != 0) return;
            var window = value.Total / 10;
            if (value.Done >= from && value.Done < from + window) _early.Add(Megabytes(process => process.WorkingSet64));
            if (value.Done > value.Total - window) _late.Add(Megabytes(process => process.WorkingSet64));
            if (value.Done % Math.Max(50, value.Total / 20 / 50 * 50) == 0)
                Console.Error.WriteLine($"{value.Done} of {value.Total}, {value.PerSecond:F0} images/s, {value.Remaining:hh\\:mm\\:ss} left, {Megabytes(process => process.WorkingSet64):F0} MB");
        }
    }
}
