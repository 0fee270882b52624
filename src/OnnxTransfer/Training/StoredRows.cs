using OnnxTransfer.Internals;

namespace OnnxTransfer.Training;

/// <summary>
/// Labeled rows of a feature set, read from the disk in two windows: while one is trained on, the next is read. An epoch shuffles the
/// blocks of <see cref="BlockRows"/> rows, and in each window the rows of the blocks in it. So a row is never far in the file from where a
/// read begins, and the rows of a batch come from all over the set.
/// </summary>
internal sealed class StoredRows : TrainingRows
{
    /// <summary>Rows that are read at once: 1.3 MB of 1280 features, at which a disk reads in any order nearly as fast as in one.</summary>
    internal const int BlockRows = 256;

    private readonly FeatureSet _set;
    private readonly int[] _labels;
    private readonly Func<long, bool>? _has;
    private readonly WindowBuffers _buffers;
    private readonly int[] _blocks;

    /// <param name="set">The set.</param>
    /// <param name="labels">The class of each row of the set.</param>
    /// <param name="has">Whether a row of the set is one of these rows; null for all.</param>
    /// <param name="buffers">The windows, which passes over other rows of the same training use in turn.</param>
    internal StoredRows(FeatureSet set, int[] labels, Func<long, bool>? has, WindowBuffers buffers)
    {
        (_set, _labels, _has, _buffers) = (set, labels, has, buffers);
        Count = has is null ? set.RowCount : Rows().LongCount();
        _blocks = [.. Enumerable.Range(0, (int)((set.RowCount + BlockRows - 1) / BlockRows))];
    }

    internal override int Dim => _set.Dim;

    internal override long Count { get; }

    internal override int LabelCount => 0;

    internal override RowWindow? Whole => null;

    internal override IEnumerable<RowWindow> Pass() => Windows(_blocks, random: null);

    internal override IEnumerable<RowWindow> Epoch(SeededRandom random)
    {
        // A copy in order each time: the order of an epoch then depends on the state of the generator alone.
        int[] blocks = [.. _blocks];
        random.Shuffle(blocks);
        return Windows(blocks, random);
    }

    /// <summary>All rows at once, in memory of their own.</summary>
    internal LabeledFeatures ReadAll()
    {
        var (values, labels) = (new float[Count * Dim], new int[Count]);
        foreach (var (window, _, first) in Pass())
        {
            window.Features.Values.CopyTo(values.AsSpan((int)first * Dim));
            window.Labels.CopyTo(labels.AsSpan((int)first));
        }

        return LabeledFeatures.OfChecked(new FeatureMatrix(values, (int)Count, Dim), labels);
    }

    internal override long[] RowsPerClass(int classCount)
    {
        var counts = new long[classCount];
        foreach (var row in Rows()) counts[_labels[row]]++;
        return counts;
    }

    /// <summary>The classes of a set are in range: they are made from its labels.</summary>
    internal override void CheckLabels(bool multiLabel, int classCount, string set)
    {
    }

    private IEnumerable<long> Rows()
    {
        for (var row = 0L; row < _set.RowCount; row++)
        {
            if (_has is null || _has(row)) yield return row;
        }
    }

    private IEnumerable<RowWindow> Windows(int[] blocks, SeededRandom? random)
    {
        var reader = new Reader(this, blocks);
        var first = 0L;
        var next = reader.Fill(_buffers.First);
        Task<LabeledFeatures?>? pending = null;
        try
        {
            for (var buffer = _buffers.Second; next is not null; buffer = buffer == _buffers.First ? _buffers.Second : _buffers.First)
            {
                var (window, target) = (next, buffer);
                pending = Task.Run(() => reader.Fill(target));
                int[] order = [.. Enumerable.Range(0, window.Count)];
                random?.Shuffle(order);
                yield return new RowWindow(window, order, first);
                first += window.Count;
                next = pending.GetAwaiter().GetResult();
            }
        }
        finally
        {
            // Who leaves a pass early must not leave a reader behind that writes into the windows.
            ((IAsyncResult?)pending)?.AsyncWaitHandle.WaitOne();
        }
    }

    /// <summary>Reads the blocks of a pass, one after the other.</summary>
    private sealed class Reader(StoredRows rows, int[] blocks)
    {
        private readonly float[] _block = new float[BlockRows * rows.Dim];
        private readonly int[] _blockLabels = new int[BlockRows];
        private int _nextBlock, _at, _count;

        /// <summary>The next window; null when no row is left.</summary>
        internal LabeledFeatures? Fill(float[] buffer)
        {
            var (dim, capacity) = (rows.Dim, rows._buffers.Rows);
            var labels = new int[capacity];
            var count = 0;
            while (count < capacity && (_at < _count || Read()))
            {
                var taken = Math.Min(capacity - count, _count - _at);
                _block.AsSpan(_at * dim, taken * dim).CopyTo(buffer.AsSpan(count * dim));
                _blockLabels.AsSpan(_at, taken).CopyTo(labels.AsSpan(count));
                (_at, count) = (_at + taken, count + taken);
            }

            if (count == 0) return null;
            return LabeledFeatures.OfChecked(FeatureMatrix.OfStart(buffer, count, dim), count == capacity ? labels : labels[..count]);
        }

        /// <summary>Reads the next block that has rows; false if there is none.</summary>
        private bool Read()
        {
            for (_at = _count = 0; _count == 0 && _nextBlock < blocks.Length; _nextBlock++)
            {
                var first = (long)blocks[_nextBlock] * BlockRows;
                var read = (int)Math.Min(BlockRows, rows._set.RowCount - first);
                var values = _block.AsSpan(0, read * rows.Dim);
                rows._set.ReadRows(first, values);
                if (((ReadOnlySpan<float>)values).IndexOfNonFinite() is >= 0 and var bad) Throw.StoredFeatureNotFinite(rows._set.Folder, first + bad / rows.Dim, bad % rows.Dim, values[bad]);
                for (var i = 0; i < read; i++)
                {
                    if (rows._has is not null && !rows._has(first + i)) continue;
                    if (_count < i) values.Slice(i * rows.Dim, rows.Dim).CopyTo(values[(_count * rows.Dim)..]);
                    _blockLabels[_count++] = rows._labels[first + i];
                }
            }

            return _count > 0;
        }
    }
}
