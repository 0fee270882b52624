using System.Diagnostics;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Decoding;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Features;

/// <summary>
/// Images to rows of numbers, batch by batch: a batch is decoded and prepared on all cores, then the network runs on all
/// cores. An image that cannot be decoded is left out with its reason and the batch goes on without it.
/// </summary>
internal sealed class EmbeddingPipeline(OnnxSession session, ModelCard card, IImageDecoder decoder, DecodeOptions decodeOptions, int threads)
{
    /// <summary>Runs the images of <paramref name="paths"/> through the network.</summary>
    internal EmbeddingResult Run(IReadOnlyList<string> paths, int batchSize, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var (preparing, running) = (TimeSpan.Zero, TimeSpan.Zero);
        var skipped = new SkippedImages();
        var indices = new List<int>(paths.Count);
        var values = new List<float[]>();
        using var batch = RentBatch(Math.Min(batchSize, Math.Max(paths.Count, 1)));
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount, CancellationToken = cancellationToken };

        for (var start = 0; start < paths.Count; start += batch.Count)
        {
            var count = Math.Min(batch.Count, paths.Count - start);
            var (first, before) = (start, clock.Elapsed);
            Parallel.For(0, count, parallel, i => Prepare(paths, first + i, batch, i, skipped));
            var used = Compact(batch, start, count, skipped, indices);
            preparing += clock.Elapsed - before;

            before = clock.Elapsed;
            var rows = new float[used * session.RowLength];
            session.Run(batch.Memory, used, rows);
            values.Add(rows);
            running += clock.Elapsed - before;
            progress?.Report(new WorkProgress(start + count, paths.Count));
        }

        var features = new FeatureMatrix(Join(values), indices.Count, session.RowLength);
        return new EmbeddingResult(features, indices, skipped, clock.Elapsed, preparing, running);
    }

    /// <summary>The row of one image that is decoded already.</summary>
    internal float[] Run(PixelBuffer pixels) =>
        RunOne(batch => ImagePreprocessor.Prepare(pixels, card.Preprocess, card.Input.Layout, batch.Image(0)));

    /// <summary>The row of one image file.</summary>
    internal float[] Run(string path) =>
        RunOne(batch => ImagePreprocessor.Prepare(path, decoder, decodeOptions, card.Preprocess, card.Input.Layout, batch.Memory));

    /// <summary>The row of one encoded image.</summary>
    internal float[] Run(ReadOnlySpan<byte> encoded)
    {
        using var batch = RentBatch(1);
        ImagePreprocessor.Prepare(encoded, decoder, decodeOptions, card.Preprocess, card.Input.Layout, batch.Memory);
        return Row(batch);
    }

    private float[] RunOne(Action<TensorBatch> prepare)
    {
        using var batch = RentBatch(1);
        prepare(batch);
        return Row(batch);
    }

    /// <summary>The row of the one image of a batch.</summary>
    internal float[] Row(TensorBatch batch)
    {
        var row = new float[session.RowLength];
        session.Run(batch.Memory, 1, row);
        return row;
    }

    private TensorBatch RentBatch(int count) => TensorBatch.Rent(count, card.Input.Width, card.Input.Height, card.Input.Layout);

    private void Prepare(IReadOnlyList<string> paths, int position, TensorBatch batch, int slot, SkippedImages skipped)
    {
        try
        {
            ImagePreprocessor.Prepare(paths[position], decoder, decodeOptions, card.Preprocess, card.Input.Layout, batch.ImageMemory(slot));
        }
        catch (ImageDecodeException exception)
        {
            skipped.Add(position, paths[position], exception.Reason);
        }
    }

    /// <summary>Closes the gaps that unusable images left in the batch, keeping the order; returns how many images are in it.</summary>
    private static int Compact(TensorBatch batch, int start, int count, SkippedImages skipped, List<int> indices)
    {
        var used = 0;
        for (var i = 0; i < count; i++)
        {
            if (skipped.Contains(start + i)) continue;
            if (used != i) batch.Image(i).CopyTo(batch.Image(used));
            indices.Add(start + i);
            used++;
        }

        return used;
    }

    private static float[] Join(List<float[]> parts)
    {
        var all = new float[parts.Sum(part => part.Length)];
        var at = 0;
        foreach (var part in parts)
        {
            part.CopyTo(all, at);
            at += part.Length;
        }

        return all;
    }
}
