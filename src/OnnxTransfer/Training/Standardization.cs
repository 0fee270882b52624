namespace OnnxTransfer.Training;

/// <summary>
/// <c>x' = (x - mean)·scale</c> a feature, with scale 1/standard deviation (of the population, as scikit-learn's). A feature
/// that never varies says nothing: its scale is 0. Trained weights take it in (<see cref="FoldInto"/>), so that a head
/// always works on plain features.
/// </summary>
/// <param name="Mean"><c>[D]</c>.</param>
/// <param name="Scale"><c>[D]</c>.</param>
internal sealed record Standardization(float[] Mean, float[] Scale)
{
    /// <summary>Below this fraction of the mean a deviation is rounding, not variation.</summary>
    private const double Rounding = 1e-6;

    internal static Standardization Of(FeatureMatrix features)
    {
        var (means, squares) = (Means(features), new double[features.Dim]);
        for (var n = 0; n < features.RowCount; n++)
        {
            var row = features.Row(n);
            for (var d = 0; d < row.Length; d++) squares[d] += (row[d] - means[d]) * (row[d] - means[d]);
        }

        var (mean, scale) = (new float[features.Dim], new float[features.Dim]);
        for (var d = 0; d < mean.Length; d++)
        {
            var deviation = Math.Sqrt(squares[d] / features.RowCount);
            mean[d] = (float)means[d];
            scale[d] = deviation > Rounding * Math.Abs(means[d]) ? (float)(1 / deviation) : 0;
        }

        return new Standardization(mean, scale);
    }

    /// <summary>The mean alone: every scale is 1.</summary>
    internal static Standardization Center(FeatureMatrix features)
    {
        var scale = new float[features.Dim];
        Array.Fill(scale, 1);
        return new Standardization([.. Means(features).Select(mean => (float)mean)], scale);
    }

    /// <summary>The mean over the features of their variance (of the population).</summary>
    internal static double MeanVariance(FeatureMatrix features)
    {
        var (means, sum) = (Means(features), 0.0);
        for (var n = 0; n < features.RowCount; n++)
        {
            var row = features.Row(n);
            for (var d = 0; d < row.Length; d++) sum += (row[d] - means[d]) * (row[d] - means[d]);
        }

        return sum / features.RowCount / features.Dim;
    }

    private static double[] Means(FeatureMatrix features)
    {
        var means = new double[features.Dim];
        for (var n = 0; n < features.RowCount; n++)
        {
            var row = features.Row(n);
            for (var d = 0; d < row.Length; d++) means[d] += row[d];
        }

        for (var d = 0; d < means.Length; d++) means[d] /= features.RowCount;
        return means;
    }

    /// <summary><c>W' = scale·W</c>, <c>b' = b - (mean·scale)·W</c>: the same logits from plain features.</summary>
    internal DenseLayer FoldInto(DenseLayer layer)
    {
        var weights = new float[layer.Weights.Length];
        var shift = new double[layer.Outputs];
        for (var d = 0; d < layer.Inputs; d++)
        {
            for (var c = 0; c < layer.Outputs; c++)
            {
                weights[d * layer.Outputs + c] = layer.Weights[d * layer.Outputs + c] * Scale[d];
                shift[c] += (double)Mean[d] * weights[d * layer.Outputs + c];
            }
        }

        return layer with { Weights = weights, Bias = [.. layer.Bias.Select((b, c) => (float)(b - shift[c]))] };
    }
}
