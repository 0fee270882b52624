using OnnxTransfer.Data;
using OnnxTransfer.Embedding;

namespace OnnxTransfer;

/// <summary>The feature vectors of a list of images, and the images that could not be used.</summary>
public sealed class EmbeddingResult
{
    internal EmbeddingResult(FeatureMatrix features, IReadOnlyList<int> indices, SkippedImages skipped, IReadOnlyDictionary<int, IReadOnlyList<ImageWarning>> warnings, int cached, TimeSpan elapsed, StageTimes times)
    {
        Features = features;
        Indices = indices;
        Ledger = skipped;
        Skipped = skipped.ToList();
        WarningsByIndex = warnings;
        Warnings = [.. warnings.OrderBy(pair => pair.Key).SelectMany(pair => pair.Value)];
        Cached = cached;
        Elapsed = elapsed;
        Reading = times[PipelineStage.Reading];
        Preparing = times[PipelineStage.Preparing];
        Running = times[PipelineStage.Running];
        Bottleneck = times.Bottleneck(elapsed);
    }

    /// <summary>The vectors <c>[N,D]</c> of the images that could be used, in the order of the list.</summary>
    public FeatureMatrix Features { get; }

    /// <summary>For each row of <see cref="Features"/>, the image's position in the list; ascending.</summary>
    public IReadOnlyList<int> Indices { get; }

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
    public double ImagesPerSecond => Elapsed > TimeSpan.Zero ? Features.RowCount / Elapsed.TotalSeconds : 0;
}
