using OnnxTransfer.Data;

namespace OnnxTransfer.Embedding;

/// <summary>Takes the rows of a run, in one matrix or one by one.</summary>
internal static class EmbeddingCollector
{
    /// <summary>Runs a pipeline to its end and gathers the rows in one matrix.</summary>
    /// <param name="pipeline">A pipeline that has not run.</param>
    /// <param name="inputs">The images.</param>
    /// <param name="dim">D, the length of a row.</param>
    /// <param name="progress">Receives the progress after every batch.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    internal static async Task<EmbeddingResult> CollectAsync(
        EmbeddingPipeline pipeline, IReadOnlyList<ImageInput> inputs, int dim, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        if ((long)inputs.Count * dim > Array.MaxLength) Throw.TooManyRowsForOneMatrix(inputs.Count, dim);
        var values = new float[inputs.Count * dim];
        var indices = new List<int>(inputs.Count);
        var contentKeys = new List<byte[]?>(inputs.Count);
        var tally = new Tally(inputs.Count);
        await foreach (var batch in pipeline.RunAsync(inputs.ToAsyncEnumerable(), cancellationToken).ConfigureAwait(false))
        {
            foreach (var image in batch.Images)
            {
                if (!tally.Take(image)) continue;
                image.Vector!.CopyTo(values, indices.Count * dim);
                indices.Add(image.Index);
                contentKeys.Add(image.ContentKey);
            }

            progress?.Report(tally.Advance(batch.Count, pipeline.Times));
        }

        if (indices.Count < inputs.Count) Array.Resize(ref values, indices.Count * dim);
        return new EmbeddingResult(new FeatureMatrix(values, indices.Count, dim), indices, [.. indices.Select(index => inputs[index].Id)], contentKeys, tally.Skipped, tally.Warnings, tally.Cached, pipeline.Times);
    }

    /// <summary>Runs a pipeline to its end and hands the images on as they come, in their order.</summary>
    /// <param name="pipeline">A pipeline that has not run.</param>
    /// <param name="inputs">The images.</param>
    /// <param name="count">Their number; null if it is not known.</param>
    /// <param name="dim">D, the length of a row.</param>
    /// <param name="take">Receives every image, with its row or the reason why it has none.</param>
    /// <param name="progress">Receives the progress after every batch.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    internal static async Task<EmbeddingRun> RunAsync(
        EmbeddingPipeline pipeline, IAsyncEnumerable<ImageInput> inputs, int? count, int dim, Action<EmbeddedImage> take, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var tally = new Tally(count);
        await foreach (var batch in pipeline.RunAsync(inputs, cancellationToken).ConfigureAwait(false))
        {
            foreach (var image in batch.Images)
            {
                tally.Take(image);
                take(image);
            }

            progress?.Report(tally.Advance(batch.Count, pipeline.Times));
        }

        return new EmbeddingRun(tally.Rows, dim, tally.Skipped, tally.Warnings, tally.Cached, pipeline.Times);
    }

    /// <summary>What is counted of a run.</summary>
    /// <param name="total">The number of images; null if it is not known.</param>
    private sealed class Tally(int? total)
    {
        private readonly ProgressMeter _meter = new(total);

        internal SkippedImages Skipped { get; } = new();

        internal Dictionary<int, IReadOnlyList<ImageWarning>> Warnings { get; } = [];

        internal int Rows { get; private set; }

        internal int Cached { get; private set; }

        /// <summary>Counts an image; whether it has a row.</summary>
        internal bool Take(EmbeddedImage image)
        {
            if (image.Vector is null)
            {
                Skipped.Add(image.Index, new SkippedImage(image.Id, image.Error!) { TimedOut = image.TimedOut });
                return false;
            }

            Rows++;
            if (image.FromCache) Cached++;
            if (image.Warnings.Count > 0) Warnings.Add(image.Index, [.. image.Warnings.Select(text => new ImageWarning(image.Id, text))]);
            return true;
        }

        internal WorkProgress Advance(int images, StageTimes times) => _meter.Advance(images, times.Elapsed);
    }
}
