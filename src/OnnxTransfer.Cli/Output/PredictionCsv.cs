using System.Globalization;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Cli.Output;

/// <summary>
/// Comma-separated rows: <c>path,label,probability</c>, then <c>label_2,probability_2</c> and so on, then <c>error,warnings</c>. The label may be
/// unknown; the probability is that of the most probable class all the same. With a coverage there is <c>set</c> before <c>error</c>.
/// </summary>
internal sealed class PredictionCsv : IPredictionWriter
{
    private readonly RowFile _file;
    private readonly RowShape _shape;
    private readonly int _top;

    /// <param name="file">The file, which this object closes.</param>
    /// <param name="shape">What a row shows.</param>
    internal PredictionCsv(RowFile file, RowShape shape)
    {
        (_file, _shape, _top) = (file, shape, Math.Min(shape.Top, shape.Classifier.Labels.Count));
        var more = Enumerable.Range(2, _top - 1).Select(rank => string.Create(CultureInfo.InvariantCulture, $"label_{rank},probability_{rank},"));
        _file.WriteLine($"path,label,probability,{string.Concat(more)}{(shape.Coverage is null ? "" : "set,")}error,warnings");
    }

    public void Write(ImagePrediction row)
    {
        var fields = new List<string>(3 + (2 * _top)) { CsvField.Of(row.Id) };
        foreach (var one in row.Prediction?.Top(_top) ?? []) fields.AddRange([CsvField.Of(one.Label), one.Probability.ToString(CultureInfo.InvariantCulture)]);
        if (row.Prediction is { IsUnknown: true }) fields[1] = RowShape.Unknown;
        while (fields.Count < 1 + (2 * _top)) fields.Add("");
        if (_shape.Coverage is not null) fields.Add(row.Prediction is { } prediction ? CsvField.Of(string.Join(';', _shape.SetOf(prediction)!)) : "");
        fields.AddRange([CsvField.Of(row.Error), CsvField.Of(string.Join(' ', row.Warnings))]);
        _file.WriteLine(string.Join(',', fields));
    }

    public void Dispose() => _file.Dispose();
}
