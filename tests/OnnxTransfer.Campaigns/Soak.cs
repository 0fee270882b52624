using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Campaigns;

/// <summary>
/// Hours of mixed work in one process after another: single images, folders with and without a cache, predictions, training, saving, opening,
/// closing and reloading. A line a minute says what the process holds; after its first minutes that must not grow.
/// </summary>
internal sealed class Soak(Ground ground)
{
    private const int WarmUpMinutes = 2;
    private const double MostGrowthMegabytes = 30;
    private const int MostHandlesMore = 8;
    private const int MostThreadsMore = 8;

    private static readonly FeatureExtractorOptions s_onCpu = new() { Provider = ExecutionProvider.Cpu };

    private string File => Path.Combine(ground.Work, "soak.csv");

    /// <param name="minutes">How long this piece is.</param>
    internal async Task<int> RunAsync(int minutes)
    {
        var text = System.IO.File.Exists(File) ? "" : "piece,minute,rounds,images,rss_mb,managed_mb,handles,threads\n";
        var piece = System.IO.File.Exists(File) ? System.IO.File.ReadLines(File).Skip(1).Select(line => int.Parse(line.Split(',')[0], CultureInfo.InvariantCulture)).DefaultIfEmpty(0).Max() + 1 : 1;
        await System.IO.File.AppendAllTextAsync(File, text);
        var (photos, folder) = (ImageDataset.FromFolder(ground.Photos), Path.Combine(ground.Work, "soak"));
        Directory.CreateDirectory(folder);
        IReadOnlyList<ImageInput> images = [.. photos.Images.Select(image => image.Image)];
        var saved = Path.Combine(folder, "classifier.onnx");
        var held = new List<(double Megabytes, int Handles, int Threads)>();
        var (rounds, done, worked) = (0, 0L, TimeSpan.Zero);
        using var reloadable = ReloadableClassifier.Load(ground.Classifiers[0], s_onCpu);
        while (held.Count < minutes)
        {
            Pause.WhileAsked();
            var start = Stopwatch.GetTimestamp();
            using (var extractor = FeatureExtractor.Load(ground.Network, s_onCpu with { Cache = rounds % 3 == 0 ? new FeatureCache(Path.Combine(folder, "cache")) : null }))
            {
                foreach (var image in images.Take(60)) extractor.Embed(image);
                await extractor.EmbedAsync(images);
                var result = await ImageClassifier.TrainAsync(extractor, photos, new TrainingPlan { Epochs = 2 });
                using var classifier = result.Classifier;
                await classifier.PredictAsync(images);
                await classifier.EvaluateAsync(photos);
                await classifier.SaveAsync(saved);
            }

            using (var again = await ImageClassifier.LoadAsync(saved, s_onCpu)) again.Predict(images[0]);
            await reloadable.ReloadAsync(ground.Classifiers[rounds % 2]);
            await reloadable.PredictAsync(images);
            await using (var set = new MemoryStream(TestImage.Bomb(50_000, 50_000)))
            {
                // What fails must not hold anything either.
                try
                {
                    await reloadable.PredictAsync(set);
                }
                catch (Exception exception) when (exception is InvalidDataException or OnnxTransferException)
                {
                }
            }

            rounds++;
            done += 60 + (4L * images.Count) + 2;
            worked += Stopwatch.GetElapsedTime(start);
            if (worked.TotalMinutes < held.Count + 1) continue;
            var now = Held();
            held.Add((now.Megabytes, now.Handles, now.Threads));
            await System.IO.File.AppendAllTextAsync(File, string.Create(
                CultureInfo.InvariantCulture, $"{piece},{held.Count},{rounds},{done},{now.Megabytes:0.0},{now.Managed:0.0},{now.Handles},{now.Threads}\n"));
        }

        if (held.Count <= WarmUpMinutes) return 0;
        var (warm, last) = (held[WarmUpMinutes - 1], held[^1]);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"piece {piece}: {minutes} minutes, {done} images; since minute {WarmUpMinutes} {last.Megabytes - warm.Megabytes:+0.0;-0.0;0.0} MB, {last.Handles - warm.Handles:+0;-0;0} handles, {last.Threads - warm.Threads:+0;-0;0} threads; all pieces: {System.IO.File.ReadLines(File).Count() - 1} minutes"));
        return last.Megabytes - warm.Megabytes > MostGrowthMegabytes || last.Handles - warm.Handles > MostHandlesMore || last.Threads - warm.Threads > MostThreadsMore ? 1 : 0;
    }

    private static (double Megabytes, double Managed, int Handles, int Threads) Held()
    {
        // What the collector has not got round to is not held.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return (process.WorkingSet64 / 1e6, GC.GetTotalMemory(forceFullCollection: true) / 1e6, Directory.GetFileSystemEntries("/proc/self/fd").Length, process.Threads.Count - ThreadPool.ThreadCount);
    }
}
