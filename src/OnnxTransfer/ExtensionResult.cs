namespace OnnxTransfer;

/// <summary>A classifier that gained or lost classes, or more images of a class, and the record of it.</summary>
public sealed class ExtensionResult
{
    internal ExtensionResult()
    {
    }

    /// <summary>
    /// The extended classifier, which keeps its vectors and can be extended again. It runs on the network of the classifier that it was made
    /// from, which must outlive it.
    /// </summary>
    public required ImageClassifier Classifier { get; init; }

    /// <summary>The new classes; they follow the old ones in <see cref="ImageClassifier.Labels"/>.</summary>
    public required IReadOnlyList<string> Added { get; init; }

    /// <summary>The classes that were removed.</summary>
    public required IReadOnlyList<string> Removed { get; init; }

    /// <summary>How the classes that stayed changed, in their order, each on the same kept vectors before and after.</summary>
    public required IReadOnlyList<ClassChange> Changes { get; init; }

    /// <summary>
    /// The set of the kept vectors that <see cref="Changes"/> is measured on: test; validation if there is no test set; training if there is
    /// neither, and then the numbers are too good.
    /// </summary>
    public required DataSplit MeasuredOn { get; init; }

    /// <summary>The number of images that were added. An image in several views counts once.</summary>
    public required int NewImages { get; init; }

    /// <summary>The number of given images that were left out because the classifier has their vector already, in the same class.</summary>
    public required int KnownImages { get; init; }

    /// <summary>Loss and accuracy, step by step and epoch by epoch.</summary>
    public required TrainingHistory History { get; init; }

    /// <summary>The scores on all validation vectors, kept and new; null when there are none.</summary>
    public required EvaluationResult? Validation { get; init; }

    /// <summary>The scores on all test vectors, kept and new; null when there are none.</summary>
    public required EvaluationResult? Test { get; init; }

    /// <summary>The vectors of the given images and how long they took; null if none were given.</summary>
    public required EmbeddingResult? Embedding { get; init; }

    /// <summary>The given images that could not be used, with reasons.</summary>
    public required IReadOnlyList<SkippedImage> Skipped { get; init; }

    /// <summary>What makes given images doubtful that were used all the same.</summary>
    public required IReadOnlyList<ImageWarning> Warnings { get; init; }

    /// <summary>Wall-clock time of training the head.</summary>
    public required TimeSpan TrainingTime { get; init; }
}

/// <summary>How well a class is found before and after a classifier was extended.</summary>
/// <param name="Label">The class.</param>
/// <param name="Count">The number of vectors of the class that it is measured on.</param>
/// <param name="Before">The fraction of them that the old classifier predicted correctly, in [0, 1]; 0 without vectors.</param>
/// <param name="After">The fraction of them that the new classifier predicts correctly, in [0, 1]; 0 without vectors.</param>
public sealed record ClassChange(string Label, int Count, double Before, double After)
{
    /// <summary>What was forgotten: <see cref="Before"/> minus <see cref="After"/>, in [-1, 1]; negative for a gain.</summary>
    public double Forgotten => Before - After;
}
