using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>An image and the class it belongs to.</summary>
public sealed record LabeledImage
{
    /// <summary>Pairs an image with its class.</summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <param name="label">The name of its class.</param>
    /// <exception cref="ArgumentException">The label is empty.</exception>
    public LabeledImage(ImageInput image, string label)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentException.ThrowIfNullOrWhiteSpace(label);
        (Image, Label) = (image, label);
    }

    /// <summary>The image.</summary>
    public ImageInput Image { get; }

    /// <summary>The name of its class.</summary>
    public string Label { get; }

    /// <summary>The set that the image belongs to; by default <see cref="DataSplit.Auto"/>.</summary>
    public DataSplit Split { get; init => field = Require.Defined(value, nameof(Split)); }

    /// <summary>The factor on the image's loss in training, finite and at least 0; 1 by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The weight is negative, infinite or NaN.</exception>
    public float Weight { get; init => field = Require.NotNegative(value, nameof(Weight)); } = 1;

    /// <summary>The name of the image in results.</summary>
    public string Id => Image.Id;
}

/// <summary>The sets that labeled images are divided into.</summary>
public enum DataSplit
{
    /// <summary>Decided when a classifier is trained: by <see cref="TrainingPlan.Split"/> and the seed.</summary>
    Auto = 0,

    /// <summary>The images that the head learns from.</summary>
    Train,

    /// <summary>The images that choose the best epoch and stop a training early.</summary>
    Validation,

    /// <summary>The images that measure the result. Training does not use them.</summary>
    Test,
}

/// <summary>An image that could not be used; the run went on without it.</summary>
/// <param name="Id">The image's <see cref="ImageInput.Id"/>: the path of a file, or the id it was given.</param>
/// <param name="Reason">Why the image could not be used, in one sentence.</param>
public sealed record SkippedImage(string Id, string Reason)
{
    /// <summary>
    /// Whether the guard against hangs (<see cref="DecodeOptions.MaxTime"/>) stopped the decode. If true, the image itself may be valid:
    /// run again on a machine that is less busy.
    /// </summary>
    public bool TimedOut { get; init; }

    /// <summary>The class that the source gave it; null if the images have no labels.</summary>
    public string? Label { get; init; }

    /// <summary>The set that the source gave it; <see cref="DataSplit.Auto"/> if the source gave none.</summary>
    public DataSplit Split { get; init; }
}

/// <summary>An image that was used although something about it is doubtful, such as damage to its file.</summary>
/// <param name="Id">The image's <see cref="ImageInput.Id"/>: the path of a file, or the id it was given.</param>
/// <param name="Text">What is doubtful, in one sentence.</param>
public sealed record ImageWarning(string Id, string Text)
{
    /// <summary>The class that the source gave it; null if the images have no labels.</summary>
    public string? Label { get; init; }

    /// <summary>The set that the source gave it; <see cref="DataSplit.Auto"/> if the source gave none.</summary>
    public DataSplit Split { get; init; }
}
