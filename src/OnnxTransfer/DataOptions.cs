using OnnxTransfer.Datasets;

namespace OnnxTransfer;

/// <summary>How the images of a folder are used for training.</summary>
public sealed record DataOptions
{
    /// <summary>The percentages of each class for training (above 0), validation and test, together 100; 80, 10 and 10 by default.</summary>
    /// <exception cref="ArgumentException">A percentage is out of range, or they do not add up to 100.</exception>
    public (double Train, double Validation, double Test) Split
    {
        get => (Fractions.Train, Fractions.Validation, Fractions.Test);
        init => Fractions = new SplitFractions(value.Train, value.Validation, value.Test);
    }

    /// <summary>The share of images, 0 to 1, that may be unusable before training fails with their list; 0.05 by default.</summary>
    public double MaxBad { get; init; } = 0.05;

    /// <summary>Images per run of the network; 0, the default, for what suits the provider.</summary>
    public int EmbeddingBatchSize { get; init; }

    internal SplitFractions Fractions { get; private init; } = SplitFractions.Default;

    /// <summary>Reads a split as people write it: <c>80/10/10</c>, training, validation and test in percent.</summary>
    /// <exception cref="ArgumentException">The text is no such split.</exception>
    public static (double Train, double Validation, double Test) ParseSplit(string text)
    {
        var split = SplitFractions.Parse(text);
        return (split.Train, split.Validation, split.Test);
    }
}
