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

    internal static Standardization Of(FeatureMoments moments)
    {
        var (mean, scale) = (new float[moments.Means.Length], new float[moments.Means.Length]);
        for (var d = 0; d < mean.Length; d++)
        {
            var deviation = Math.Sqrt(moments.Variances[d]);
            mean[d] = (float)moments.Means[d];
            scale[d] = deviation > Rounding * Math.Abs(moments.Means[d]) ? (float)(1 / deviation) : 0;
        }

        return new Standardization(mean, scale);
    }

    /// <summary>The mean alone: every scale is 1.</summary>
    internal static Standardization Center(FeatureMoments moments)
    {
        var scale = new float[moments.Means.Length];
        Array.Fill(scale, 1);
        return new Standardization([.. moments.Means.Select(mean => (float)mean)], scale);
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
