using OnnxTransfer.Embedding.Neighbors;
using OnnxTransfer.Explaining;
using OnnxTransfer.Reporting;

namespace OnnxTransfer;

/// <summary>One of the images that are most similar to a query.</summary>
/// <param name="Index">Its position in the list that was searched, from 0.</param>
/// <param name="Id">Its <see cref="ImageInput.Id"/>: the path of a file, or the id it was given.</param>
/// <param name="Cosine">The cosine of its feature vector and the query's, in [-1, 1]; 1 for the same content.</param>
public sealed record SimilarImage(int Index, string Id, double Cosine);

/// <summary>The images of a list that are most similar to a query, by the cosine of their feature vectors.</summary>
/// <example>
/// <code>
/// var photos = ImageListing.FromFolder("flower_photos").Images;
/// SimilarImages similar = await SimilarImages.FindAsync(extractor, "unknown.jpg", photos, count: 5);
/// foreach (SimilarImage image in similar.Images) Console.WriteLine(image);
/// </code>
/// </example>
public sealed class SimilarImages
{
    private readonly FeatureExtractor _extractor;
    private readonly ImageInput _query;
    private readonly IReadOnlyList<ImageInput> _searched;

    private SimilarImages(FeatureExtractor extractor, ImageInput query, IReadOnlyList<ImageInput> searched) => (_extractor, _query, _searched) = (extractor, query, searched);

    /// <summary>The images, the most similar first. Of equally similar images, the one with the lower index comes first.</summary>
    public required IReadOnlyList<SimilarImage> Images { get; init; }

    /// <summary>The images that could not be compared, with reasons.</summary>
    public required IReadOnlyList<SkippedImage> Skipped { get; init; }

    /// <summary>The feature vectors of the list and how long they took.</summary>
    public required EmbeddingResult Embedding { get; init; }

    /// <summary>Finds the images that are most similar to a query. To ask many queries, build a <see cref="FeatureIndex"/>.</summary>
    /// <param name="extractor">The backbone; it must outlive the result if a report is written.</param>
    /// <param name="query">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <param name="images">The images to search. The query itself is found as well if it is among them.</param>
    /// <param name="count">How many images to find, at least 1.</param>
    /// <param name="progress">Receives the progress after every batch.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    /// <exception cref="ImageDecodeException">The query cannot be read or decoded.</exception>
    /// <exception cref="ArgumentException">The query's feature vector is zero, so it has no direction to compare.</exception>
    /// <exception cref="ModelException">The network failed to run, or gave a number for the query that is NaN or infinite.</exception>
    public static async Task<SimilarImages> FindAsync(
        FeatureExtractor extractor, ImageInput query, IReadOnlyList<ImageInput> images, int count = 10, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(extractor);
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var asked = await extractor.EmbedAsync(query, cancellationToken).ConfigureAwait(false);
        if (!NeighborSearch.HasDirection(VectorLength.Of(asked))) throw Throw.QueryHasNoDirection(extractor.Network.Backbone.Name, query.Id);
        var embedding = await extractor.EmbedAsync(images, batchSize: 0, progress, cancellationToken).ConfigureAwait(false);
        return await Task.Run(() => Find(extractor, query, asked, images, embedding, count, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes the query and the images as one HTML page that needs no network.</summary>
    /// <param name="path">The <c>.html</c> file to write, whole or not at all; an existing one is replaced.</param>
    /// <exception cref="IOException">The folder does not exist, or the file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public void WriteReport(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        Report(path, CancellationToken.None);
    }

    /// <summary>Writes the page as <see cref="WriteReport"/> does, on a thread of the pool.</summary>
    /// <param name="path">The <c>.html</c> file to write, whole or not at all; an existing one is replaced.</param>
    /// <param name="cancellationToken">Stops before the file gets its name; an existing file then stays as it is.</param>
    /// <inheritdoc cref="WriteReport" path="/exception"/>
    public Task WriteReportAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return Task.Run(() => Report(path, cancellationToken), cancellationToken);
    }

    private static SimilarImages Find(
        FeatureExtractor extractor, ImageInput query, float[] asked, IReadOnlyList<ImageInput> images, EmbeddingResult embedding, int count, CancellationToken cancellationToken)
    {
        var lengths = VectorLength.OfRows(embedding.Features);
        int[] rows = [.. Enumerable.Range(0, lengths.Length).Where(row => NeighborSearch.HasDirection(lengths[row]))];
        var features = rows.Length == lengths.Length ? embedding.Features : embedding.Features.Select(rows);
        var index = FeatureIndex.Build(features, [.. rows.Select(row => images[embedding.Indices[row]].Id)]);
        var found = index.Search(new FeatureMatrix(asked, 1, asked.Length), count, cancellationToken: cancellationToken)[0];
        var zero = Enumerable.Range(0, lengths.Length).Where(row => !NeighborSearch.HasDirection(lengths[row]));
        return new SimilarImages(extractor, query, images)
        {
            Images = [.. found.Select(neighbor => new SimilarImage(embedding.Indices[rows[neighbor.Index]], neighbor.Id, neighbor.Score))],
            Skipped = [.. embedding.Skipped, .. zero.Select(row => new SkippedImage(images[embedding.Indices[row]].Id, "The feature vector of the image is zero, so it has no direction to compare."))],
            Embedding = embedding,
        };
    }

    private void Report(string path, CancellationToken cancellationToken)
    {
        var network = _extractor.Network;
        SimilarPage.Of(
            _query, [.. Images.Select(image => _searched[image.Index])], [.. Images.Select(image => image.Cosine)], Embedding.Features.RowCount, network.Card.Id, new Thumbnails(network.Options.Decoder, network.Options.Decode))
            .Write(path, cancellationToken);
    }
}
