using System.Globalization;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Cli.Output;

/// <summary>
/// Comma-separated rows: <c>path,label,probability</c>, then <c>label_2,probability_2</c> and so on, then <c>error,warnings</c>.
/// </summary>
internal sealed class PredictionCsv : IPredictionWriter
{
    private readonly RowFile _file;
    private readonly int _top;

    /// <param name="file">The file, which this object closes.</param>
    /// <param name="top">The classes of a row.</param>
    internal PredictionCsv(RowFile file, int top)
    {
        (_file, _top) = (file, top);
        var more = Enumerable.Range(2, top - 1).Select(rank => string.Create(CultureInfo.InvariantCulture, $"label_{rank},probability_{rank},"));
        _file.WriteLine($"path,label,probability,{string.Concat(more)}error,warnings");
    }

    public void Write(ImagePrediction row)
    {
        var fields = new List<string>(3 + (2 * _top)) { CsvField.Of(row.Id) };
        foreach (var one in row.Prediction?.Top(_top) ?? []) fields.AddRange([CsvField.Of(one.Label), one.Probability.ToString(CultureInfo.InvariantCulture)]);
        while (fields.Count < 1 + (2 * _top)) fields.Add("");
        fields.AddRange([CsvField.Of(row.Error), CsvField.Of(string.Join(' ', row.Warnings))]);
        _file.WriteLine(string.Join(',', fields));
    }

    public void Dispose() => _file.Dispose();
}
