namespace OnnxTransfer.Cli.Output;

/// <summary>Rows for people on standard output, in blocks whose columns are aligned. Images that could not be used are named elsewhere.</summary>
/// <param name="shape">What a row shows.</param>
internal sealed class PredictionTable(RowShape shape) : IPredictionWriter
{
    /// <summary>Rows that are aligned together; the next ones do not wait for them.</summary>
    private const int BlockRows = 300;

    private readonly List<IReadOnlyList<string>> _rows = [];
    private Table? _table;

    public void Write(ImagePrediction row)
    {
        if (row.Prediction is not { } prediction) return;
        List<IReadOnlyList<string>> lines = [.. prediction.Top(shape.Top).Select(item => (IReadOnlyList<string>)["", item.Label, Table.Number(item.Index, "0"), Table.Percent(item.Probability)])];
        // The classes that it may be come below the answer.
        if (prediction.IsUnknown) lines.Insert(0, ["", RowShape.Unknown, "", ""]);
        lines[0] = [row.Id, .. lines[0].Skip(1)];
        if (shape.SetOf(prediction) is { } set) lines.Add(["", set.Count == 0 ? "set: none" : $"set: {string.Join(", ", set)}", "", ""]);
        _rows.AddRange(lines);
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
