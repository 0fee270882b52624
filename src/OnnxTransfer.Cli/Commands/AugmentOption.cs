using System.CommandLine;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>--augment none|flip|crops|both</c></summary>
internal static class AugmentOption
{
    private static readonly KeyValuePair<string, Augmentation>[] s_augmentations =
    [
        new("none", Augmentation.None),
        new("flip", Augmentation.Flip),
        new("crops", Augmentation.Crops),
        new("both", Augmentation.FlipAndCrops),
    ];

    /// <summary>The option of a command that learns.</summary>
    internal static Option<Augmentation> OfTraining() =>
        Create("Also learn from copies of the training images. flip: mirrored. crops: cut at the four corners. both: nine copies. Worth it with few images in each class.");

    /// <summary>The option of a command that predicts.</summary>
    internal static Option<Augmentation> OfPrediction() =>
        Create("Predict from the mean vector of each image and its copies. flip: mirrored, twice the time. crops: the four corners, five times. both: ten times.");

    private static Option<Augmentation> Create(string description) => CommonOptions.Named("--augment", description, s_augmentations);
}
