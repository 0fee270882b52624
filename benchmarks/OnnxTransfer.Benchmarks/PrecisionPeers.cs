using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Backbones;
using OnnxTransfer.Benchmarks.Embedding;
using OnnxTransfer.Data;
using OnnxTransfer.Inference;
using OnnxTransfer.Preprocessing;
using OnnxTransfer.Training;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// 8 bits beside 32 on a folder of classes: images per second inside the session, interleaved; where the time goes by
/// operator; and test accuracy over several splits.
/// </summary>
internal static class PrecisionPeers
{
    private const int Rounds = 9;
    private const int WholeRounds = 5;
    private const int Seeds = 10;
    private const int ProfiledRuns = 10;
    private static readonly int[] s_batches = [1, 8, 32];

    internal static async Task<int> RunAsync(string model, string folder)
    {
        var photos = ImageDataset.FromFolder(folder);
        var options = new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, CalibrationImages = [.. photos.Images.Select(image => image.Image)] };
        using var exact = FeatureExtractor.Load(model, options);
        using var rounded = FeatureExtractor.Load(model, options with { Precision = NetworkPrecision.Int8 });
        Console.WriteLine($"{rounded.PrecisionReason} similarity {rounded.PrecisionSimilarity:0.0000}, speedup when converted {rounded.PrecisionSpeedup:0.00}");

