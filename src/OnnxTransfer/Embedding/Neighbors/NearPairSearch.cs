using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding.Neighbors;

/// <summary>
/// Finds all pairs of rows whose cosine is at least a limit. The result is exact, but few pairs are compared in full: the rows of length 1
/// are also written in 63 orthonormal directions and the length of the rest. The distance of two such short rows is a lower bound of the
/// distance of the two rows (Pythagoras, and the triangle inequality for the rest), and rules most pairs out. Memory beside the matrix: 256
/// bytes for each row.
/// </summary>
internal sealed class NearPairSearch
{
    /// <summary>Numbers of a short row.</summary>
    private const int Short = 64;
    private const int Lane = 8;

    /// <summary>Numbers after which a short pair may be ruled out already.</summary>
    private const int Early = 32;

    /// <summary>Rows that a worker compares with each other at a time: two blocks of short rows fit into its cache.</summary>
    private const int BlockRows = 512;

    /// <summary>What rounding may take from a lower bound of a squared distance, which is at most 4.</summary>
    private const float Slack = 1e-4f;

    private readonly FeatureMatrix _rows;
    private readonly int[] _usable;
    private readonly double[] _lengths;
    private readonly float[] _short;

    /// <param name="rows">The vectors. A row without a direction, such as zeros, is near no other row.</param>
    internal NearPairSearch(FeatureMatrix rows)
    {
        _rows = rows;
        _lengths = VectorLength.OfRows(rows);
        _usable = [.. Enumerable.Range(0, rows.RowCount).Where(row => NeighborSearch.HasDirection(_lengths[row]))];
        _short = Shorten();
    }

    /// <summary>The rows that have a direction, ascending.</summary>
    internal IReadOnlyList<int> Usable => _usable;

    /// <summary>The pairs, ordered by their rows.</summary>
    /// <param name="leastCosine">The limit, above -1.</param>
    /// <param name="most">
    /// The most pairs that are kept. If there are more, the nearest are kept: rows that repeat endlessly would fill the memory with pairs.
    /// </param>
    /// <param name="progress">Receives the rows that are done.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    internal IReadOnlyList<NearPair> Find(float leastCosine, int most, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var found = new List<NearPair>();
        var gate = new Lock();
        var blocks = (_usable.Length + BlockRows - 1) / BlockRows;
        var limit = leastCosine;
        for (var block = 0; block < blocks; block++)
        {
            var first = block;
            var least = limit;
            Parallel.For(first, blocks, new ParallelOptions { CancellationToken = cancellationToken }, other =>
            {
                var pairs = new List<NearPair>();
                Compare(first, other, least, pairs);
                if (pairs.Count == 0) return;
                lock (gate) found.AddRange(pairs);
            });
            // Twice the number is kept until now, so that the sorting is rare.
            if (found.Count > 2 * most) limit = Keep(found, most);
            progress?.Report(new WorkProgress(Math.Min(_usable.Length, (block + 1) * BlockRows), _usable.Length));
        }

