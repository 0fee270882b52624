namespace OnnxTransfer.Training;

/// <summary>Rows that are in memory: one window has them all.</summary>
internal sealed class MemoryRows : TrainingRows
{
    private readonly LabeledFeatures _rows;
    private readonly RowWindow[] _pass;
    private RowWindow[]? _epoch;

    internal MemoryRows(LabeledFeatures rows)
    {
        _rows = rows;
        _pass = [new RowWindow(rows, [.. Enumerable.Range(0, rows.Count)])];
    }

    internal override int Dim => _rows.Features.Dim;

    internal override long Count => _rows.Count;

    internal override int LabelCount => _rows.LabelCount;

    internal override RowWindow? Whole => _pass[0];

    internal override IEnumerable<RowWindow> Pass() => _pass;

    internal override IEnumerable<RowWindow> Epoch(SeededRandom random)
    {
        // Each epoch shuffles the order of the one before.
        _epoch ??= [new RowWindow(_rows, [.. _pass[0].Order])];
        random.Shuffle(_epoch[0].Order);
        return _epoch;
    }

    internal override long[] RowsPerClass(int classCount) => [.. TrainingChecks.RowsPerClass(_rows, classCount)];

    internal override void CheckLabels(bool multiLabel, int classCount, string set) => TrainingChecks.Labels(_rows, multiLabel, classCount, set);
}
