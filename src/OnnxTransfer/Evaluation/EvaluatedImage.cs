namespace OnnxTransfer;

/// <summary>One image whose class is known, and what the classifier says about it.</summary>
/// <param name="Id">The image's <see cref="ImageInput.Id"/>: the path of a file, or the id it was given.</param>
/// <param name="Label">The class that the image belongs to.</param>
/// <param name="Split">The set that the image belongs to; <see cref="DataSplit.Auto"/> if the source gives none.</param>
/// <param name="Prediction">The prediction; null when the image could not be used.</param>
/// <param name="Error">Why the image could not be used, in one sentence; null when there is a prediction.</param>
public sealed record EvaluatedImage(string Id, string Label, DataSplit Split, Prediction? Prediction, string? Error)
{
    /// <summary>Whether the most probable class is the right one; false for an image that could not be used.</summary>
    public bool IsCorrect => Prediction?.Label == Label;

    /// <summary>Whether the guard against hangs stopped the decode. If true, the image itself may be valid.</summary>
    public bool TimedOut { get; init; }

    internal static IReadOnlyList<SkippedImage> SkippedOf(IEnumerable<EvaluatedImage> images) =>
        [.. images.Where(image => image.Error is not null).Select(image => new SkippedImage(image.Id, image.Error!) { Label = image.Label, Split = image.Split, TimedOut = image.TimedOut })];
}
