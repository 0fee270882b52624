using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>How well the classifier finds one class. A ratio of 0/0 counts as 0.</summary>
/// <param name="Label">The class' name.</param>
/// <param name="Precision">The fraction of correct predictions among the images predicted as this class, in [0, 1].</param>
/// <param name="Recall">The fraction of correct predictions among the images of this class, in [0, 1].</param>
/// <param name="F1">The harmonic mean of precision and recall, in [0, 1].</param>
/// <param name="Support">The number of images of this class.</param>
public sealed record ClassMetrics(string Label, double Precision, double Recall, double F1, int Support);

/// <summary>Predictions with similar confidence. In a well calibrated classifier, accuracy equals confidence.</summary>
/// <param name="From">The lower limit of the probability of the predicted class, exclusive except for 0.</param>
/// <param name="To">The upper limit, inclusive.</param>
/// <param name="Count">The number of images.</param>
/// <param name="Confidence">The mean probability of the predicted class, in [0, 1]; 0 in an empty bin.</param>
/// <param name="Accuracy">The fraction of correct predictions, in [0, 1]; 0 in an empty bin.</param>
public sealed record CalibrationBin(double From, double To, int Count, double Confidence, double Accuracy);

/// <summary>The scores of a classifier on N labeled images.</summary>
/// <param name="Count">N.</param>
/// <param name="Accuracy">The fraction of correct predictions, in [0, 1].</param>
/// <param name="Loss">Mean cross-entropy, natural logarithm.</param>
/// <param name="PerClass">One entry for each class, in the order of the labels.</param>
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
    /// <summary>One entry for each class, in the order of the labels.</summary>
    public IReadOnlyList<ClassMetrics> PerClass { get; init => field = EquatableList.Of(value, nameof(PerClass)); } = EquatableList.Of(PerClass);

    /// <summary><c>[C][C]</c>: how many images of the class of the row were predicted as the class of the column.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Confusion { get; init => field = EquatableList.OfLists(value, nameof(Confusion)); } = EquatableList.OfLists(Confusion);

    /// <summary>The images by confidence, in ten bins of equal width from 0 to 1.</summary>
    public IReadOnlyList<CalibrationBin> Calibration { get; init => field = EquatableList.Of(value, nameof(Calibration)); } = EquatableList.Of(Calibration);

    /// <summary>
    /// <c>[C]</c>: entry r counts the images for which r classes are more probable than the true one; of equally probable classes, the first
    /// of the labels counts as more probable. Empty if it is not known.
    /// </summary>
    public IReadOnlyList<int> RankCounts { get; init => field = EquatableList.Of(value, nameof(RankCounts)); } = EquatableList.Of<int>([]);

    /// <summary>The number of correct predictions.</summary>
    public int CorrectCount => (int)Math.Round(Accuracy * Count);

    /// <summary>The range in which the accuracy on further images like these lies, with 95 % confidence.</summary>
    public WilsonInterval AccuracyInterval => WilsonInterval.Of(CorrectCount, Count);

    /// <summary>
    /// The mean F1 of the classes, each counted alike: of those that have an image or are predicted for one, as in scikit-learn.
    /// </summary>
    public double MacroF1 => Seen().Select(seen => seen.F1).DefaultIfEmpty(0).Average();

    /// <summary>The mean F1 of the classes, each counted by its <see cref="ClassMetrics.Support"/>.</summary>
    public double WeightedF1 => PerClass.Sum(one => one.F1 * one.Support) / Math.Max(1, PerClass.Sum(one => one.Support));

    /// <summary>The fraction of images whose true class is among the <paramref name="count"/> most probable ones, in [0, 1].</summary>
    /// <param name="count">At least 1; 1 gives <see cref="Accuracy"/>.</param>
    /// <exception cref="InvalidOperationException">The ranks of the true classes are not known.</exception>
    public double TopAccuracy(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (RankCounts.Count == 0) throw Throw.RanksUnknown();
        return (double)RankCounts.Take(count).Sum() / Count;
    }

    private IEnumerable<ClassMetrics> Seen() => PerClass.Where((one, index) => one.Support > 0 || Confusion.Any(row => row[index] > 0));

    /// <summary>
    /// The expected calibration error, in [0, 1]: the distance between confidence and accuracy in a bin, averaged over the images (Guo
    /// et al., 2017, equation 5).
    /// </summary>
    public double CalibrationError => Calibration.Sum(bin => bin.Count * Math.Abs(bin.Accuracy - bin.Confidence)) / Count;
}