        var card = exact.Backbone.Card;
        var images = options.CalibrationImages.Where((_, i) => i % 7 == 0).Take(s_batches[^1]).Select(path => Prepare(path, card)).ToArray();
        SpeedPerCore(exact, rounded, images);
        foreach (var batch in s_batches) Speed(exact, rounded, images, batch);
        foreach (var way in DecodingWay.All) await EndToEndAsync(model, options, way).ConfigureAwait(false);
        foreach (var (name, extractor) in new[] { ("float32", exact), ("int8", rounded) }) Profile(name, extractor, images);
        foreach (var (name, extractor) in new[] { ("float32", exact), ("int8", rounded) }) await AccuracyAsync(name, extractor, photos).ConfigureAwait(false);
        return 0;
    }

    /// <summary>Photos to vectors, decoding included.</summary>
    private static async Task EndToEndAsync(string model, FeatureExtractorOptions options, DecodingWay way)
    {
        var here = options with { Decoder = way.Decoder, Decode = way.Options };
        using var first = FeatureExtractor.Load(model, here);
        using var second = FeatureExtractor.Load(model, here with { Precision = NetworkPrecision.Int8 });
        var (slow, fast) = (new List<double>(), new List<double>());
        for (var round = -1; round < WholeRounds; round++)
        {
            foreach (var (extractor, rates) in new[] { (first, slow), (second, fast) })
            {
                var rate = (await extractor.EmbedAsync(options.CalibrationImages).ConfigureAwait(false)).ImagesPerSecond;
                if (round >= 0) rates.Add(rate);
            }
        }

        Console.WriteLine($"photos to vectors by {way.Name}: float32 {Median(slow):0} images/s, int8 {Median(fast):0} images/s, {Median(fast) / Median(slow):0.00} times (medians of {WholeRounds})");
    }

    private static float[] Prepare(ImageInput photo, ModelCard card)
    {
        var image = new float[3 * card.Input.Width * card.Input.Height];
        new ImagePreprocessor(card.Preprocess, card.Input.Layout).Prepare(photo, image);
        return image;
    }

    private static void Speed(FeatureExtractor exact, FeatureExtractor rounded, float[][] images, int batch)
    {
        var input = Enumerable.Range(0, batch).SelectMany(i => images[i % images.Length]).ToArray();
        using var first = exact.Network.OpenSession(SessionSettings.OnCpu());
        using var second = rounded.Network.OpenSession(SessionSettings.OnCpu());
        var rows = new float[batch * exact.Dim];
        var (slow, fast) = (new List<double>(), new List<double>());
        // Processor time is what the work costs even while other programs take turns with it.
        var (slowCost, fastCost) = (new List<double>(), new List<double>());
        for (var round = -1; round < Rounds; round++)
        {
            foreach (var (session, times, costs) in new[] { (first, slow, slowCost), (second, fast, fastCost) })
            {
                var before = Environment.CpuUsage.TotalTime;
                var clock = Stopwatch.StartNew();
                for (var done = 0; done < s_batches[^1]; done += batch) session.Run(input, batch, rows);
                // The first round is the warm-up.
                if (round < 0) continue;
                times.Add(s_batches[^1] / clock.Elapsed.TotalSeconds);
                costs.Add((Environment.CpuUsage.TotalTime - before).TotalMilliseconds / s_batches[^1]);
            }
        }

        Console.WriteLine(
            $"batch {batch,2}: float32 {Median(slow):0} images/s, int8 {Median(fast):0} images/s, {Median(fast) / Median(slow):0.00} times; "
            + $"processor time {Median(slowCost):0.00} and {Median(fastCost):0.00} ms an image, {Median(slowCost) / Median(fastCost):0.00} times (medians of {Rounds})");
    }

    /// <summary>As the pipeline runs it: an image at a time on each core, side by side.</summary>
    private static void SpeedPerCore(FeatureExtractor exact, FeatureExtractor rounded, float[][] images)
    {
        using var first = exact.Network.OpenSession(SessionSettings.OnCpu(threads: 1));
        using var second = rounded.Network.OpenSession(SessionSettings.OnCpu(threads: 1));
        var (slow, fast) = (new List<double>(), new List<double>());
        for (var round = -1; round < Rounds; round++)
        {
            foreach (var (session, times) in new[] { (first, slow), (second, fast) })
            {
                var clock = Stopwatch.StartNew();
                Parallel.ForEach(images, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, image => session.Run(image, 1, new float[exact.Dim]));
                if (round >= 0) times.Add(images.Length / clock.Elapsed.TotalSeconds);
            }
        }

        Console.WriteLine(
            $"an image on each core, as the pipeline runs it: float32 {Median(slow):0} images/s, int8 {Median(fast):0} images/s, {Median(fast) / Median(slow):0.00} times; "
            + $"the fastest rounds {fast.Max() / slow.Max():0.00} times (medians of {Rounds})");
    }

    /// <summary>One thread, so that a kernel's time is the machine's work and not the wait for other threads.</summary>
    private static void Profile(string name, FeatureExtractor extractor, float[][] images)
    {
        var card = extractor.Backbone.Card;
        using var options = new SessionOptions { IntraOpNumThreads = 1, EnableProfiling = true, ProfileOutputPathPrefix = Path.Combine(Path.GetTempPath(), "onnxtransfer-" + name) };
        using var session = new InferenceSession(extractor.Backbone.CutTo(card.Features.Tensor, extractor.Dim).ToBytes(), options);
        using var run = new RunOptions();
        for (var i = 0; i < ProfiledRuns; i++)
        {
            using var value = OrtValue.CreateTensorValueFromMemory(images[i % images.Length], [1, .. card.Input.ImageShape]);
            session.Run(run, [card.Input.Tensor], [value], [card.Features.Tensor]).Dispose();
        }

        var file = session.EndProfiling();
        using var profile = JsonDocument.Parse(File.ReadAllBytes(file));
        File.Delete(file);
        var kernels = profile.RootElement.EnumerateArray()
            .Where(entry => entry.TryGetProperty("cat", out var kind) && kind.GetString() == "Node" && entry.GetProperty("name").GetString()!.EndsWith("_kernel_time", StringComparison.Ordinal))
            .GroupBy(entry => entry.GetProperty("args").GetProperty("op_name").GetString())
            .Select(group => (Operator: group.Key, Milliseconds: group.Sum(entry => entry.GetProperty("dur").GetDouble()) / 1000 / ProfiledRuns))
            .OrderByDescending(pair => pair.Milliseconds);
        Console.WriteLine($"{name}, one thread, ms an image: {string.Join(", ", kernels.Select(pair => $"{pair.Operator} {pair.Milliseconds:0.00}"))}");
    }

    private static async Task AccuracyAsync(string name, FeatureExtractor extractor, ImageDataset photos)
    {
        var embedding = await extractor.EmbedAsync([.. photos.Images.Select(image => image.Image)]).ConfigureAwait(false);
        int[] labels = [.. embedding.Indices.Select(index => photos.ClassIndices[index])];
        var (right, all) = (0, 0);
        for (var seed = 1; seed <= Seeds; seed++)
        {
            // Half to train and half to test: with few photos, a tenth would make one photo a whole point.
            var split = StratifiedSplit.Create(labels, new SplitPercentages(50, 0, 50), seed);
            var head = HeadTrainer.Train(Pick(split.Train), photos.Classes.Count, new TrainingOptions { Epochs = 20 }).Head;
            var probabilities = head.Probabilities(embedding.Features.Select(split.Test));
            for (var row = 0; row < split.Test.Count; row++)
            {
                if (probabilities.Row(row).MaximumIndex() == labels[split.Test[row]]) right++;
            }

            all += split.Test.Count;
        }

        Console.WriteLine($"{name}: test accuracy {(double)right / all:0.0000} ({right} of {all} over {Seeds} splits in halves)");

        LabeledFeatures Pick(IReadOnlyList<int> rows) => new(embedding.Features.Select(rows), [.. rows.Select(row => labels[row])]);
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
