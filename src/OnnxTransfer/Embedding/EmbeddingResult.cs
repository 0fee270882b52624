using OnnxTransfer.Data;
using OnnxTransfer.Embedding;

namespace OnnxTransfer;

/// <summary>The feature vectors of a list of images, and the images that could not be used.</summary>
public sealed class EmbeddingResult : EmbeddingRun
{
    internal EmbeddingResult(
        FeatureMatrix features, IReadOnlyList<int> indices, IReadOnlyList<string> ids, IReadOnlyList<byte[]?> contentKeys, SkippedImages skipped, IReadOnlyDictionary<int, IReadOnlyList<ImageWarning>> warnings, int cached, StageTimes times)
        : base(features.RowCount, features.Dim, skipped, warnings, cached, times) =>
        (Features, Indices, Ids, ContentKeys) = (features, indices, ids, contentKeys);

    /// <summary>The vectors <c>[N,D]</c> of the images that could be used, in the order of the list.</summary>
    public FeatureMatrix Features { get; }

    /// <summary>For each row of <see cref="Features"/>, the image's position in the list; ascending.</summary>
    public IReadOnlyList<int> Indices { get; }

    /// <summary>For each row of <see cref="Features"/>, the image's <see cref="ImageInput.Id"/>: the path of a file, or the id it was given.</summary>
    public IReadOnlyList<string> Ids { get; }

    /// <summary>For each row of <see cref="Features"/>, 32 bytes by which the cache finds the image that was embedded; null without a cache.</summary>
    internal IReadOnlyList<byte[]?> ContentKeys { get; }

    /// <summary>Saves the vectors with their <see cref="Ids"/>, in the format that the extension names; see <see cref="FeatureWriter"/>.</summary>
    /// <param name="path">The file to write, whole or not at all; an existing one is replaced.</param>
    /// <param name="labels">The class of each row, N texts or nulls; null for no labels.</param>
    /// <inheritdoc cref="FeatureMatrix.Save" path="/exception"/>
    public void Save(string path, IReadOnlyList<string?>? labels = null) => Features.Save(path, Ids, labels);

    /// <summary>Saves the vectors as <see cref="Save"/> does, on a thread of the pool.</summary>
    /// <param name="path">The file to write, whole or not at all; an existing one is replaced.</param>
    /// <param name="labels">The class of each row, N texts or nulls; null for no labels.</param>
    /// <param name="cancellationToken">Stops before the file gets its name; an existing file then stays as it is.</param>
    /// <inheritdoc cref="FeatureMatrix.Save" path="/exception"/>
    public Task SaveAsync(string path, IReadOnlyList<string?>? labels = null, CancellationToken cancellationToken = default) => Features.SaveAsync(path, Ids, labels, cancellationToken);
}
