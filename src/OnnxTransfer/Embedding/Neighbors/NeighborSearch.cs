using System.Runtime.Intrinsics;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding.Neighbors;

/// <summary>
/// Exact search by brute force. Queries go in blocks; of the rows, each worker takes a chunk that fits its cache and compares it with
/// the whole block, so that the matrix is read from memory once for a block. No memory of the size N x Q is needed.
/// </summary>
internal sealed class NeighborSearch
{
    /// <summary>Lengths that can be compared in float32: no square overflows, and no direction is lost to underflow.</summary>
    internal const double Longest = 1e18;
    internal const double Shortest = 1 / Longest;

    private const int MostQueriesOfBlock = 256;
    private const int BytesOfChunk = 192 << 10;
    private const long BytesOfCandidates = 64 << 20;
    private const int BytesOfCandidate = 8;

    /// <summary>Multiply-adds below which another thread costs more than it gains.</summary>
    private const long WorkWorthAThread = 1 << 20;

    private readonly FeatureMatrix _rows;
    private readonly DistanceMetric _metric;

    // 1 / |r| of every row for the cosine; empty for the Euclidean distance.
    private readonly float[] _inverseLengths;

    /// <exception cref="ArgumentException">A row cannot be compared.</exception>
    internal NeighborSearch(FeatureMatrix rows, DistanceMetric metric)
    {
        _rows = rows;
        _metric = metric;
        var lengths = VectorLength.OfRows(rows);
        for (var row = 0; row < lengths.Length; row++) RequireComparable("row", rows, row, lengths[row]);
        _inverseLengths = metric == DistanceMetric.Cosine ? [.. lengths.Select(length => (float)(1 / length))] : [];
    }

    /// <summary>Takes one result.</summary>
    /// <param name="query">Which query.</param>
    /// <param name="row">Its neighbor.</param>
    /// <param name="at">The place of the neighbor, from 0 for the nearest.</param>
    /// <param name="score">The cosine or the distance.</param>
    internal delegate void Report(int query, int row, int at, float score);

    internal int Dim => _rows.Dim;

    private int Vectors => (Dim + Vector256<float>.Count - 1) / Vector256<float>.Count;

    /// <summary>Whether a row of this length can be compared by its cosine.</summary>
    internal static bool HasDirection(double length) => length is >= Shortest and <= Longest;

    internal void Run(
        FeatureMatrix queries, int count, int threads, Report report, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var lengths = VectorLength.OfRows(queries);
        for (var query = 0; query < lengths.Length; query++) RequireComparable("query", queries, query, lengths[query]);
        cancellationToken.ThrowIfCancellationRequested();
        if (_rows.RowCount == 0) return;
        count = Math.Min(count, _rows.RowCount);
        var chunkRows = Math.Max(1, BytesOfChunk / sizeof(float) / Dim / PairKernels.Rows) * PairKernels.Rows;
        var chunks = (int)(((long)_rows.RowCount + chunkRows - 1) / chunkRows);
        var perBlock = Math.Min(queries.RowCount, BlockFor(count, Math.Min(threads, chunks)));
        var work = (long)perBlock * _rows.RowCount * Dim;
        var workers = new Worker[(int)Math.Clamp(work / WorkWorthAThread, 1, Math.Min(threads, chunks))];
        for (var i = 0; i < workers.Length; i++) workers[i] = new Worker(perBlock, count);
        var merged = new RankedRow[workers.Length * count];
        for (var first = 0; first < queries.RowCount; first += perBlock)
        {
            var block = Pack(queries, first, Math.Min(perBlock, queries.RowCount - first), lengths);
            // Each worker has its own first chunk, and takes the others as it gets to them.
            var next = workers.Length - 1;
            Parallel.For(0, workers.Length, new ParallelOptions { MaxDegreeOfParallelism = workers.Length }, i =>
            {
                workers[i].Clear();
                for (var chunk = i; chunk < chunks && !cancellationToken.IsCancellationRequested; chunk = Interlocked.Increment(ref next))
                    Compare(block, chunk * chunkRows, Math.Min(chunkRows, _rows.RowCount - (chunk * chunkRows)), workers[i]);
            });
            cancellationToken.ThrowIfCancellationRequested();
            for (var query = 0; query < block.Count; query++)
            {
                var all = Merge(workers, query, merged);
                for (var at = 0; at < count; at++) report(first + query, all[at].Row, at, ScoreOf(all[at].Distance));
            }

            progress?.Report(new WorkProgress(first + block.Count, queries.RowCount));
        }
    }

    /// <summary>As many queries as share one pass over the rows, fewer where their candidates would take too much memory.</summary>
    private static int BlockFor(int count, int threads) =>
        (int)Math.Clamp(BytesOfCandidates / ((long)count * threads * BytesOfCandidate), 1, MostQueriesOfBlock);

