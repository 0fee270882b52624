namespace OnnxTransfer.Cli.Output;

/// <summary>Rows for people on standard output, in blocks whose columns are aligned. Images that could not be used are named elsewhere.</summary>
/// <param name="top">The most classes of an image.</param>
internal sealed class PredictionTable(int top) : IPredictionWriter
{
    /// <summary>Rows that are aligned together; the next ones do not wait for them.</summary>
    private const int BlockRows = 300;

    private readonly List<IReadOnlyList<string>> _rows = [];
    private Table? _table;

    public void Write(ImagePrediction row)
    {
        if (row.Prediction is not { } prediction) return;
        _rows.AddRange(prediction.Top(top).Select((item, rank) => (IReadOnlyList<string>)
            [rank == 0 ? row.Id : "", item.Label, Table.Number(item.Index, "0"), Table.Percent(item.Probability)]));
        if (_rows.Count >= BlockRows) Flush();
    }

    public void Dispose() => Flush();

    private void Flush()
    {
        if (_rows.Count == 0) return;
        (_table ??= new Table(["image", "label", "index", "probability"])).Add(_rows);
        _rows.Clear();
    }
}
