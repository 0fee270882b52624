using System.Numerics.Tensors;
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

    /// <summary>The relative step of T at which the search ends. Newton's steps shrink to their squares, so T is then as exact as the slope.</summary>
    private const double SmallestStep = 1e-8;

    /// <summary>Halvings of the range of log T alone would end at the precision of a double after as many steps.</summary>
    private const int MostSteps = 60;

    /// <summary>T; 1 if no T in the range is best, as for rows that are all classified rightly: these say nothing about it.</summary>
    /// <param name="probabilities"><c>[N,C]</c> in blocks of rows, N at least 1. They are gone through about ten times, and may be computed anew each time.</param>
    /// <param name="labels"><c>[N]</c>, the true classes.</param>
    internal static double Fit(IEnumerable<Matrix<float>> probabilities, ReadOnlySpan<int> labels)
    {
        // The loss is convex in 1/T, so its slope changes sign once. Newton's method finds where, by log(1/T); a step out of the range that is left halves it instead.
        var (low, high) = (Math.Log(1 / Greatest), Math.Log(1 / Least));
        if (SlopeAt(low, labels).Slope >= 0 || SlopeAt(high, labels).Slope <= 0) return 1;
        var at = 0.0;
        for (var i = 0; i < MostSteps; i++)
        {
            var (slope, curvature) = SlopeAt(at, labels);
            if (slope < 0) low = at;
            else high = at;
            var next = at - (slope / curvature);
            if (!(next >= low && next <= high)) next = (low + high) / 2;
            var step = Math.Abs(next - at);
            at = next;
            if (step < SmallestStep) break;
        }

        return Math.Exp(-at);

        // The derivatives of the loss by log(1/T).
        (double Slope, double Curvature) SlopeAt(double logInverse, ReadOnlySpan<int> labels)
        {
            var inverse = Math.Exp(logInverse);
            var (slope, variance) = Derivatives(probabilities, labels, inverse);
            return (slope * inverse, (variance * inverse * inverse) + (slope * inverse));
        }
    }

    /// <summary>
    /// The first derivative of the loss by 1/T: the mean logit under the probabilities, less that of the true class; and the second: the
    /// variance of the logit under the probabilities.
    /// </summary>
    private static (double Slope, double Variance) Derivatives(IEnumerable<Matrix<float>> probabilities, ReadOnlySpan<int> labels, double inverse)
    {
        double slope = 0, variance = 0;
        var first = 0;
        foreach (var block in probabilities)
        {
            // A matrix holds its columns one after the other, so each step is made for all rows of a column.
            var rows = block.RowCount;
            var values = block.AsColumnMajorArray() ?? block.ToColumnMajorArray();
            var (largest, column) = (new float[rows], new float[rows]);
            double[] top = new double[rows], logits = new double[rows], weights = new double[rows], total = new double[rows], mean = new double[rows], square = new double[rows];
            for (var at = 0; at < values.Length; at += rows) TensorPrimitives.Max(largest, values.AsSpan(at, rows), largest);
            LogOf(largest, top);
            for (var at = 0; at < values.Length; at += rows)
            {
                LogOf(values.AsSpan(at, rows), logits);
                TensorPrimitives.Subtract(logits, top, logits);
                TensorPrimitives.Multiply(logits, inverse, weights);
                TensorPrimitives.Exp(weights, weights);
                TensorPrimitives.Add(total, weights, total);
                TensorPrimitives.Multiply(weights, logits, weights);
                TensorPrimitives.Add(mean, weights, mean);
                TensorPrimitives.MultiplyAdd(weights, logits, square, square);
            }

            for (var row = 0; row < rows; row++)
            {
                var (expected, truth) = (mean[row] / total[row], values[(labels[first + row] * rows) + row]);
                slope += expected - (Math.Log(Math.Max(truth, float.Epsilon)) - top[row]);
                variance += (square[row] / total[row]) - (expected * expected);
            }

            first += rows;

            // The logarithm of a probability that is 0 in float32 is that of the least number above 0.
            void LogOf(ReadOnlySpan<float> from, double[] to)
            {
                TensorPrimitives.Max(from, float.Epsilon, column);
                TensorPrimitives.ConvertChecked<float, double>(column, to);
                TensorPrimitives.Log(to, to);
            }
        }

        return (slope / first, variance / first);
    }
}
