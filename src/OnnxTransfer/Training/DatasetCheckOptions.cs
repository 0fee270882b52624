using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>How <see cref="DatasetCheck"/> checks a dataset.</summary>
public sealed record DatasetCheckOptions
{
    /// <summary>
    /// The folds of the cross-validation that gives the probabilities of the labels, at least 2; 5 by default. Near duplicates are in one fold.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 2.</exception>
    public int FoldCount { get; init => field = Require.AtLeastTwo(value, nameof(FoldCount)); } = 5;

    /// <summary>The seed that draws the folds.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Images per run of the network; 0, the default, for the number that suits the provider.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int EmbeddingBatchSize { get; init => field = Require.NotNegative(value, nameof(EmbeddingBatchSize)); }
}
