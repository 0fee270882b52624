using OnnxTransfer.Internals;

namespace OnnxTransfer.Heads;

/// <summary>
/// Trains a head on feature vectors by mini-batch gradient descent. The same data, options and seed give the same bits
/// on every run, whatever the number of threads. Nothing is written to the console.
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
    /// <exception cref="ArgumentException">A label is out of range, a class has no row, or the validation features have another D.</exception>
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
        if (classCount < 2) Throw.TooFewClasses(classCount);
        if (classCount > training.Count) Throw.MoreClassesThanRows(classCount, training.Count);
        CheckLabels(training, classCount, "training");
        var counts = new int[classCount];
        foreach (var label in training.Labels) counts[label]++;
        var empty = Array.IndexOf(counts, 0);
        if (empty >= 0) Throw.ClassWithoutRows(empty);
        if (validation is not null)
        {
            if (validation.Features.Dim != training.Features.Dim) Throw.ValidationHasWrongDim(validation.Features.Dim, training.Features.Dim);
            CheckLabels(validation, classCount, "validation");
        }

        cancellationToken.ThrowIfCancellationRequested();
        return new TrainingLoop(training, classCount, options ?? new TrainingOptions(), validation).Run(progress, cancellationToken);
    }

    private static void CheckLabels(LabelledFeatures rows, int classCount, string set)
    {
        for (var i = 0; i < rows.Count; i++)
        {
            if ((uint)rows.Labels[i] >= (uint)classCount) Throw.LabelOutOfRange(set, i, rows.Labels[i], classCount);
        }
    }
}
