namespace OnnxTransfer.Cli.Output;

/// <summary>What is shown of a prediction.</summary>
/// <param name="Classifier">The classifier.</param>
/// <param name="Top">The most classes of a row.</param>
/// <param name="Coverage">The coverage of a set of classes; null for no set.</param>
internal sealed record RowShape(ImageClassifier Classifier, int Top, double? Coverage)
{
    /// <summary>The answer for an image that may be of none of the classes.</summary>
    internal const string Unknown = "unknown";

    /// <summary>The answer: the most probable class, or unknown.</summary>
    internal static string Answer(Prediction prediction) => prediction.IsUnknown ? Unknown : prediction.Label;

    /// <summary>The labels of the set that the coverage needs; null for no set.</summary>
    internal IReadOnlyList<string>? SetOf(Prediction prediction) =>
        Coverage is { } coverage ? [.. Classifier.PredictionSet(prediction, coverage).Select(one => one.Label)] : null;
}
