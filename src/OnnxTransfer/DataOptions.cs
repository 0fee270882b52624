using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>How the images of a dataset are used for training.</summary>
public sealed record DataOptions
{
    /// <summary>
    /// The percentages of each class for training, validation and test; null, the default, for 80, 10 and 10 where the images do not say
    /// themselves which set they belong to (<see cref="LabeledImage.Split"/>). A set that the data bring themselves takes no share of the
    /// others; data that are divided into sets altogether take no <see cref="Split"/>.
    /// </summary>
    public SplitPercentages? Split { get; init; }

    /// <summary>The share of images, 0 to 1, that may be unusable before training fails with their list; 0.05 by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no share.</exception>
    public double MaxBad
    {
        get;
        init
        {
            if (value is not (>= 0 and <= 1)) Throw.MaxBadNotAShare(nameof(MaxBad), value);
            field = value;
        }
    } = 0.05;

    /// <summary>Images per run of the network; 0, the default, for what suits the provider.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int EmbeddingBatchSize
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    }
}