        if (found.Count > most) Keep(found, most);
        found.Sort(static (a, b) => a.First != b.First ? a.First.CompareTo(b.First) : a.Second.CompareTo(b.Second));
        return found;
    }

    /// <summary>Drops all but the nearest pairs and gives the least cosine that is left.</summary>
    private static float Keep(List<NearPair> found, int most)
    {
        found.Sort(static (a, b) => a.Cosine != b.Cosine ? b.Cosine.CompareTo(a.Cosine) : a.First != b.First ? a.First.CompareTo(b.First) : a.Second.CompareTo(b.Second));
        found.RemoveRange(most, found.Count - most);
        return found[^1].Cosine;
    }

    private void Compare(int block, int other, float leastCosine, List<NearPair> pairs)
    {
        var farthest = (2 * (1 - leastCosine)) + Slack;
        var (end, otherEnd) = (Math.Min(_usable.Length, (block + 1) * BlockRows), Math.Min(_usable.Length, (other + 1) * BlockRows));
        for (var i = block * BlockRows; i < end; i++)
        {
            var row = ShortRow(i);
            for (var j = block == other ? i + 1 : other * BlockRows; j < otherEnd; j++)
            {
                if (IsFarther(row, ShortRow(j), farthest)) continue;
                var cosine = Cosine(_usable[i], _usable[j]);
                if (cosine >= leastCosine) pairs.Add(new NearPair(_usable[i], _usable[j], cosine));
            }
        }
    }

    private ReadOnlySpan<Vector256<float>> ShortRow(int at) => MemoryMarshal.Cast<float, Vector256<float>>(_short.AsSpan(at * Short, Short));

    private static bool IsFarther(ReadOnlySpan<Vector256<float>> a, ReadOnlySpan<Vector256<float>> b, float farthest)
    {
        Vector256<float> sum = default, more = default;
        for (var k = 0; k < Early / Lane; k += 2) (sum, more) = (Add(a[k] - b[k], sum), Add(a[k + 1] - b[k + 1], more));
        if (Lanes.Sum(sum + more) > farthest) return true;
        for (var k = Early / Lane; k < Short / Lane; k += 2) (sum, more) = (Add(a[k] - b[k], sum), Add(a[k + 1] - b[k + 1], more));
        return Lanes.Sum(sum + more) > farthest;

        static Vector256<float> Add(Vector256<float> difference, Vector256<float> sum) => Lanes.MultiplyAdd(difference, difference, sum);
    }

    /// <summary>The cosine of two rows, the same bits for a pair wherever it is computed.</summary>
    private float Cosine(int first, int second) =>
        (float)Math.Clamp(Dot(_rows.Row(first), _rows.Row(second)) / (_lengths[first] * _lengths[second]), -1, 1);

    private float[] Shorten()
    {
        var directions = Directions();
        var values = new float[_usable.Length * Short];
        Parallel.For(0, _usable.Length, i =>
        {
            var row = _rows.Row(_usable[i]);
            var into = values.AsSpan(i * Short, Short);
            var rest = 1.0;
            for (var k = 0; k < directions.Count; k++)
            {
                var part = Dot(directions[k], row) / _lengths[_usable[i]];
                into[k] = (float)part;
                rest -= part * part;
            }

            into[Short - 1] = (float)Math.Sqrt(Math.Max(0, rest));
        });
        return values;
    }

    /// <summary>Orthonormal directions in which the rows differ: rows at even distances, made orthogonal one after the other (Gram and Schmidt, twice for the rounding).</summary>
    private List<float[]> Directions()
    {
        var directions = new List<double[]>();
        var count = Math.Min(Math.Min(Short - 1, _rows.Dim), _usable.Length);
        for (var i = 0; i < count; i++)
        {
            var at = _usable[(int)((2L * i + 1) * _usable.Length / (2L * count))];
            double[] rest = new double[_rows.Dim];
            for (var d = 0; d < rest.Length; d++) rest[d] = _rows.Row(at)[d] / _lengths[at];
            for (var pass = 0; pass < 2; pass++)
            {
                foreach (var direction in directions)
                {
                    var along = TensorPrimitives.Dot<double>(direction, rest);
                    TensorPrimitives.MultiplyAdd(direction, -along, rest, rest);
                }
            }

            var length = TensorPrimitives.Norm<double>(rest);
            // Nothing new is left of a row that the others span.
            if (length <= 1e-3) continue;
            TensorPrimitives.Divide(rest, length, rest);
            directions.Add(rest);
        }

        return [.. directions.Select(direction => Array.ConvertAll(direction, value => (float)value))];
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var p = MemoryMarshal.Cast<float, Vector256<float>>(a);
        var q = MemoryMarshal.Cast<float, Vector256<float>>(b);
        Vector256<float> sum = default, more = default;
        var k = 0;
        for (; k + 1 < p.Length; k += 2) (sum, more) = (Lanes.MultiplyAdd(p[k], q[k], sum), Lanes.MultiplyAdd(p[k + 1], q[k + 1], more));
        if (k < p.Length) sum = Lanes.MultiplyAdd(p[k], q[k], sum);
        double total = Lanes.Sum(sum + more);
        for (k = p.Length * Lane; k < a.Length; k++) total += a[k] * b[k];
        return total;
    }
}
