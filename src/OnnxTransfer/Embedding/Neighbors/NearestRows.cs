namespace OnnxTransfer.Embedding.Neighbors;

/// <summary>
/// The k nearest rows seen so far: a heap whose root is the farthest of them. Rows are compared by distance and then by index, so the
/// kept rows do not depend on the order in which rows are offered.
/// </summary>
internal sealed class NearestRows
{
    private readonly RankedRow[] _rows;
    private int _count;

    internal NearestRows(int capacity) => _rows = new RankedRow[capacity];

    /// <summary>What is kept, in no order.</summary>
    internal ReadOnlySpan<RankedRow> Rows => _rows.AsSpan(0, _count);

    internal void Clear() => _count = 0;

    internal void Offer(float distance, int row)
    {
        var offered = new RankedRow(distance, row);
        if (_count < _rows.Length)
        {
            Rise(offered);
            return;
        }

        if (offered.CompareTo(_rows[0]) < 0) Sink(offered);
    }

    private void Rise(RankedRow offered)
    {
        var at = _count++;
        while (at > 0)
        {
            var parent = (at - 1) / 2;
            if (_rows[parent].CompareTo(offered) >= 0) break;
            _rows[at] = _rows[parent];
            at = parent;
        }

        _rows[at] = offered;
    }

    /// <summary>Puts the offered row in the root's place.</summary>
    private void Sink(RankedRow offered)
    {
        var at = 0;
        while (true)
        {
            var child = (2 * at) + 1;
            if (child >= _count) break;
            if (child + 1 < _count && _rows[child + 1].CompareTo(_rows[child]) > 0) child++;
            if (_rows[child].CompareTo(offered) <= 0) break;
            _rows[at] = _rows[child];
            at = child;
        }

        _rows[at] = offered;
    }
}

/// <summary>A row and how far it is from a query; the nearest sorts first, and of equally near rows the lower index.</summary>
internal readonly record struct RankedRow(float Distance, int Row) : IComparable<RankedRow>
{
    // Distances are never NaN: FeatureIndex refuses the vectors that would give one.
    public int CompareTo(RankedRow other) => Distance < other.Distance ? -1 : Distance > other.Distance ? 1 : Row.CompareTo(other.Row);
}
