using OnnxTransfer.Data;

namespace OnnxTransfer.Embedding;

/// <summary>Gathers the rows of a run in one matrix.</summary>
internal static class EmbeddingCollector
{
    /// <summary>Runs a pipeline to its end.</summary>
    /// <param name="pipeline">A pipeline that has not run.</param>
    /// <param name="inputs">The images.</param>
    /// <param name="dim">D, the length of a row.</param>
    /// <param name="progress">Receives the progress after every batch.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    internal static async Task<EmbeddingResult> CollectAsync(
        EmbeddingPipeline pipeline, IReadOnlyList<ImageInput> inputs, int dim, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        if ((long)inputs.Count * dim > Array.MaxLength) Throw.TooManyRowsForOneMatrix(inputs.Count, dim);
        var meter = new ProgressMeter(inputs.Count);
        var values = new float[inputs.Count * dim];
        var indices = new List<int>(inputs.Count);
        var skipped = new SkippedImages();
        var warnings = new Dictionary<int, IReadOnlyList<ImageWarning>>();
        var cached = 0;
        await foreach (var batch in pipeline.RunAsync(inputs.ToAsyncEnumerable(), cancellationToken).ConfigureAwait(false))
        {
            foreach (var image in batch.Images)
            {
                if (image.Vector is { } row)
                {
                    row.CopyTo(values, indices.Count * dim);
                    indices.Add(image.Index);
                    if (image.FromCache) cached++;
                    if (image.Warnings.Count > 0) warnings.Add(image.Index, [.. image.Warnings.Select(text => new ImageWarning(image.Id, text))]);
                }
                else
                {
                    skipped.Add(image.Index, new SkippedImage(image.Id, image.Error!) { TimedOut = image.TimedOut });
                }
            }

            progress?.Report(meter.Advance(batch.Count, pipeline.Times.Elapsed));
        }

        if (indices.Count < inputs.Count) Array.Resize(ref values, indices.Count * dim);
        return new EmbeddingResult(new FeatureMatrix(values, indices.Count, dim), indices, skipped, warnings, cached, pipeline.Times.Elapsed, pipeline.Times);
    }
}
