using System.Collections.Concurrent;
using OnnxTransfer.Embedding.Caching;
using OnnxTransfer.Embedding.Neighbors;
using OnnxTransfer.Internals;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Training.Auditing;

/// <summary>
/// Finds near duplicates: versions of one picture that differ in encoding, size, brightness, mirroring or a crop of up to 10 % of a side. The
/// feature vectors name the candidates; then the pixels of every pair are compared. The vectors alone would not do: two photos of the same kind
/// of flower have a greater cosine than a photo and its copy at half the size. The measurement is in docs/checking-data.md.
/// </summary>
internal static class DuplicateSearch
{
    /// <summary>
    /// Candidates are nearer than this part of the usual distance of a row to its tenth neighbor: the limit that follows the data. Each row has
    /// about ten candidates then.
    /// </summary>
    internal const double PartOfUsualDistance = 1;

    /// <summary>The same where the photos must be read again for it: with fewer candidates, most photos need not be.</summary>
    internal const double PartWhereReadAgain = 0.7;

    /// <summary>Candidates have at least this cosine, whatever the data: the limit for data whose photos are all far from each other.</summary>
    internal const double LeastCosine = 0.65;

    /// <summary>The least agreement of the pixels, a correlation.</summary>
    internal const double LeastAgreement = 0.93;

    /// <summary>The most candidates. With more, the nearest are compared.</summary>
    internal const int MostCandidates = 2_000_000;

    private const int UsualNeighbor = 10;
    private const int RowsToMeasure = 1000;

    /// <summary>The pairs of near duplicates among the rows.</summary>
    /// <param name="features"><c>[N,D]</c>. A row without a direction, such as zeros, is no near duplicate.</param>
    /// <param name="part">The part of the usual distance in which candidates are.</param>
    /// <param name="sampleOf">The thumbnail of a row's image, from any thread; null for an image that can no longer be read.</param>
    /// <param name="progress">Receives the rows that are compared.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    internal static DuplicateSearchResult Run(
        FeatureMatrix features, double part, Func<int, ImageSample?> sampleOf, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var search = new NearPairSearch(features);
        if (search.Usable.Count < 2) return new DuplicateSearchResult([], LeastCosine, IsComplete: true);
        var least = Math.Max(LeastCosine, 1 - (part * UsualDistance(features, search.Usable, cancellationToken)));
        var candidates = search.Find((float)least, MostCandidates, progress, cancellationToken);
        var agreements = new double[candidates.Count];
        Parallel.For(0, candidates.Count, new ParallelOptions { CancellationToken = cancellationToken }, i =>
        {
            var (first, second) = (sampleOf(candidates[i].First), sampleOf(candidates[i].Second));
            agreements[i] = first is null || second is null ? double.NaN : first.Agreement(second);
        });
        return new DuplicateSearchResult(
            [.. candidates.Select((pair, i) => new DuplicatePair(pair.First, pair.Second, pair.Cosine, agreements[i])).Where(pair => pair.Agreement >= LeastAgreement)],
            least,
            candidates.Count < MostCandidates);
    }

    /// <summary>The pairs among the images of an embedding. Only the photos of candidates are read again, unless the cache has their thumbnails.</summary>
    /// <param name="images">The images that were embedded.</param>
    /// <param name="embedding">Their vectors; the rows of the pairs are its rows.</param>
    /// <param name="thumbnails">Reads the photos.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    internal static DuplicateSearchResult Run(IReadOnlyList<LabeledImage> images, EmbeddingResult embedding, CachedSamples thumbnails, CancellationToken cancellationToken)
    {
        var samples = new ConcurrentDictionary<int, Lazy<ImageSample?>>();
        return Run(
            embedding.Features,
            PartWhereReadAgain,
            row => samples.GetOrAdd(row, one => new Lazy<ImageSample?>(() => thumbnails.Read(images[embedding.Indices[one]].Image, embedding.ContentKeys[one], cancellationToken))).Value,
            cancellationToken: cancellationToken);
    }

    /// <summary>The median distance, 1 - cosine, of a row to its tenth neighbor, measured on rows at even distances.</summary>
    internal static double UsualDistance(FeatureMatrix features, IReadOnlyList<int> usable, CancellationToken cancellationToken)
    {
        var rows = usable.Count == features.RowCount ? features : features.Select(usable);
        var count = Math.Min(rows.RowCount, RowsToMeasure);
        int[] asked = [.. Enumerable.Range(0, count).Select(i => (int)((2L * i + 1) * rows.RowCount / (2L * count)))];
        var farthest = new double[count];
        // Every row also finds itself.
        new NeighborSearch(rows, DistanceMetric.Cosine).Run(
            rows.Select(asked), UsualNeighbor + 1, Environment.ProcessorCount, (query, _, _, cosine) => farthest[query] = Math.Max(farthest[query], 1 - cosine), null, cancellationToken);
        Array.Sort(farthest);
        return Quantile.Of(farthest, 0.5);
    }
}

/// <summary>What a search found.</summary>
/// <param name="Pairs">The pairs, ordered by their rows.</param>
/// <param name="LeastCosine">The least cosine of the pairs whose pixels were compared.</param>
/// <param name="IsComplete">Whether all candidates were compared.</param>
internal sealed record DuplicateSearchResult(IReadOnlyList<DuplicatePair> Pairs, double LeastCosine, bool IsComplete);

/// <summary>Two rows that are versions of one picture.</summary>
/// <param name="First">The lower row.</param>
/// <param name="Second">The higher row.</param>
/// <param name="Cosine">The cosine of their vectors.</param>
/// <param name="Agreement">The agreement of their pixels, in [-1, 1].</param>
internal readonly record struct DuplicatePair(int First, int Second, double Cosine, double Agreement)
{
    /// <summary>
    /// <c>[N]</c>, the number of every row's group: rows that pairs connect, also over other rows. Only splits use groups. What is shown to
    /// people are pairs, because the ends of a long chain need not be alike.
    /// </summary>
    internal static int[] Groups(IEnumerable<DuplicatePair> pairs, int rowCount)
    {
        var sets = new DisjointSets(rowCount);
        foreach (var pair in pairs) sets.Join(pair.First, pair.Second);
        return sets.Names();
    }
}
