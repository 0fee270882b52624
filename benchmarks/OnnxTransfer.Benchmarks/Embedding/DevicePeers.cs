using System.Diagnostics;
using System.Numerics.Tensors;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>
/// A device beside the CPU on a folder of photos, in 32 and 16 bits, with its work recorded and not: how alike the vectors are,
/// images per second of the network alone and with decoding at several batch sizes, and how much of
/// the time no batch is on the device (one that is being copied there or back is).
/// </summary>
internal static class DevicePeers
{
    private static readonly (NetworkPrecision Precision, double LeastCosine)[] s_precisions = [(NetworkPrecision.Float32, 0.9999), (NetworkPrecision.Float16, 0.999)];

    /// <param name="model">The path of an .onnx file.</param>
    /// <param name="folder">Photos.</param>
    /// <param name="provider">The device's provider.</param>
    /// <param name="batches">Batch sizes.</param>
    /// <returns>0 when all vectors are near those of the CPU.</returns>
    internal static async Task<int> RunAsync(string model, string folder, ExecutionProvider provider, IReadOnlyList<int> batches)
    {
        var paths = ImageListing.FromFolder(folder).Images;
        using var cpu = FeatureExtractor.Load(model, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
        await cpu.EmbedAsync([.. paths.Take(8)]).ConfigureAwait(false);
        var exact = await cpu.EmbedAsync(paths).ConfigureAwait(false);
        Console.WriteLine($"{paths.Count} photos, {cpu.Model.Id}, {Environment.ProcessorCount} cores; with decoding on the CPU {exact.ImagesPerSecond:0} images/s");
        var allNear = true;
        foreach (var (precision, leastCosine) in s_precisions)
        {
            foreach (var capture in (bool[])[false, true])
            {
                try
                {
                    using var device = FeatureExtractor.Load(model, new FeatureExtractorOptions { Provider = provider, Precision = precision, CaptureGraph = capture });
                    Console.WriteLine($"{precision}, {(capture ? "to be recorded" : "not recorded")}: {device.ProviderReason}");
                    if (capture && device.ProviderReason.Contains("not recorded", StringComparison.Ordinal)) continue;
                    foreach (var batch in batches) allNear &= await CompareAsync(device, paths, exact.Features, batch).ConfigureAwait(false) >= leastCosine;
                }
                catch (ModelException exception)
                {
                    allNear = false;
                    Console.WriteLine($"{precision}: {exception.Message}");
                }
            }
        }

        using var plain = FeatureExtractor.Load(model, new FeatureExtractorOptions { Provider = provider });
        Console.WriteLine($"nodes: {string.Join(", ", plain.CountNodes().Select(nodes => $"{nodes.Count} {nodes.Operator} on {nodes.Provider}"))}");
        return allNear ? 0 : 1;
    }

    /// <summary>Prints the figures of one batch size and returns the least cosine of a vector to the CPU's.</summary>
    private static async Task<double> CompareAsync(FeatureExtractor device, IReadOnlyList<ImageInput> paths, FeatureMatrix exact, int batch)
    {
        var alone = NetworkAlone(device, paths[0], batch);
        var result = await device.EmbedAsync(paths, batch).ConfigureAwait(false);
        var cosine = Enumerable.Range(0, exact.RowCount).Min(row => (double)TensorPrimitives.CosineSimilarity(exact.Row(row), result.Features.Row(row)));
        Console.WriteLine(
            $"  batch {batch,3}: network alone {alone,7:0} images/s, with decoding {result.ImagesPerSecond,7:0} images/s, no batch on the device {Math.Max(0, 1 - (result.Running / result.Elapsed)):P0} of the time; "
            + $"least cosine to the CPU {cosine:0.000000}");
        return cosine;
    }

    /// <summary>Images per second of the network, copies to and from the device included; at least three batches and a second.</summary>
    private static double NetworkAlone(FeatureExtractor extractor, ImageInput photo, int batch)
    {
        var card = extractor.Backbone.Card;
        using var session = extractor.Network.OpenSession(extractor.Network.Settings);
        using var tensors = TensorBatch.Rent(batch, card.Input.Width, card.Input.Height, card.Input.Layout);
        var preprocessor = new ImagePreprocessor(card.Preprocess, card.Input.Layout);
        for (var i = 0; i < batch; i++) preprocessor.Prepare(photo, tensors.ImageMemory(i));
        var rows = new float[batch * extractor.Dim];
        session.WarmUp(batch);
        session.Run(tensors.Memory, batch, rows);
        var clock = Stopwatch.StartNew();
        var runs = 0;
        for (; runs < 3 || clock.Elapsed.TotalSeconds < 1; runs++) session.Run(tensors.Memory, batch, rows);
        return runs * batch / clock.Elapsed.TotalSeconds;
    }
}
