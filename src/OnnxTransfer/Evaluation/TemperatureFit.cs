using MathNet.Numerics.LinearAlgebra;

namespace OnnxTransfer.Evaluation;

/// <summary>
/// The temperature T that gives the least cross-entropy of <c>softmax(z/T)</c> (Guo et al., 2017). A softmax does not change when all its
/// logits move together, so the logarithms of the probabilities serve as the logits z.
/// </summary>
internal static class TemperatureFit
{
    /// <summary>The least and the greatest T; beyond, the probabilities would be all or nothing, or all the same.</summary>
    internal const double Least = 0.05, Greatest = 20;

    /// <summary>Halvings of the range of log T: its last part is below the precision of a double.</summary>
    private const int Halvings = 60;

    /// <summary>The logarithms, <c>[N][C]</c>; that of a probability which is 0 in float32 is its least logarithm.</summary>
    private static double[][] LogProbabilities(Matrix<float> probabilities) =>
        [.. probabilities.EnumerateRows().Select(row => row.Select(p => Math.Log(Math.Max(p, float.Epsilon))).ToArray())];

    /// <summary>T; 1 if no T in the range is best, as for rows that are all classified rightly: these say nothing about it.</summary>
    /// <param name="probabilities"><c>[N,C]</c>, N at least 1.</param>
    /// <param name="labels"><c>[N]</c>, the true classes.</param>
    internal static double Fit(Matrix<float> probabilities, ReadOnlySpan<int> labels)
    {
        var rows = LogProbabilities(probabilities);
        // The loss is convex in 1/T, so its slope changes sign once.
        var (low, high) = (Math.Log(1 / Greatest), Math.Log(1 / Least));
        if (Slope(rows, labels, Math.Exp(low)) >= 0 || Slope(rows, labels, Math.Exp(high)) <= 0) return 1;
        for (var i = 0; i < Halvings; i++)
        {
            var middle = (low + high) / 2;
            if (Slope(rows, labels, Math.Exp(middle)) < 0) low = middle;
            else high = middle;
        }

        return Math.Exp(-(low + high) / 2);
    }

    /// <summary>The derivative of the loss by 1/T: the mean logit under the probabilities, less that of the true class.</summary>
    private static double Slope(double[][] rows, ReadOnlySpan<int> labels, double inverse)
    {
        var slope = 0.0;
        for (var row = 0; row < rows.Length; row++)
        {
            var logits = rows[row];
            var max = logits.Max();
            double weights = 0, mean = 0;
            foreach (var z in logits)
            {
                var weight = Math.Exp((z - max) * inverse);
                weights += weight;
                mean += weight * z;
            }

            slope += (mean / weights) - logits[labels[row]];
        }

        return slope / rows.Length;
    }
}
