namespace OnnxTransfer;

/// <summary>The messages of <see cref="ImageClassifier.ExtendAsync"/>.</summary>
internal static partial class Throw
{
    internal static ArgumentException NoSuchClass(string label, IEnumerable<string> known) =>
        new($"'{label}' is not a class of this classifier. Its classes are {Known(label, known)}.");

    internal static InvalidModelException NoKeptFeatures() =>
        new("This classifier did not keep the feature vectors of its training, so it cannot be extended: train it again with `onnxtransfer train DATA --keep-features`, or with TrainingPlan.KeepFeatures.");

    /// <summary>Names the first fact that differs.</summary>
    internal static InvalidModelException KeptFeaturesOfAnotherNetwork(string kept, string own)
    {
        var (then, now) = kept.Split('\n').Zip(own.Split('\n')).First(pair => pair.First != pair.Second);
        var what = then.Split(' ')[0] switch
        {
            "preprocess" => "another preprocessing",
            "views" => "images seen in other views",
            _ => "another backbone or precision",
        };
        return new InvalidModelException(
            $"The kept feature vectors come from {what}: they were computed with '{then}', but this classifier computes '{now}'. Load it with the options that it was trained with, or train it again.");
    }

    internal static DatasetException NothingToExtend(string? source) => new(source is null
        ? "Nothing would change: give new images or name a class to remove."
        : $"Nothing would change: the classifier has every usable image of {source} already, in the same class. Give new images, or name a class to remove.");

    internal static ArgumentException RemovedClassHasImages(string label, string source) =>
        new($"The class '{label}' is to be removed, but {source} has images of it: leave out the one or the other.");

    internal static ArgumentException TooFewClassesLeft(IReadOnlyList<string> left) =>
        new($"A classifier needs at least two classes, but {(left.Count == 0 ? "none" : $"only '{left[0]}'")} would be left: remove fewer classes, or add one.");

    internal static ArgumentException TooManyFeaturesToKeep(long vectors, int dim) =>
        new($"{vectors} vectors of {dim} numbers are {vectors * dim * sizeof(float) >> 20} MiB, but a classifier keeps at most {Training.KeptFeatures.MaxBytes >> 20} MiB of vectors: set KeepFeatures to false (leave out --keep-features), or use fewer images or copies.");
}
