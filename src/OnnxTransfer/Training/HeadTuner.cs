using OnnxTransfer.Training.Tuning;

namespace OnnxTransfer.Training;

/// <summary>Chooses the L2 of a linear head by k-fold cross-validation.</summary>
internal static class HeadTuner
{
    private const int ValueCount = 20;
    private const double LargestShare = 10;
    private const double SmallestShare = 1e-5;

    /// <inheritdoc cref="ClassifierHead.Tune"/>
    internal static TuningResult Tune(LabeledFeatures rows, int classCount, TuningOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        options ??= new TuningOptions();
        TrainingChecks.Rows(rows, classCount, null);
        if (options.Values is { Count: 0 }) Throw.NoValuesToTry();
        if (rows.LabelCount > 0) Throw.TuningNeedsOneClass();
        if (options.FoldCount > TrainingChecks.RowsPerClass(rows, classCount).Min()) Throw.TooFewRowsForFolds(options.FoldCount, TrainingChecks.RowsPerClass(rows, classCount).Min());
        var folds = HoldOut.FoldOfRow(rows, options.FoldCount, options.Seed);
        var points = new List<TuningPoint>();
        foreach (var standardize in options.Standardize is { } given ? (bool[])[given] : [false, true])
        {
            var values = (options.Values ?? Values(rows.Features, standardize)).Distinct().OrderDescending().ToArray();
            var path = PenaltyPath.Solve(rows, classCount, folds, values, standardize, options.Threads, cancellationToken);
            points.AddRange(values.Zip(path, (l2, heads) => Point(l2, standardize, [.. heads.Select(head => head.Score)])));
        }

        // Points go from the largest L2 down, and the first of equal losses stays.
        var best = points.MinBy(point => point.Loss)!;
        var chosen = options.OneStandardError ? points.First(point => point.Standardize == best.Standardize && point.Loss <= best.Loss + best.LossError) : best;
        var training = new TrainingOptions { Optimizer = Optimizer.Lbfgs(), L2 = chosen.L2, Standardize = chosen.Standardize, Threads = options.Threads };
        return new TuningResult(points, best, chosen, HeadTrainer.Train(rows, classCount, training, cancellationToken: cancellationToken));
    }

    private static IEnumerable<double> Values(FeatureMatrix features, bool standardize)
    {
        var variance = standardize ? 1 : Standardization.MeanVariance(features);
        // Rows that are all equal have no variance; any value does for them.
        if (variance == 0) variance = 1;
        var ratio = Math.Log(SmallestShare / LargestShare) / (ValueCount - 1);
        return Enumerable.Range(0, ValueCount).Select(i => variance * LargestShare * Math.Exp(ratio * i));
    }

    private static TuningPoint Point(double l2, bool standardize, FoldScore[] folds)
    {
        var (loss, lossError) = MeanAndError([.. folds.Select(fold => fold.Loss)]);
        var (accuracy, accuracyError) = MeanAndError([.. folds.Select(fold => fold.Accuracy)]);
        return new TuningPoint(l2, standardize, loss, lossError, accuracy, accuracyError);
    }

    private static (double Mean, double Error) MeanAndError(double[] values)
    {
        var mean = values.Average();
        return (mean, Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1) / values.Length));
    }
}
