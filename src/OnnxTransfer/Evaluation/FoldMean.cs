namespace OnnxTransfer;

/// <summary>The mean of a score over folds.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="StandardError">The standard deviation of the folds' scores divided by the root of their number. The folds share training images, so it is a guide and no bound.</param>
public readonly record struct FoldMean(double Mean, double StandardError)
{
    internal static FoldMean Of(IReadOnlyList<double> scores)
    {
        var mean = scores.Average();
        return new FoldMean(mean, Math.Sqrt(scores.Sum(score => (score - mean) * (score - mean)) / (scores.Count - 1) / scores.Count));
    }
}
