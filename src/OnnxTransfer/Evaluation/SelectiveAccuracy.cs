namespace OnnxTransfer;

/// <summary>What a classifier gains by saying nothing where it is not sure.</summary>
/// <param name="Threshold">The least probability of the predicted class, 0 to 1; below it the answer is "unknown".</param>
/// <param name="Coverage">The fraction of images that get an answer, in (0, 1].</param>
/// <param name="Accuracy">The fraction of correct predictions among these, in [0, 1].</param>
/// <param name="Count">The number of images that get an answer.</param>
public sealed record SelectiveAccuracy(double Threshold, double Coverage, double Accuracy, int Count)
{
    /// <summary>A point for each probability that occurs, from the most certain image on: coverage ascends to 1.</summary>
    /// <param name="answers">The probability of each predicted class, and whether it is the true one.</param>
    internal static IReadOnlyList<SelectiveAccuracy> Curve(IEnumerable<(float Probability, bool Right)> answers)
    {
        var sorted = answers.OrderByDescending(answer => answer.Probability).ToList();
        var points = new List<SelectiveAccuracy>();
        var right = 0;
        for (var i = 0; i < sorted.Count; i++)
        {
            if (sorted[i].Right) right++;
            // Equal probabilities are on the same side of every threshold.
            if (i + 1 == sorted.Count || sorted[i + 1].Probability < sorted[i].Probability)
                points.Add(new SelectiveAccuracy(sorted[i].Probability, (i + 1.0) / sorted.Count, (double)right / (i + 1), i + 1));
        }

        return points;
    }

    /// <summary>The point with the greatest coverage whose accuracy is at least the given one; null where there is none.</summary>
    internal static SelectiveAccuracy? Reaching(double accuracy, IReadOnlyList<SelectiveAccuracy> curve) => curve.LastOrDefault(point => point.Accuracy >= accuracy);
}
