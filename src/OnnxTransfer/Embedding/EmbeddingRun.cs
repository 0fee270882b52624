using OnnxTransfer.Data;
using OnnxTransfer.Embedding;

namespace OnnxTransfer;

/// <summary>How a run over many images went: the images that could not be used, and where the time went.</summary>
public class EmbeddingRun
{
    internal EmbeddingRun(int rowCount, int dim, SkippedImages skipped, IReadOnlyDictionary<int, IReadOnlyList<ImageWarning>> warnings, int cached, StageTimes times)
    {
        (RowCount, Dim, Cached, Elapsed) = (rowCount, dim, cached, times.Elapsed);
        Ledger = skipped;
        Skipped = skipped.ToList();
        WarningsByIndex = warnings;
        Warnings = [.. warnings.OrderBy(pair => pair.Key).SelectMany(pair => pair.Value)];
        Reading = times[PipelineStage.Reading];
        Preparing = times[PipelineStage.Preparing];
        Running = times[PipelineStage.Running];
        Bottleneck = times.Bottleneck(Elapsed);
    }

    /// <summary>N, the number of images that could be used.</summary>
    public int RowCount { get; }

    /// <summary>D, the length of one feature vector.</summary>
    public int Dim { get; }

    /// <summary>The images that could not be used, with reasons, in the order of the list.</summary>
    public IReadOnlyList<SkippedImage> Skipped { get; }

    /// <summary>What makes images doubtful that were used, in the order of the list; one may have several.</summary>
    public IReadOnlyList<ImageWarning> Warnings { get; }

    /// <summary>The same by the image's position in the list.</summary>
    internal IReadOnlyDictionary<int, IReadOnlyList<ImageWarning>> WarningsByIndex { get; }

    /// <summary>What <see cref="Skipped"/> is read from.</summary>
    internal SkippedImages Ledger { get; }

    /// <summary>How many of the vectors were computed by an earlier run and came from the cache.</summary>
    public int Cached { get; }

    /// <summary>Wall-clock time of the whole run; on a device, without its warm-up.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>The time that all threads together spent on reading files and looking them up in the cache.</summary>
    public TimeSpan Reading { get; }

    /// <summary>The time that all threads together spent on decoding and preparing pixels.</summary>
    public TimeSpan Preparing { get; }

    /// <summary>The time that all threads together spent in the network.</summary>
    public TimeSpan Running { get; }

    /// <summary>The bottleneck of the run, in one sentence.</summary>
    public string Bottleneck { get; }

    /// <summary>Images embedded per second of <see cref="Elapsed"/>.</summary>
    public double ImagesPerSecond => Elapsed > TimeSpan.Zero ? RowCount / Elapsed.TotalSeconds : 0;
}
