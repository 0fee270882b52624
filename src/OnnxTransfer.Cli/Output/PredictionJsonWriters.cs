using System.Text.Json;

namespace OnnxTransfer.Cli.Output;

/// <summary>Rows as JSON, one object in each line.</summary>
/// <param name="file">The file, which this object closes.</param>
/// <param name="top">The most classes of a row.</param>
internal sealed class PredictionLines(RowFile file, int top) : IPredictionWriter
{
    public void Write(ImagePrediction row) => file.WriteLine(JsonSerializer.Serialize(PredictionJson.Of(row, top), JsonLineContracts.Default.PredictionJson));

    public void Dispose() => file.Dispose();
}

/// <summary>Rows as one JSON array on standard output; it is closed whatever ends the run.</summary>
internal sealed class PredictionArray : IPredictionWriter
{
    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly Utf8JsonWriter _json;
    private readonly int _top;

    /// <param name="top">The most classes of a row.</param>
    internal PredictionArray(int top)
    {
        _top = top;
        _json = new Utf8JsonWriter(_output, new JsonWriterOptions { Indented = true });
        _json.WriteStartArray();
    }

    public void Write(ImagePrediction row)
    {
        JsonSerializer.Serialize(_json, PredictionJson.Of(row, _top), JsonContracts.Default.PredictionJson);
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
