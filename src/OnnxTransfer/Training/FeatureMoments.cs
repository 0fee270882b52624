namespace OnnxTransfer.Training;

/// <summary>The first two moments of each feature over some rows, in float64.</summary>
/// <param name="Means"><c>[D]</c>.</param>
/// <param name="Variances"><c>[D]</c>, of the population.</param>
internal sealed record FeatureMoments(double[] Means, double[] Variances)
{
    /// <summary>The mean over the features of their variance.</summary>
    internal double MeanVariance => Variances.Average();

    /// <summary>Two passes over the rows: the sums of the deviations from the mean lose no digits to its square.</summary>
    internal static FeatureMoments Of(TrainingRows rows)
    {
        var (means, variances) = (new double[rows.Dim], new double[rows.Dim]);
        foreach (var window in rows.Pass())
        {
            foreach (var n in window.Order)
            {
                var row = window.Rows.Features.Row(n);
                for (var d = 0; d < row.Length; d++) means[d] += row[d];
            }
        }

        for (var d = 0; d < means.Length; d++) means[d] /= rows.Count;
        foreach (var window in rows.Pass())
        {
            foreach (var n in window.Order)
            {
                var row = window.Rows.Features.Row(n);
                for (var d = 0; d < row.Length; d++) variances[d] += (row[d] - means[d]) * (row[d] - means[d]);
            }
        }

        for (var d = 0; d < variances.Length; d++) variances[d] /= rows.Count;
        return new FeatureMoments(means, variances);
    }
}
