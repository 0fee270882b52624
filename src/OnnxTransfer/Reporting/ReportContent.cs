using OnnxTransfer.Internals;

namespace OnnxTransfer.Reporting;

/// <summary>All content of a report, gathered by the doors.</summary>
internal sealed record ReportContent
{
    /// <summary>The title: the name of the folder of images.</summary>
    internal required string Title { get; init; }

    /// <summary>What was done, in one sentence.</summary>
    internal required string Summary { get; init; }

    /// <summary>The classes, in the order of the probabilities.</summary>
    internal required IReadOnlyList<string> Labels { get; init; }

    /// <summary>The scores by set of images, the training images first; the last is the one that the report judges by.</summary>
    internal required IReadOnlyList<ScoredSet> Sets { get; init; }

    /// <summary>The images of the last set, with what was predicted.</summary>
    internal required IReadOnlyList<JudgedImage> Judged { get; init; }

    /// <summary>The feature vectors of <see cref="Judged"/>, a row for each; null if they are not at hand.</summary>
    internal FeatureMatrix? Vectors { get; init; }

    /// <summary>Where the classifier looked in a few of them; empty when that cannot be shown.</summary>
    internal IReadOnlyList<HeatTile> Heat { get; init; } = [];

    /// <summary>Why <see cref="Heat"/> is empty, in a sentence; null when there is no need to say.</summary>
    internal string? WhyNoHeat { get; init; }

    /// <summary>Losses and accuracies of the training; null when nothing was trained.</summary>
    internal TrainingHistory? History { get; init; }

    /// <summary>How the L2 was chosen; null unless it was.</summary>
    internal TuningResult? Tuning { get; init; }

    /// <summary>Another classifier on the same images; null for none.</summary>
    internal ComparedRun? Against { get; init; }

    internal required IReadOnlyList<SkippedImage> Skipped { get; init; }

    internal required IReadOnlyList<ImageWarning> Warnings { get; init; }

    /// <summary>The time of each stage.</summary>
    internal required IReadOnlyList<StageTime> Times { get; init; }

    /// <summary>The bottleneck of the run, in one sentence.</summary>
    internal required string Bottleneck { get; init; }

    /// <summary>Names and values: folder, backbone, provider, versions.</summary>
    internal required IReadOnlyList<(string Name, string Value)> Facts { get; init; }

    /// <summary>The record of the training, to the bit; null if it is not known.</summary>
    internal string? Fingerprint { get; init; }
}

/// <summary>A set of images and how well they were told apart.</summary>
/// <param name="Name">Such as <c>test</c>.</param>
/// <param name="Result">The scores.</param>
internal sealed record ScoredSet(string Name, EvaluationResult Result);

/// <summary>Another classifier that the one of the report is compared with.</summary>
/// <param name="Name">What the page calls it.</param>
/// <param name="Result">The comparison.</param>
internal sealed record ComparedRun(string Name, EvaluationComparison Result);

/// <summary>One image, what it is and what was predicted.</summary>
/// <param name="Image">The image.</param>
/// <param name="Truth">The class it is of.</param>
/// <param name="Probabilities"><c>[C]</c>.</param>
internal sealed record JudgedImage(ImageInput Image, int Truth, IReadOnlyList<float> Probabilities)
{
    /// <summary>The images that could be used, for a report; both lists are those of the whole dataset.</summary>
    internal static IReadOnlyList<JudgedImage> Of(IReadOnlyList<EvaluatedImage> images, ImageDataset dataset, IReadOnlyList<string> labels)
    {
        var indexOf = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < labels.Count; i++) indexOf.TryAdd(labels[i], i);
        return
        [
            .. images.Select((image, i) => (image, dataset.Images[i].Image)).Where(pair => pair.image.Prediction is not null)
                .Select(pair => new JudgedImage(pair.Image, indexOf[pair.image.Label], pair.image.Prediction!.Probabilities)),
        ];
    }

    /// <summary>What the page calls the image: the name of its file, or its id.</summary>
    internal string Name => Path.GetFileName(Image.Id) is { Length: > 0 } name ? name : Image.Id;

    /// <summary>The most probable class; of equals the first.</summary>
    internal int Predicted { get; } = Argmax.Of<float>([.. Probabilities]);

    internal float Confidence => Probabilities[Predicted];

    internal bool IsRight => Predicted == Truth;
}

/// <summary>A stage of a run and the time it took.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Time">Wall-clock time.</param>
/// <param name="Images">How many images; for the speed.</param>
internal sealed record StageTime(string Name, TimeSpan Time, int Images);
