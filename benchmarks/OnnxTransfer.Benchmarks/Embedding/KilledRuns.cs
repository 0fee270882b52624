using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Embedding;

namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>
/// Kills embedding runs at random moments, in processes of their own, and looks at what the next run finds: it must end, find
/// all but what was in hand, and give an undisturbed run's bytes.
/// </summary>
internal static class KilledRuns
{
    /// <summary>What a kill may cost: the rows that wait for a commit, and those on their way to it.</summary>
    private static readonly int MostLost = 32 + PipelineShape.For(ExecutionProvider.Cpu, 0, 0, null).Window;

    /// <param name="model">The network.</param>
    /// <param name="folder">Photos.</param>
    /// <param name="kills">How often.</param>
    public static async Task<int> RunAsync(string model, string folder, int kills)
    {
        var temporary = Directory.CreateTempSubdirectory("onnxtransfer-kills-").FullName;
        try
        {
            var paths = ImageListing.FromFolder(folder).Images;
            using var plain = FeatureExtractor.Load(model, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
            var undisturbed = (await plain.EmbedAsync(paths)).Features;
            var random = new Random(1);
            var (worst, failures, cache) = (0, 0, "");
            for (var kill = 0; kill < kills; kill++)
            {
                // Mostly the run before is gone on with, so that kills fall on every part of the folder; now and then a new cache.
                if (kill % 10 == 0) cache = Path.Combine(temporary, $"{kill}");
                var done = KillAfter(random.Next(paths.Count), model, folder, cache);
                var kept = new FeatureCache(cache).Models().Sum(one => one.Vectors);
                var (_, damaged) = new FeatureCache(cache).Verify();
                worst = (int)Math.Max(worst, done - kept);
                if (damaged > 0 || done - kept > MostLost) failures++;
                if (kill % 10 != 9 && kill != kills - 1) continue;
                using var resumed = FeatureExtractor.Load(model, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Cache = new FeatureCache(cache) });
                var result = await resumed.EmbedAsync(paths);
                if (!result.Features.Values.SequenceEqual(undisturbed.Values)) failures++;
                Console.WriteLine($"after {kill + 1} kills: {result.Cached} of {paths.Count} found, the rest computed, {(result.Features.Values.SequenceEqual(undisturbed.Values) ? "bytes equal" : "BYTES DIFFER")}");
            }

            Console.WriteLine($"{kills} kills: at most {worst} finished rows lost ({MostLost} allowed), {failures} failures");
            return failures == 0 ? 0 : 1;
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    /// <summary>The run that is killed: prints how many images are done, as they are.</summary>
    public static async Task<int> RunVictimAsync(string model, string folder, string cache)
    {
        using var extractor = FeatureExtractor.Load(model, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Cache = new FeatureCache(cache) });
        var done = 0;
        await foreach (var _ in extractor.EmbedStreamAsync(ImageListing.FromFolder(folder).Images)) Console.WriteLine(++done);
        return 0;
    }

    private static int KillAfter(int images, string model, string folder, string cache)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(KilledRuns).Assembly.Location, "kills-victim", model, folder, cache]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var done = 0;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            done = int.Parse(line, CultureInfo.InvariantCulture);
            if (done >= images) process.Kill();
        }

        process.WaitForExit();
        return done;
    }
}
