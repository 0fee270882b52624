using System.Collections;
using OnnxTransfer.Training.Kernels;
using OnnxTransfer.Training.Optimizers;

namespace OnnxTransfer.Training;

/// <summary>Trains heads on feature sets: in memory if the budget has room for all rows, else window by window.</summary>
internal static class StoredTraining
{
    /// <summary>The least budget: enough for windows of some thousand rows, a network and the process itself.</summary>
    internal const long LeastBudget = 256L << 20;

    /// <summary>Rows that the vote of neighbors is measured on at most.</summary>
    internal const int MostNeighborRows = 20_000;

    /// <summary>The part of the budget that one of the two windows gets. The process itself, the network and the labels have the other half.</summary>
    private const int WindowShare = 4;

    /// <inheritdoc cref="ClassifierHead.Train(FeatureSet, TrainingOptions?, FeatureSet?, long, IProgress{EpochMetrics}?, CancellationToken)"/>
    internal static TrainedHead Train(
        FeatureSet training, TrainingOptions? options, FeatureSet? validation, long memoryBudget, IProgress<EpochMetrics>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(training);
        options ??= new TrainingOptions();
        options.Validate();
        return Train(training, options, validation, Buffers(training.RowCount, training.Dim, memoryBudget, options), progress, cancellationToken);
    }

    /// <summary>Trains with given windows.</summary>
    internal static TrainedHead Train(
        FeatureSet training, TrainingOptions options, FeatureSet? validation, WindowBuffers buffers, IProgress<EpochMetrics>? progress, CancellationToken cancellationToken)
    {
        if (validation is not null && options.ValidationFraction > 0) Throw.OptionsExclude(nameof(TrainingOptions.ValidationFraction), "explicit validation rows");
        if (validation is not null && validation.Dim != training.Dim) Throw.ValidationHasWrongDim(validation.Dim, training.Dim);
        if (validation is not null && validation.NetworkSha256 != training.NetworkSha256) Throw.ValidationOfAnotherNetwork(validation.Folder, training.Network.DifferenceFrom(validation.Network));
        var (classes, labels) = (training.Classes, LabelsOf(training));
        Func<long, bool>? isLearned = null;
        TrainingRows? judges = null;
        if (validation is not null) judges = Rows(validation, LabelsOf(validation, classes), null, buffers);
        else if (options.ValidationFraction > 0)
        {
            var held = new BitArray(labels.Length);
            foreach (var row in HoldOut.Held(labels, groups: null, options.ValidationFraction, options.Seed)) held[row] = true;
            isLearned = row => !held[(int)row];
            judges = Rows(training, labels, row => held[(int)row], buffers);
        }

        return HeadTrainer.TrainOn(Rows(training, labels, isLearned, buffers), classes.Count, options, judges, progress, cancellationToken);
    }

    /// <inheritdoc cref="ClassifierHead.Tune(FeatureSet, TuningOptions?, long, CancellationToken)"/>
    internal static TuningResult Tune(FeatureSet set, TuningOptions? options, long memoryBudget, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(set);
        return Tune(set, options, Buffers(set.RowCount, set.Dim, memoryBudget, new TrainingOptions { Optimizer = Optimizer.Lbfgs() }), cancellationToken);
    }

    /// <summary>Tunes with given windows.</summary>
    internal static TuningResult Tune(FeatureSet set, TuningOptions? options, WindowBuffers buffers, CancellationToken cancellationToken)
    {
        var labels = LabelsOf(set);
        // Every row has its votes among all others: the work grows with the square of their number.
        var step = (set.RowCount + MostNeighborRows - 1) / MostNeighborRows;
        var sample = new StoredRows(set, labels, step > 1 ? row => row % step == 0 : null, buffers).ReadAll();
        return HeadTuner.TuneOn(Rows(set, labels, null, buffers), labels, groups: null, sample, set.Classes.Count, options ?? new TuningOptions(), cancellationToken);
    }

    /// <summary>The windows of a training.</summary>
    /// <param name="rowCount">The rows of the set.</param>
    /// <param name="dim">D.</param>
    /// <param name="memoryBudget">The memory of the process, in bytes.</param>
    /// <param name="options">The options.</param>
    internal static WindowBuffers Buffers(long rowCount, int dim, long memoryBudget, TrainingOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(memoryBudget, LeastBudget);
        var batch = Math.Min(rowCount, options.Optimizer is StepOptimizer ? options.BatchSize : DenseKernels.Rows);
        var capacity = Math.Min(Array.MaxLength, memoryBudget / WindowShare / sizeof(float)) / dim;
        if (capacity < batch) Throw.BatchLargerThanWindow(batch, capacity, memoryBudget);
        return new WindowBuffers((int)(capacity / batch * batch), dim);
    }

    /// <summary>Rows of a set: in memory if one window has room for them all.</summary>
    private static TrainingRows Rows(FeatureSet set, int[] labels, Func<long, bool>? has, WindowBuffers buffers)
    {
        var stored = new StoredRows(set, labels, has, buffers);
        return stored.Count <= buffers.Rows ? new MemoryRows(stored.ReadAll()) : stored;
    }

    /// <summary><c>[N]</c>: the classes of a training set's rows.</summary>
    private static int[] LabelsOf(FeatureSet set)
    {
        var labels = new int[set.RowCount];
        for (var row = 0; row < labels.Length; row++)
        {
            labels[row] = set.ClassOf(row);
            if (labels[row] < 0) Throw.StoredRowWithoutLabel(set.Folder, row);
        }

        return labels;
    }

    /// <summary><c>[N]</c>: the classes of a validation set's rows, by the numbers that the training set gives them.</summary>
    private static int[] LabelsOf(FeatureSet validation, IReadOnlyList<string> classes)
    {
        var known = classes.Index().ToDictionary(one => one.Item, one => one.Index);
        int[] numbers = [.. validation.Classes.Select(name => known.TryGetValue(name, out var number) ? number : throw Throw.StoredClassNotInTraining(validation.Folder, name))];
        var labels = LabelsOf(validation);
        for (var row = 0; row < labels.Length; row++) labels[row] = numbers[labels[row]];
        return labels;
    }
}
