namespace OnnxTransfer.Cli.Output;

/// <summary>Some rows of a run whose length nobody knows, in even steps: when there are too many, every second one goes.</summary>
/// <param name="most">The most rows that are kept, at least 1.</param>
internal sealed class EvenSample(int most)
{
    private readonly List<ImagePrediction> _kept = [];
    private long _step = 1;

    /// <summary>How many rows there were.</summary>
    internal long Count { get; private set; }

    /// <summary>The rows that are kept: all, or more than half of the most.</summary>
    internal IReadOnlyList<ImagePrediction> Rows => _kept;

    internal void Add(ImagePrediction row)
    {
        if (Count++ % _step != 0) return;
        if (_kept.Count == most)
        {
            var index = 0;
            _kept.RemoveAll(_ => index++ % 2 == 1);
            _step *= 2;
            if ((Count - 1) % _step != 0) return;
        }

        _kept.Add(row);
    }
}
