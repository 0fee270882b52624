using OnnxTransfer.Embedding;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Training;

/// <summary>The vectors of mirrored and cropped copies of the training images.</summary>
internal sealed class TrainingCopies
{
    private readonly List<(FeatureMatrix Features, IReadOnlyList<int> Positions)> _passes = [];
    private readonly Dictionary<string, ImageWarning> _warnings = [];

    /// <summary>For each kind of copy, the vectors and the positions of their images among the training images.</summary>
    internal IReadOnlyList<(FeatureMatrix Features, IReadOnlyList<int> Positions)> Passes => _passes;

    /// <summary>The number of copies that could be made.</summary>
    internal int Count => _passes.Sum(pass => pass.Features.RowCount);

    /// <summary>The training images of which a copy could not be made though the image itself was read before; one warning for each image.</summary>
    internal IReadOnlyCollection<ImageWarning> Warnings => _warnings.Values;

    /// <summary>Makes the copies, one kind after the other.</summary>
    /// <param name="network">The network.</param>
    /// <param name="images">The usable training images.</param>
    /// <param name="plan">Which copies, and the size of a batch.</param>
    /// <param name="progress">Receives the progress of each kind, from 0.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    internal static async Task<TrainingCopies> EmbedAsync(
        ImageNetwork network, IReadOnlyList<LabeledImage> images, TrainingPlan plan, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var copies = new TrainingCopies();
        ImageInput[] inputs = [.. images.Select(image => image.Image)];
        foreach (var view in ImageView.Of(plan.Augment).Where(view => !view.IsPlain))
        {
            var embedding = await network.EmbedAsync(inputs, plan.EmbeddingBatchSize, progress, cancellationToken, view).ConfigureAwait(false);
            copies._passes.Add((embedding.Features, embedding.Indices));
            foreach (var position in Enumerable.Range(0, inputs.Length).Except(embedding.Indices)) copies.Warn(images[position], embedding);
        }

        return copies;
    }

    /// <summary>The training rows and, behind them, the rows of the copies.</summary>
    /// <param name="training">The rows of the images, in the order in which the copies were made.</param>
    internal LabeledFeatures JoinTo(LabeledFeatures training)
    {
        if (Count == 0) return training;
        int[] sources = [.. Enumerable.Range(0, training.Count), .. _passes.SelectMany(pass => pass.Positions)];
        var joined = training.With(FeatureMatrix.Stack([training.Features, .. _passes.Select(pass => pass.Features)]), sources);
        // A copy never judges a head that has learned from its image.
        return joined.Groups is null ? joined.InGroups(sources) : joined;
    }

    private void Warn(LabeledImage image, EmbeddingResult embedding)
    {
        var reason = embedding.Skipped.First(skipped => skipped.Id == image.Id).Reason;
        _warnings.TryAdd(image.Id, new ImageWarning(image.Id, $"A copy of it could not be made, because it could not be read again: {reason}") { Label = image.Label, Split = image.Split });
    }
}
