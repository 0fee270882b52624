using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>How well a backbone suits a set of labeled images, as <see cref="BackboneComparison"/> measured it.</summary>
public sealed record ComparedBackbone
{
    /// <summary>The backbone as it was named.</summary>
    public required string Name { get; init; }

    /// <summary>What the network is.</summary>
    public required ModelInfo Model { get; init; }

    /// <summary>The size of the model's files, in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>The number of weights in the model's file.</summary>
    public required long Parameters { get; init; }

    /// <summary>D, the length of the features; with layers or a pooling of the options, another than that of <see cref="Model"/>.</summary>
    public required int Dim { get; init; }

    /// <summary>The number of images that could be used.</summary>
    public required int Images { get; init; }

    /// <summary>The images that could not be used, with reasons.</summary>
    public required IReadOnlyList<SkippedImage> Skipped { get; init => field = EquatableList.Of(value, nameof(Skipped)); }

    /// <summary>The accuracy of a trained head on images that it has not seen, in [0, 1]: mean and standard error of the folds.</summary>
    public required FoldMean Accuracy { get; init; }

    /// <summary>The mean cross-entropy of these predictions, natural logarithm: mean and standard error of the folds.</summary>
    public required FoldMean Loss { get; init; }

    /// <summary>
    /// The accuracy without training by the 20 nearest images of the other folds, in [0, 1]: votes weighted by <c>exp(cosine / 0.07)</c> (Wu et
    /// al., "Unsupervised feature learning via non-parametric instance discrimination", 2018).
    /// </summary>
    public required FoldMean NeighborAccuracy { get; init; }

    /// <summary>
    /// The accuracy without training by the nearest class mean of the other folds, in [0, 1] (Mensink et al., "Metric learning for large scale
    /// image classification", 2012). Near <see cref="Accuracy"/>, a few images a class are enough.
    /// </summary>
    public required FoldMean ClassMeanAccuracy { get; init; }

    /// <summary>
    /// The H-score with shrinkage, in [0, C-1], higher is better: how far apart the class means are, measured by the features' own covariance
    /// (Bao et al., 2019; Ibrahim et al., "Newer is not always better", 2022). At most 1,000 images are used.
    /// </summary>
    public required double HScore { get; init; }

    /// <summary>Images a second from file to vector, in this process and without a cache: the median of three passes over at most 64 images.</summary>
    public required double ImagesPerSecond { get; init; }

    /// <summary>How near the images are to those that the network was trained on; null where it has no classes of its own.</summary>
    public required DomainFit? Domain { get; init; }
}

/// <summary>
/// How near images are to a network's own domain, by its own classes. A network is sure of images like those that it was trained on; on others
/// its probabilities spread (Hendrycks and Gimpel, "A baseline for detecting misclassified and out-of-distribution examples", 2017).
/// </summary>
/// <param name="Confidence">The mean probability of the most probable own class, in [0, 1].</param>
/// <param name="Entropy">The mean entropy of the own classes divided by its maximum ln C, in [0, 1]: 1 if the network cannot tell anything.</param>
/// <param name="Images">The number of images measured, at most 200, drawn class by class.</param>
public sealed record DomainFit(double Confidence, double Entropy, int Images);
