using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>
/// A long run: the photos of a folder repeated, each copy with another last byte so that no two are equal, embedded one after
/// the other with a cache, and then again from the cache, into one matrix. Says what memory the process took and how much faster
/// the second run was.
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
            var paths = ImageInput.FromFiles(Repeat([.. ImageListing.FromFolder(folder).Images.Select(image => image.Id)], temporary, count));
            using var extractor = FeatureExtractor.Load(
                model, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Cache = new FeatureCache(Path.Combine(temporary, "cache")) });
            using var expected = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var memory = new Memory(count);
            var clock = Stopwatch.StartNew();
            await foreach (var (_, _, vector, error) in extractor.EmbedStreamAsync(paths))
            {
                expected.AppendData(MemoryMarshal.AsBytes<float>(vector ?? throw new InvalidDataException(error)));
                memory.Look(clock.Elapsed);
            }

            var first = clock.Elapsed;
            var peak = Megabytes(process => process.PeakWorkingSet64);
            var second = await extractor.EmbedAsync(paths);
            var speedUp = first / second.Elapsed;
            Console.WriteLine($"first run   {first.TotalSeconds,8:F1} s, {count / first.TotalSeconds:F0} images/s");
            Console.WriteLine($"second run  {second.Elapsed.TotalSeconds,8:F2} s, {second.ImagesPerSecond:F0} images/s, {second.Cached} from the cache: {speedUp:F0} times as fast, at least {LeastSpeedUp:F0} wanted");
            Console.WriteLine($"memory      {peak,8:F0} MB at the peak of the first run, at most {MostMegabytes:F0} wanted; {memory.Growth:+0.0;-0.0} MB from image {count / 4} to the last, each a mean over a tenth of the run");
            var equal = expected.GetHashAndReset().AsSpan().SequenceEqual(SHA256.HashData(MemoryMarshal.AsBytes(second.Features.Values)));
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

    /// <summary>Watches the process: its mean over the tenth of the run after the first quarter, and over the last tenth.</summary>
    private sealed class Memory(int count)
    {
        private const int Step = 50;

        private readonly List<double> _early = [];
        private readonly List<double> _late = [];
        private int _done;

        public double Growth => _late.DefaultIfEmpty().Average() - _early.DefaultIfEmpty().Average();

        public void Look(TimeSpan elapsed)
        {
            if (++_done % Step != 0) return;
            var megabytes = Megabytes(process => process.WorkingSet64);
            if (_done >= count / 4 && _done < (count / 4) + (count / 10)) _early.Add(megabytes);
            if (_done > count - (count / 10)) _late.Add(megabytes);
            if (_done % Math.Max(Step, count / 20 / Step * Step) == 0) Console.Error.WriteLine($"{_done} of {count}, {_done / elapsed.TotalSeconds:F0} images/s, {megabytes:F0} MB");
        }
    }
}
