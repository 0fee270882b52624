using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>How <see cref="BackboneComparison"/> measures. Immutable.</summary>
public sealed record ComparisonOptions
{
    /// <summary>How the networks are opened: provider, threads, cache and so on; layers and pooling hold for all of them.</summary>
    public FeatureExtractorOptions Extractor { get; init => field = Require.NotNull(value, nameof(Extractor)); } = new();

    /// <summary>How the head of each fold is trained. The seed also draws the folds; the same folds serve all backbones.</summary>
    public TrainingOptions Training { get; init => field = Require.NotNull(value, nameof(Training)); } = new();

    /// <summary>The number of folds, at least 2 and at most the number of usable images: each image is predicted once, by a head that has not seen it.</summary>
    public int FoldCount { get; init => field = Require.AtLeastTwo(value, nameof(FoldCount)); } = 5;

    /// <summary>The share of images that may be unusable, in [0, 1]; more fail with <see cref="DatasetException"/>.</summary>
    public double MaxBad { get; init => field = Require.Share(value, nameof(MaxBad)); } = 0.05;
}
