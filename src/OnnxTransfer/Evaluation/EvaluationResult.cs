using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>How well one class is found. Where a ratio is 0/0 it is 0.</summary>
/// <param name="Label">The class' name.</param>
/// <param name="Precision">Of the images predicted as this class, the fraction that is, in [0, 1].</param>
/// <param name="Recall">Of the images of this class, the fraction predicted as it, in [0, 1].</param>
/// <param name="F1">The harmonic mean of precision and recall, in [0, 1].</param>
/// <param name="Support">The number of images of this class.</param>
public sealed record ClassMetrics(string Label, double Precision, double Recall, double F1, int Support);

/// <summary>Predictions of like confidence: a reliable classifier is right as often as it is confident.</summary>
/// <param name="From">The least probability of the predicted class in this bin, exclusive but for 0.</param>
/// <param name="To">The greatest, inclusive.</param>
/// <param name="Count">The number of images.</param>
/// <param name="Confidence">The mean probability of the predicted class, in [0, 1]; 0 in an empty bin.</param>
/// <param name="Accuracy">The fraction predicted rightly, in [0, 1]; 0 in an empty bin.</param>
public sealed record CalibrationBin(double From, double To, int Count, double Confidence, double Accuracy);

/// <summary>What a classifier is worth on N labeled images.</summary>
/// <param name="Count">N.</param>
/// <param name="Accuracy">The fraction predicted rightly, in [0, 1].</param>
/// <param name="Loss">Mean cross-entropy, natural logarithm.</param>
/// <param name="PerClass">One entry a class, in the order of the labels.</param>
/// <param name="Confusion"><c>[C][C]</c>: how many images of the class of the row were predicted as the class of the column.</param>
/// <param name="Calibration">The images by confidence, in ten bins of equal width from 0 to 1.</param>
public sealed record EvaluationResult(
    int Count,
    double Accuracy,
    double Loss,
    IReadOnlyList<ClassMetrics> PerClass,
    IReadOnlyList<IReadOnlyList<int>> Confusion,
    IReadOnlyList<CalibrationBin> Calibration)
{
    /// <summary>One entry a class, in the order of the labels.</summary>
    public IReadOnlyList<ClassMetrics> PerClass { get; init => field = EquatableList.Of(value, nameof(PerClass)); } = EquatableList.Of(PerClass);

    /// <summary><c>[C][C]</c>: how many images of the class of the row were predicted as the class of the column.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Confusion { get; init => field = EquatableList.OfLists(value, nameof(Confusion)); } = EquatableList.OfLists(Confusion);

    /// <summary>The images by confidence, in ten bins of equal width from 0 to 1.</summary>
    public IReadOnlyList<CalibrationBin> Calibration { get; init => field = EquatableList.Of(value, nameof(Calibration)); } = EquatableList.Of(Calibration);

    /// <summary>
    /// The expected calibration error, in [0, 1]: how far confidence and accuracy are apart in a bin, averaged over the images
    /// (Guo et al., 2017, equation 5).
    /// </summary>
    public double CalibrationError => Calibration.Sum(bin => bin.Count * Math.Abs(bin.Accuracy - bin.Confidence)) / Count;
}
