using System.Text.Json;

namespace OnnxTransfer.Cli.Output;

/// <summary>Rows as JSON, one object in each line.</summary>
/// <param name="file">The file, which this object closes.</param>
/// <param name="shape">What a row shows.</param>
internal sealed class PredictionLines(RowFile file, RowShape shape) : IPredictionWriter
{
    public void Write(ImagePrediction row) => file.WriteLine(JsonSerializer.Serialize(PredictionJson.Of(row, shape), JsonLineContracts.Default.PredictionJson));

    public void Dispose() => file.Dispose();
}

/// <summary>Rows as one JSON array on standard output; it is closed whatever ends the run.</summary>
internal sealed class PredictionArray : IPredictionWriter
{
    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly Utf8JsonWriter _json;
    private readonly RowShape _shape;

    /// <param name="shape">What a row shows.</param>
    internal PredictionArray(RowShape shape)
    {
        _shape = shape;
        _json = new Utf8JsonWriter(_output, new JsonWriterOptions { Indented = true });
        _json.WriteStartArray();
    }

    public void Write(ImagePrediction row)
    {
        JsonSerializer.Serialize(_json, PredictionJson.Of(row, _shape), JsonContracts.Default.PredictionJson);
        _json.Flush();
    }

    public void Dispose()
    {
        _json.WriteEndArray();
        _json.Dispose();
        _output.WriteByte((byte)'\n');
        _output.Dispose();
    }
}
