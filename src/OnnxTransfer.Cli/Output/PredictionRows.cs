namespace OnnxTransfer.Cli.Output;

/// <summary>Where the rows of predictions go.</summary>
internal interface IPredictionWriter : IDisposable
{
    /// <summary>Writes one row.</summary>
    void Write(ImagePrediction row);
}

/// <summary>Several places for the same rows.</summary>
internal sealed class PredictionRows : IPredictionWriter
{
    private readonly List<IPredictionWriter> _writers = [];

    internal PredictionRows(IEnumerable<IPredictionWriter> writers)
    {
        try
        {
            foreach (var writer in writers) _writers.Add(writer);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Write(ImagePrediction row)
    {
        foreach (var writer in _writers) writer.Write(row);
    }

    public void Dispose()
    {
        foreach (var writer in _writers) writer.Dispose();
    }
}
