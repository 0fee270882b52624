using System.Collections;
using OnnxTransfer.Training.Kernels;
using OnnxTransfer.Training.Optimizers;

namespace OnnxTransfer.Training;

/// <summary>Trains heads on feature sets: in memory if the budget has room for all rows, else window by window.</summary>
internal static class StoredTraining
{
    /// <summary>The least budget: enough for windows of some thousand rows, a network and the process itself.</summary>
    internal const long LeastBudget = 256L << 20;

    /// <summary>The part of the budget that one of the two windows gets. The process itself, the network and the labels have the other half.</summary>
    private const int WindowShare = 4;

    /// <inheritdoc cref="ClassifierHead.Train(FeatureSet, TrainingOptions?, FeatureSet?, long, IProgress{EpochMetrics}?, CancellationToken)"/>
    internal static TrainedHead Train(
        FeatureSet training, TrainingOptions? options, FeatureSet? validation, long memoryBudget, IProgress<EpochMetrics>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(training);
        options ??= new TrainingOptions();
        options.Validate();
        if (validation is not null && options.ValidationFraction > 0) Throw.OptionsExclude(nameof(TrainingOptions.ValidationFraction), "explicit validation rows");
        var buffers = Buffers(training, memoryBudget, options);
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

        return HeadTrainer.Train(Rows(training, labels, isLearned, buffers), classes.Count, options, judges, progress, cancellationToken);
    }

    private static WindowBuffers Buffers(FeatureSet set, long memoryBudget, TrainingOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(memoryBudget, LeastBudget);
        var batch = options.Optimizer is StepOptimizer ? options.BatchSize : DenseKernels.Rows;
        var capacity = Math.Min(Array.MaxLength, memoryBudget / WindowShare / sizeof(float)) / set.Dim;
        if (capacity < batch) Throw.BatchLargerThanWindow(batch, capacity, memoryBudget);
        return new WindowBuffers((int)(capacity / batch * batch), set.Dim);
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
            labels[row] = set.LabelOf(row);
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
