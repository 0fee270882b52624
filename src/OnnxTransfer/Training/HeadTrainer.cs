using OnnxTransfer.Internals;
using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Training;

/// <summary>
/// Trains a head on feature vectors by gradient descent. The same data, options and seed give the same bits on every run and for any
/// number of threads. Nothing is written to the console.
/// </summary>
internal static class HeadTrainer
{
    /// <inheritdoc cref="ClassifierHead.Train(LabeledFeatures, int, TrainingOptions?, LabeledFeatures?, IProgress{EpochMetrics}?, CancellationToken)"/>
    internal static TrainedHead Train(
        LabeledFeatures training,
        int classCount,
        TrainingOptions? options = null,
        LabeledFeatures? validation = null,
        IProgress<EpochMetrics>? progress = null,
        CancellationToken cancellationToken = default) => TrainFrom(start: null, training, classCount, options, validation, progress, cancellationToken);

    /// <summary>
    /// Trains a head as <c>Train</c> does, from the weights of a linear head if one is given; the options then have no hidden layers.
    /// </summary>
    internal static TrainedHead TrainFrom(
        ClassifierHead? start,
        LabeledFeatures training,
        int classCount,
        TrainingOptions? options,
        LabeledFeatures? validation,
        IProgress<EpochMetrics>? progress,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(training);
        options ??= new TrainingOptions();
        options.Validate();
        if (options.ValidationFraction > 0)
        {
            if (validation is not null) Throw.OptionsExclude(nameof(TrainingOptions.ValidationFraction), "explicit validation rows");
            TrainingChecks.Rows(new MemoryRows(training), classCount, validation: null);
            (training, validation) = HoldOut.Split(training, options.ValidationFraction, options.Seed);
        }

        return TrainOn(new MemoryRows(training), classCount, options, validation is null ? null : new MemoryRows(validation), progress, cancellationToken, start);
    }

    /// <summary>Trains a head on rows from anywhere, with options that do not contradict each other; the validation rows are set apart by then.</summary>
    internal static TrainedHead TrainOn(
        TrainingRows training, int classCount, TrainingOptions options, TrainingRows? validation, IProgress<EpochMetrics>? progress,
        CancellationToken cancellationToken, ClassifierHead? start = null)
    {
        TrainingChecks.Rows(training, classCount, validation);
        TrainingChecks.Fit(options, training.LabelCount, classCount, validation is not null);
        if (options.RandomBatchesPerEpoch is not null && training.Whole is null) Throw.OptionNeedsMemory(nameof(TrainingOptions.RandomBatchesPerEpoch));
        cancellationToken.ThrowIfCancellationRequested();
        options = options with { L2 = AutomaticL2.Of(options, training) };
        using var team = new WorkerTeam(Cores.Count(options.Threads));
        return options.Optimizer.Train(TrainingModel.Create(training, classCount, options, team, start), training, options, validation, progress, cancellationToken);
    }

    /// <inheritdoc cref="ClassifierHead.CrossValidate"/>
    internal static IReadOnlyList<TrainedHead> CrossValidate(
        LabeledFeatures rows,
        int classCount,
        int foldCount,
        TrainingOptions? options = null,
        IProgress<EpochMetrics>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        options ??= new TrainingOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(foldCount, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(foldCount, rows.Count);
        options.Validate();
        if (options.ValidationFraction > 0) Throw.OptionsExclude(nameof(TrainingOptions.ValidationFraction), "folds");
        TrainingChecks.Rows(new MemoryRows(rows), classCount, validation: null);
        cancellationToken.ThrowIfCancellationRequested();
        var heads = new List<TrainedHead>();
        foreach (var (training, validation) in HoldOut.Folds(rows, foldCount, options.Seed))
        {
            if (cancellationToken.IsCancellationRequested) break;
            heads.Add(Train(training, classCount, options, validation, progress, cancellationToken));
        }

        return heads;
    }
}
