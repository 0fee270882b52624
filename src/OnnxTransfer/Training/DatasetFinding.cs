using OnnxTransfer.Data;

namespace OnnxTransfer;

/// <summary>An image of a dataset, as a finding names it.</summary>
/// <param name="Index">Its position in <see cref="ImageDataset.Images"/>, from 0.</param>
/// <param name="Id">Its <see cref="ImageInput.Id"/>: the path of a file, or the id it was given.</param>
/// <param name="Label">Its class, as the data say.</param>
/// <param name="Split">Its set; <see cref="DataSplit.Auto"/> if the data name none.</param>
public sealed record CheckedImage(int Index, string Id, string Label, DataSplit Split);

/// <summary>Something about a dataset that needs a look.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Image">The image; null for a finding about a class.</param>
/// <param name="Text">What was found, in one sentence.</param>
public sealed record DatasetFinding(FindingKind Kind, CheckedImage? Image, string Text)
{
    /// <summary>The other image of a pair; null for a finding about one image or a class.</summary>
    public CheckedImage? Other { get; init; }

    /// <summary>The class that the image probably is of, for <see cref="FindingKind.WrongLabel"/>; the class, for <see cref="FindingKind.RareClass"/>; otherwise null.</summary>
    public string? Label { get; init; }

    /// <summary>The number behind the finding, which the members of <see cref="FindingKind"/> explain; null where there is none.</summary>
    public double? Score { get; init; }

    /// <summary>An image that measures a training which has seen it.</summary>
    /// <param name="late">The image of the later set: train, validation, test.</param>
    /// <param name="early">The image of the earlier set.</param>
    /// <param name="cosine">The cosine of their vectors.</param>
    /// <param name="isExact">Whether their content is the same, byte for byte.</param>
    internal static DatasetFinding OfLeak(CheckedImage late, CheckedImage early, double cosine, bool isExact) =>
        new(FindingKind.Leak, late, $"The {(isExact ? "same file" : "same picture in another version")} is in the {DataSplits.Name(early.Split == DataSplit.Auto ? DataSplit.Train : early.Split)} set, so the {DataSplits.Name(late.Split)} set measures too well.")
        {
            Other = early,
            Score = cosine,
        };
}

/// <summary>What can be found in a dataset.</summary>
public enum FindingKind
{
    /// <summary>The image cannot be read or decoded.</summary>
    Unreadable = 0,

    /// <summary>The image has the same content as another one, byte for byte. Each is named with the first of them; the score is 1.</summary>
    Duplicate,

    /// <summary>The image is another version of the same picture. The score is the cosine of the two feature vectors.</summary>
    NearDuplicate,

    /// <summary>An exact or near duplicate is in another set. The score is the cosine of the two feature vectors.</summary>
    Leak,

    /// <summary>An exact or near duplicate has another class. The score is the cosine of the two feature vectors.</summary>
    Contradiction,

    /// <summary>The class is probably wrong. The score is the out-of-fold probability of the class, in [0, 1]; the lower, the more doubtful.</summary>
    WrongLabel,

    /// <summary>The image is far from all others. The score is its mean distance, 1 - cosine, to its ten nearest images.</summary>
    Outlier,

    /// <summary>A class has less than a tenth of its fair share of the images. The score is its share, in [0, 1].</summary>
    RareClass,

    /// <summary>The image is dark. The score is <see cref="ImageStatistics.Brightest"/>.</summary>
    Dark,

    /// <summary>The image is light. The score is <see cref="ImageStatistics.Darkest"/>.</summary>
    Light,

    /// <summary>The image is blurred. The score is <see cref="ImageStatistics.Sharpness"/>.</summary>
    Blurred,

    /// <summary>The image is almost empty. The score is <see cref="ImageStatistics.Entropy"/>.</summary>
    LowInformation,

    /// <summary>The image is far smaller or larger than the others. The score is <see cref="ImageStatistics.Side"/>.</summary>
    OddSize,

    /// <summary>The image is very long or very high. The score is <see cref="ImageStatistics.Aspect"/>.</summary>
    OddAspect,
}
