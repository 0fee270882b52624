using System.CommandLine;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>--augment none|flip|crops|both</c></summary>
internal static class AugmentOption
{
    private static readonly Dictionary<string, Augmentation> s_augmentations = new()
    {
        ["none"] = Augmentation.None,
        ["flip"] = Augmentation.Flip,
        ["crops"] = Augmentation.Crops,
        ["both"] = Augmentation.FlipAndCrops,
    };

    /// <summary>The option of a command that learns.</summary>
    internal static Option<Augmentation> OfTraining() =>
        Create("Also learn from copies of the training images. flip: mirrored. crops: cut at the four corners. both: nine copies. Worth it with few images in each class.");

    /// <summary>The option of a command that predicts.</summary>
    internal static Option<Augmentation> OfPrediction() =>
        Create("Predict from the mean vector of each image and its copies. flip: mirrored, twice the time. crops: the four corners, five times. both: ten times.");

    private static Option<Augmentation> Create(string description)
    {
        var option = new Option<Augmentation>("--augment")
        {
            Description = description,
            DefaultValueFactory = _ => Augmentation.None,
            HelpName = string.Join('|', s_augmentations.Keys),
            CustomParser = result =>
            {
                if (s_augmentations.TryGetValue(result.Tokens[^1].Value, out var augmentation)) return augmentation;
                result.AddError($"--augment {result.Tokens[^1].Value} is not one of {string.Join(", ", s_augmentations.Keys)}.");
                return default;
            },
        };
        // Those of an enumeration would be its names in C#.
        option.CompletionSources.Clear();
        option.CompletionSources.Add([.. s_augmentations.Keys]);
        return option;
    }
}
