namespace OnnxTransfer.Training;

/// <summary>
/// The L2 of options that name none: <c>v · min(1/20, 1/√N)</c>, v being the mean variance of a feature over the N training rows.
/// Variance makes the rule independent of the unit of the features: features twice as large need weights half as large, whose squares
/// count a quarter. The share falls with N because more rows need less of it. Both numbers come from the experiment `draws` of the
/// benchmarks, where a share between 1/30 and 1/10 gave the lowest log loss from 10 to 450 rows.
/// </summary>
internal static class AutomaticL2
{
    private const double LargestShare = 0.05;

    /// <summary>The L2 of a training: the one of the options, or the one of the rule.</summary>
    internal static double Of(TrainingOptions options, TrainingRows rows)
    {
        if (options.L2 is { } given) return given;
        // Other means hold these weights, or the weights see other inputs than the features.
        if (options.L1 > 0 || options.HiddenUnits.Count > 0 || options.Optimizer.DecaysWeights) return 0;
        var variance = options.Standardize ? 1 : rows.Moments.MeanVariance;
        return variance * Math.Min(LargestShare, 1 / Math.Sqrt(rows.Count));
    }
}
