using OnnxTransfer.Evaluation;
using OnnxTransfer.Training.Probes;
using OnnxTransfer.Training.Tuning;

namespace OnnxTransfer.Training;

/// <summary>Chooses the L2 of a linear head by k-fold cross-validation.</summary>
internal static class HeadTuner
{
    private const int ValueCount = 13;

    /// <summary>
    /// How far the values go up and down from that of a training without tuning. The experiment `draws` of the benchmarks chose the range:
    /// a head that makes no mistake on ten held-out rows seems the better the smaller its L2 is.
    /// </summary>
    private const double Decades = 1.5;

    /// <inheritdoc cref="ClassifierHead.Tune(LabeledFeatures, int, TuningOptions?, CancellationToken)"/>
    internal static TuningResult Tune(LabeledFeatures rows, int classCount, TuningOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return TuneOn(new MemoryRows(rows), rows.Labels.ToArray(), rows.Groups, rows, classCount, options ?? new TuningOptions(), cancellationToken);
    }

    /// <summary>Tunes on rows from anywhere.</summary>
    /// <param name="rows">All rows.</param>
    /// <param name="labels"><c>[N]</c>: their classes; nothing for rows with multiple labels.</param>
    /// <param name="groups"><c>[N]</c>, or null.</param>
    /// <param name="sample">The rows among which neighbors vote.</param>
    /// <param name="classCount">C.</param>
    /// <param name="options">The options.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal static TuningResult TuneOn(
        TrainingRows rows, IReadOnlyList<int> labels, IReadOnlyList<int>? groups, LabeledFeatures sample, int classCount, TuningOptions options, CancellationToken cancellationToken)
    {
        TrainingChecks.Rows(rows, classCount, validation: null);
        if (options.Values is { Count: 0 }) Throw.NoValuesToTry();
        if (rows.LabelCount > 0) Throw.TuningNeedsOneClass();
        if (rows.RowsPerClass(classCount).Min() is var fewest && options.FoldCount > fewest) Throw.TooFewRowsForFolds(options.FoldCount, (int)fewest);
        if (options.HiddenUnits.Count > 0 && rows.Whole is null) Throw.OptionNeedsMemory(nameof(TuningOptions.HiddenUnits));
        var folds = HoldOut.FoldOfRow(labels, groups, options.FoldCount, options.Seed);
        var points = new List<TuningPoint>();
        foreach (var standardize in options.Standardize is { } given ? (bool[])[given] : [false, true])
        {
            double[] values = [.. (options.Values ?? Values(UsualL2(rows, standardize))).Distinct().OrderDescending()];
            var path = PenaltyPath.Solve(rows, classCount, folds, values, standardize, options.Threads, cancellationToken);
            points.AddRange(values.Zip(path, (l2, heads) => Point(l2, standardize, [.. heads.Select(head => head.Score)])));
        }

        var best = Best(points);
        var chosen = options.OneStandardError ? Simplest(points, best) : best;
        HiddenLayerPoint[] layers = [.. options.HiddenUnits.Distinct().Order().Select(units => HiddenLayer(rows.Whole!.Value.Rows, classCount, units, options, cancellationToken))];
        var layer = Chosen(layers, best, options.OneStandardError);
        var training = layer is null
            ? new TrainingOptions { Optimizer = Optimizer.Lbfgs(), L2 = chosen.L2, Standardize = chosen.Standardize, Threads = options.Threads }
            : HiddenOptions(layer.Units, options);
        var trained = HeadTrainer.TrainOn(rows, classCount, training, validation: null, progress: null, cancellationToken);
        return new TuningResult(points, best, chosen, trained, Neighbors(sample, classCount, options, cancellationToken)) { HiddenLayers = layers, ChosenHiddenLayer = layer };
    }

    /// <summary>The largest L2 with the features of the best setting whose mean loss is at most one standard error above the lowest.</summary>
    internal static TuningPoint Simplest(IEnumerable<TuningPoint> points, TuningPoint best) =>
        points.First(point => point.Standardize == best.Standardize && point.Loss <= best.Loss + best.LossError);

    /// <summary>
    /// The lowest loss on plain features, unless standardized ones are better by more than one standard error. From few rows a deviation
    /// is a poor estimate, and few held-out rows do not show it: in the experiment `draws`, the lowest loss of both cost accuracy.
    /// </summary>
    private static TuningPoint Best(List<TuningPoint> points)
    {
        // Points go from the largest L2 down, and the first of equal losses stays.
        var lowest = points.MinBy(point => point.Loss)!;
        if (!lowest.Standardize || points.Where(point => !point.Standardize).MinBy(point => point.Loss) is not { } plain) return lowest;
        return plain.Loss - lowest.Loss > Math.Max(plain.LossError, lowest.LossError) ? lowest : plain;
    }

    /// <summary>The best hidden layer, if it is better than the best linear head by more than one standard error; with the rule, the smallest as good as it.</summary>
    private static HiddenLayerPoint? Chosen(HiddenLayerPoint[] layers, TuningPoint linear, bool oneStandardError)
    {
        if (layers.MinBy(layer => layer.Loss) is not { } best || linear.Loss - best.Loss <= Math.Max(linear.LossError, best.LossError)) return null;
        return oneStandardError ? layers.First(layer => layer.Loss <= best.Loss + best.LossError) : best;
    }

    /// <summary>A network with one hidden layer on each fold. It does not see the held-out rows in training, not even to stop.</summary>
    private static HiddenLayerPoint HiddenLayer(LabeledFeatures rows, int classCount, int units, TuningOptions options, CancellationToken cancellationToken)
    {
        var (losses, accuracies) = (new List<double>(), new List<double>());
        foreach (var (training, held) in HoldOut.Folds(rows, options.FoldCount, options.Seed))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var head = HeadTrainer.Train(training, classCount, HiddenOptions(units, options), cancellationToken: cancellationToken).Head;
            cancellationToken.ThrowIfCancellationRequested();
            var result = Evaluator.Evaluate(head.InBlocks(held.Features, classCount), held.Labels.ToArray(), [.. Enumerable.Range(0, classCount).Select(c => $"{c}")]);
            losses.Add(result.Loss);
            accuracies.Add(result.Accuracy);
        }

        var (loss, accuracy) = (FoldMean.Of(losses), FoldMean.Of(accuracies));
        return new HiddenLayerPoint(units, loss.Mean, loss.StandardError, accuracy.Mean, accuracy.StandardError);
    }

    private static TrainingOptions HiddenOptions(int units, TuningOptions options) => new() { HiddenUnits = [units], Seed = options.Seed, Threads = options.Threads };

    /// <summary>The L2 of a training without tuning. Rows that are all equal have no variance, and any value does for them.</summary>
    private static double UsualL2(TrainingRows rows, bool standardize)
    {
        var l2 = AutomaticL2.Of(new TrainingOptions { Standardize = standardize }, rows);
        return l2 > 0 ? l2 : AutomaticL2.Of(new TrainingOptions { Standardize = true }, rows);
    }

    /// <summary>Values in even steps of a logarithmic scale, descending; the usual one is in their middle, to the bit.</summary>
    private static IEnumerable<double> Values(double usual)
    {
        const int half = ValueCount / 2;
        return Enumerable.Range(-half, ValueCount).Select(i => usual * Math.Pow(10, -i * Decades / half));
    }

    private static TuningPoint Point(double l2, bool standardize, FoldScore[] folds)
    {
        var (loss, accuracy) = (FoldMean.Of([.. folds.Select(fold => fold.Loss)]), FoldMean.Of([.. folds.Select(fold => fold.Accuracy)]));
        return new TuningPoint(l2, standardize, loss.Mean, loss.StandardError, accuracy.Mean, accuracy.StandardError);
    }

    private static FoldMean Neighbors(LabeledFeatures rows, int classCount, TuningOptions options, CancellationToken cancellationToken) => FoldMean.Of(
    [
        .. HoldOut.Folds(rows, options.FoldCount, options.Seed)
            .Select(fold => fold.Validation.Accuracy(NeighborProbe.Classify(fold.Training, fold.Validation, classCount, options.Threads, cancellationToken))),
    ]);
}
