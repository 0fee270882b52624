using OnnxTransfer.Embedding.Neighbors;

namespace OnnxTransfer;

/// <summary>
/// Finds the vectors that are nearest to a query, exactly: every search compares the query with all N vectors. Immutable and
/// thread-safe. The same query gets the same bits alone and in a batch, at any number of threads.
/// </summary>
/// <example>
/// <code>
/// var index = FeatureIndex.Build(embedding.Features, ids);
/// foreach (Neighbor neighbor in index.Search(extractor.Embed("query.jpg"), count: 5)) Console.WriteLine(neighbor);
/// </code>
/// </example>
public sealed class FeatureIndex
{
    private readonly string[] _ids;
    private readonly NeighborSearch _search;

    private FeatureIndex(string[] ids, NeighborSearch search, DistanceMetric metric)
    {
        _ids = ids;
        _search = search;
        Metric = metric;
    }

    /// <summary>N, the number of vectors.</summary>
    public int Count => _ids.Length;

    /// <summary>D, the length of one vector.</summary>
    public int Dim => _search.Dim;

    /// <summary>How the distance of two vectors is measured.</summary>
    public DistanceMetric Metric { get; }

    /// <summary>The ids of the vectors, in the order of their rows.</summary>
    public IReadOnlyList<string> Ids => _ids;

    /// <summary>Creates an index of feature vectors. It keeps the matrix, not a copy: do not change the matrix's array afterward.</summary>
    /// <param name="features"><c>[N,D]</c>; N may be 0.</param>
    /// <param name="ids">N names, one for each row, such as paths or keys of a database. Two rows may have the same id.</param>
    /// <param name="metric">How the distance of two vectors is measured.</param>
    /// <exception cref="ArgumentException">
    /// There are not N ids, or an id is null; or a vector cannot be compared: a number in it is NaN or infinite, its length is above
    /// 1e18, or, with the cosine, its length is below 1e-18, as for a vector of zeros.
    /// </exception>
    public static FeatureIndex Build(FeatureMatrix features, IReadOnlyList<string> ids, DistanceMetric metric = DistanceMetric.Cosine)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(ids);
        if (!Enum.IsDefined(metric)) throw new ArgumentOutOfRangeException(nameof(metric), metric, null);
        if (ids.Count != features.RowCount) Throw.IdsDoNotMatchRows(ids.Count, features.RowCount);
        string[] names = [.. ids];
        if (Array.IndexOf(names, null) is var missing and >= 0) Throw.IdMissing(missing);
        return new FeatureIndex(names, new NeighborSearch(features, metric), metric);
    }

    /// <summary>Finds the vectors nearest to one query.</summary>
    /// <param name="query">D numbers.</param>
    /// <param name="count">How many neighbors to find, at least 1; all N vectors if N is smaller.</param>
    /// <returns>The neighbors, the nearest first. Of equally near vectors, the one with the lower index comes first.</returns>
    /// <exception cref="ArgumentException">The query has another length than D, or cannot be compared, as with <see cref="Build"/>.</exception>
    public IReadOnlyList<Neighbor> Search(ReadOnlySpan<float> query, int count) =>
        Search(new FeatureMatrix(query.ToArray(), 1, RequireDim(query.Length)), count)[0];

    /// <summary>
    /// Finds the vectors nearest to each of many queries, on all cores. Working memory does not grow with the number of queries.
    /// </summary>
    /// <param name="queries"><c>[Q,D]</c>, one query in each row.</param>
    /// <param name="count">How many neighbors to find for each query, at least 1; all N vectors if N is smaller.</param>
    /// <param name="progress">Receives the number of finished queries, after every block of queries.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    /// <returns>
    /// For each query, in order, its neighbors: the nearest first; of equally near vectors the one with the lower index first. A query
    /// that is a row of the index also finds itself: ask for one more neighbor and drop the one with the query's own
    /// <see cref="Neighbor.Index"/>.
    /// </returns>
    /// <exception cref="ArgumentException">The queries have another D, or one cannot be compared, as with <see cref="Build"/>.</exception>
    /// <exception cref="OperationCanceledException">Canceled before all queries were done.</exception>
    public IReadOnlyList<IReadOnlyList<Neighbor>> Search(
        FeatureMatrix queries, int count, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Search(queries, count, Environment.ProcessorCount, progress, cancellationToken);

    internal IReadOnlyList<IReadOnlyList<Neighbor>> Search(
        FeatureMatrix queries, int count, int threads, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        RequireDim(queries.Dim);
        var results = new Neighbor[queries.RowCount][];
        _search.Run(queries, count, threads, Keep, progress, cancellationToken);
        for (var i = 0; i < results.Length; i++) results[i] ??= [];
        return results;

        void Keep(int query, int row, int at, float score) =>
            (results[query] ??= new Neighbor[Math.Min(count, Count)])[at] = new Neighbor(_ids[row], row, score);
    }

    private int RequireDim(int dim)
    {
        if (dim != Dim) Throw.QueryHasWrongDim(dim, Dim);
        return dim;
    }
}
