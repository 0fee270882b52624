using OnnxTransfer.Datasets;

namespace OnnxTransfer;

/// <summary>How the images of a folder are used for training.</summary>
public sealed record DataOptions
{
    /// <summary>The shares of each class for training, validation and test; 80/10/10 by default.</summary>
    public SplitFractions Split { get; init; } = SplitFractions.Default;

    /// <summary>The share of images, 0 to 1, that may be unusable before training fails with their list; 0.05 by default.</summary>
    public double MaxBad { get; init; } = 0.05;

    /// <summary>Images per run of the network; 0, the default, for what suits the provider.</summary>
    public int EmbeddingBatchSize { get; init; }
}