    private static ReadOnlySpan<RankedRow> Merge(Worker[] workers, int query, RankedRow[] merged)
    {
        var total = 0;
        foreach (var worker in workers)
        {
            var kept = worker.Nearest[query].Rows;
            kept.CopyTo(merged.AsSpan(total));
            total += kept.Length;
        }

        var all = merged.AsSpan(0, total);
        all.Sort();
        return all;
    }

    private void RequireComparable(string what, FeatureMatrix vectors, int index, double length)
    {
        if (!double.IsFinite(length)) Throw.VectorNotFinite(what, index, vectors.Row(index).IndexOfNonFinite(), vectors.Row(index));
        if (length > Longest) Throw.VectorTooLong(what, index, length);
        if (_metric == DistanceMetric.Cosine && length < Shortest) Throw.VectorTooShortForCosine(what, index, length);
    }

    /// <summary>Queries in the order of the kernels, <c>[Q/4][D/8][4][8]</c> or, of one query alone, <c>[D/8][8]</c>; of length 1 for the cosine.</summary>
    private Packed Pack(FeatureMatrix queries, int first, int count, double[] lengths)
    {
        var width = count == 1 ? 1 : PairKernels.Queries;
        var groups = (count + width - 1) / width;
        var values = new Vector256<float>[groups * width * Vectors];
        var row = new float[Vectors * Vector256<float>.Count];
        for (var query = 0; query < count; query++)
        {
            var from = queries.Row(first + query);
            if (_metric == DistanceMetric.Cosine) VectorLength.Divide(from, lengths[first + query], row.AsSpan(0, Dim));
            else from.CopyTo(row);
            var at = (query / width * Vectors * width) + (query % width);
            for (var k = 0; k < Vectors; k++) values[at + (k * width)] = Vector256.Create<float>(row.AsSpan(k * Vector256<float>.Count));
        }

        return new Packed(values, count, width);
    }

    private void Compare(Packed block, int firstRow, int rowCount, Worker worker)
    {
        if (_metric == DistanceMetric.Cosine) Compare<DotTerm>(block, firstRow, rowCount, worker);
        else Compare<SquaredDifferenceTerm>(block, firstRow, rowCount, worker);
    }

    private void Compare<TTerm>(Packed block, int firstRow, int rowCount, Worker worker)
        where TTerm : struct, IPairTerm
    {
        Span<float> sums = stackalloc float[PairKernels.Queries * PairKernels.Rows];
        var (height, last) = (block.Width == 1 ? PairKernels.RowsOfOne : PairKernels.Rows, firstRow + rowCount - 1);
        for (var group = 0; group * block.Width < block.Count; group++)
        {
            var queries = block.Values.AsSpan(group * block.Width * Vectors, block.Width * Vectors);
            var present = Math.Min(block.Width, block.Count - (group * block.Width));
            for (var row = firstRow; row <= last; row += height)
            {
                // If the last block lacks rows, the last rows fill it up; they are not offered twice.
                if (block.Width == 1) PairKernels.One<TTerm>(queries, _rows.Row(row), Row(row + 1), Row(row + 2), Row(row + 3), sums);
                else PairKernels.Block<TTerm>(queries, _rows.Row(row), Row(row + 1), Row(row + 2), sums);
                for (var r = row; r < row + height && r <= last; r++)
                {
                    for (var q = 0; q < present; q++)
                        worker.Nearest[(group * block.Width) + q].Offer(DistanceOf(sums[((r - row) * block.Width) + q], r), r);
                }
            }
        }

        ReadOnlySpan<float> Row(int row) => _rows.Row(Math.Min(row, last));
    }

    /// <summary>The value that orders rows: the negative cosine, or the Euclidean distance.</summary>
    private float DistanceOf(float sum, int row) =>
        _metric == DistanceMetric.Cosine ? -Math.Clamp(sum * _inverseLengths[row], -1f, 1f) : MathF.Sqrt(sum);

    private float ScoreOf(float distance) => _metric == DistanceMetric.Cosine ? -distance : distance;

    /// <param name="Values">The vectors.</param>
    /// <param name="Count">Queries in them.</param>
    /// <param name="Width">Queries that lie side by side: 4, or 1.</param>
    private sealed record Packed(Vector256<float>[] Values, int Count, int Width);

    /// <summary>The rows that one worker found so far, for every query of the block.</summary>
    private sealed class Worker
    {
        internal Worker(int queries, int count) => Nearest = [.. Enumerable.Range(0, queries).Select(_ => new NearestRows(count))];

        internal NearestRows[] Nearest { get; }

        internal void Clear() => Array.ForEach(Nearest, nearest => nearest.Clear());
    }
}
