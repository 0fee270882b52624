using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>
/// The second run over a folder, and a training, with all vectors in the cache, beside the least that finding them by content takes: reading and
/// hashing the files. They take turns in one process, with the files in the system's memory.
/// </summary>
internal static class SecondRun
{
    private const double LeastShare = 0.8;

    /// <param name="model">The network.</param>
    /// <param name="folder">Photos in class folders.</param>
    /// <param name="rounds">How often.</param>
    public static async Task<int> RunAsync(string model, string folder, int rounds)
    {
        var temporary = Directory.CreateTempSubdirectory("onnxtransfer-second-").FullName;
        try
        {
            var data = ImageDataset.FromFolder(folder);
            IReadOnlyList<ImageInput> images = [.. data.Images.Select(image => image.Image)];
            using var extractor = FeatureExtractor.Load(model, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Cache = new FeatureCache(temporary) });
            var plan = new TrainingPlan { Epochs = 1 };
            // The first training fills the cache with vectors and thumbnails; everything is compiled before it is measured.
            (await ImageClassifier.TrainAsync(extractor, data, plan)).Classifier.Dispose();
            (await ImageClassifier.TrainAsync(extractor, data, plan)).Classifier.Dispose();
            (string Name, Func<Task> Work)[] contenders =
            [
                ("read and hash the files alone", () => Task.Run(() => Parallel.ForEach(images, image => SHA256.HashData(File.ReadAllBytes(image.Id))))),
                ("second run (EmbedAsync)", async () =>
                {
                    if ((await extractor.EmbedAsync(images)).Cached != images.Count) throw new InvalidOperationException("not all rows were in the cache");
                }),
                ("train, without a search for near duplicates", async () => (await ImageClassifier.TrainAsync(extractor, data, plan with { KeepDuplicatesTogether = false })).Classifier.Dispose()),
                ("train", async () => (await ImageClassifier.TrainAsync(extractor, data, plan)).Classifier.Dispose()),
            ];
            var (times, processor) = (contenders.Select(_ => new List<double>()).ToArray(), contenders.Select(_ => new List<double>()).ToArray());
            for (var round = 0; round < rounds; round++)
            {
                for (var i = 0; i < contenders.Length; i++)
                {
                    var (clock, before) = (Stopwatch.StartNew(), ProcessorTime());
                    await contenders[i].Work();
                    times[i].Add(clock.Elapsed.TotalMilliseconds);
                    processor[i].Add((ProcessorTime() - before).TotalMilliseconds);
                }
            }

            var floor = Median(times[0]);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{images.Count} photos, {images.Sum(image => new FileInfo(image.Id).Length) / 1e6:F0} MB, D = {extractor.Dim}, medians of {rounds} rounds in turn"));
            for (var i = 0; i < contenders.Length; i++)
            {
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"{contenders[i].Name,-44} {Median(times[i]),8:F1} ms {Median(processor[i]),8:F1} ms of processors, {floor / Median(times[i]),5:F2} of the speed of reading and hashing"));
            }

            return floor / Median(times[1]) >= LeastShare ? 0 : 1;
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    private static TimeSpan ProcessorTime()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
