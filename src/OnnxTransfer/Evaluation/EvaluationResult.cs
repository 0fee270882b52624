namespace OnnxTransfer.Evaluation;

/// <summary>How well one class is found. Where a ratio is 0/0 it is 0.</summary>
/// <param name="Label">The class' name.</param>
/// <param name="Precision">Of the images predicted as this class, the fraction that is, in [0, 1].</param>
/// <param name="Recall">Of the images of this class, the fraction predicted as it, in [0, 1].</param>
/// <param name="F1">The harmonic mean of precision and recall, in [0, 1].</param>
/// <param name="Support">The number of images of this class.</param>
public sealed record ClassMetrics(string Label, double Precision, double Recall, double F1, int Support);

/// <summary>What a classifier is worth on N labelled images.</summary>
/// <param name="Count">N.</param>
/// <param name="Accuracy">The fraction predicted rightly, in [0, 1].</param>
/// <param name="Loss">Mean cross-entropy, natural logarithm.</param>
/// <param name="PerClass">One entry a class, in the order of the labels.</param>
/// <param name="Confusion"><c>[C][C]</c>: how many images of the class of the row were predicted as the class of the column.</param>
public sealed record EvaluationResult(
    int Count,
    double Accuracy,
    double Loss,
    IReadOnlyList<ClassMetrics> PerClass,
    IReadOnlyList<IReadOnlyList<int>> Confusion);
