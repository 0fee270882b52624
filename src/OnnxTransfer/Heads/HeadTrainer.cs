using OnnxTransfer.Heads.Optimizers;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Heads;

/// <summary>
/// Trains a head on feature vectors by gradient descent. The same data, options and seed give the same bits on every run,
/// whatever the number of threads. Nothing is written to the console.
/// </summary>
public static class HeadTrainer
{
    /// <summary>Trains a head.</summary>
    /// <param name="training">Rows to learn from; every class needs at least one.</param>
    /// <param name="classCount">C, at least 2.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="validation">Rows to judge by after every epoch: the weights with the lowest loss on them are kept. Null keeps the last.</param>
    /// <param name="progress">Told after every epoch.</param>
    /// <param name="cancellationToken">Ends the training after the current step; what was learnt by then is returned.</param>
    /// <returns>The head with the best weights seen, and the history.</returns>
    /// <exception cref="ArgumentException">
    /// A label is out of range, a class has no row, the validation features have another D, or options contradict the rows or each other.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled before the first step: there is nothing to return.</exception>
    /// <exception cref="TrainingDivergedException">The loss is no longer a sensible number; carries the last good weights.</exception>
    public static TrainedHead Train(
        LabelledFeatures training,
        int classCount,
        TrainingOptions? options = null,
        LabelledFeatures? validation = null,
        IProgress<EpochMetrics>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(training);
        options ??= new TrainingOptions();
        TrainingChecks.Rows(training, classCount, validation);
        if (options.ValidationFraction > 0)
        {
            if (validation is not null) Throw.OptionsExclude(nameof(TrainingOptions.ValidationFraction), "explicit validation rows");
            (training, validation) = HoldOut.Split(training, options.ValidationFraction, options.Seed);
        }

        TrainingChecks.Options(options, training, classCount, validation);
        cancellationToken.ThrowIfCancellationRequested();
        using var team = new WorkerTeam(options.Threads ?? Environment.ProcessorCount);
        var model = TrainingModel.Create(training, classCount, options, team);
        if (options.Optimizer.Kind == OptimizerKind.Lbfgs) return new LbfgsTraining(model, training, options, validation).Run(progress, cancellationToken);
        return new TrainingLoop(model, training, options, validation).Run(progress, cancellationToken);
    }

    /// <summary>
    /// k-fold cross-validation: the rows are dealt out, class by class, to k folds, and a head is trained for each fold on
    /// the other k-1 and validated on it.
    /// </summary>
    /// <param name="rows">All rows; every class needs at least two.</param>
    /// <param name="classCount">C, at least 2.</param>
    /// <param name="foldCount">k, from 2 to the number of rows.</param>
    /// <param name="options">How each head is trained; null for the defaults.</param>
    /// <param name="progress">Told after every epoch of every fold.</param>
    /// <param name="cancellationToken">Ends the work: the folds trained by then, the last cut short, are returned.</param>
    /// <returns>One head a fold, in order; the validation loss and accuracy of its best epoch are what it is worth.</returns>
    /// <exception cref="ArgumentException">As <see cref="Train"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before the first step.</exception>
    public static IReadOnlyList<TrainedHead> CrossValidate(
        LabelledFeatures rows,
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
        if (options.ValidationFraction > 0) Throw.OptionsExclude(nameof(TrainingOptions.ValidationFraction), "folds");
        TrainingChecks.Rows(rows, classCount, null);
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
