namespace OnnxTransfer.Training;

/// <summary>Checks before a training begins.</summary>
internal static class TrainingChecks
{
    internal static void Rows(TrainingRows training, int classCount, TrainingRows? validation)
    {
        if (training.LabelCount == 0 && classCount < 2) Throw.TooFewClasses(classCount);
        if (training.LabelCount == 0 && classCount > training.Count) Throw.MoreClassesThanRows(classCount, (int)training.Count);
        training.CheckLabels(training.LabelCount > 0, classCount, "training");
        if (training.LabelCount == 0)
        {
            var empty = Array.IndexOf(training.RowsPerClass(classCount), 0);
            if (empty >= 0) Throw.ClassWithoutRows(empty);
        }

        if (validation is null) return;
        if (validation.Dim != training.Dim) Throw.ValidationHasWrongDim(validation.Dim, training.Dim);
        validation.CheckLabels(training.LabelCount > 0, classCount, "validation");
    }

    /// <summary>Refuses options that do not fit the classes.</summary>
    /// <param name="options">The options, which do not contradict each other.</param>
    /// <param name="labelCount">The columns of multiple labels; 0 where each row has one class.</param>
    /// <param name="classCount">C.</param>
    /// <param name="hasValidation">Whether there will be rows to validate on.</param>
    internal static void Fit(TrainingOptions options, int labelCount, int classCount, bool hasValidation)
    {
        if (labelCount > 0 && !options.Sigmoid) Throw.MultiLabelNeedsSigmoid();
        if (labelCount == 0 && options.Sigmoid && classCount != 2) Throw.SigmoidNeedsTwoClasses(classCount);
        if (options.BalanceClasses && labelCount > 0) Throw.OptionsExclude(nameof(options.BalanceClasses), "rows with multiple labels");
        if (options.ClassWeights is not null && options.ClassWeights.Count != classCount) Throw.ClassWeightsDoNotMatch(options.ClassWeights.Count, classCount);
        if (options.Patience is not null && !hasValidation) Throw.OptionNeedsValidation(nameof(options.Patience));
    }

    /// <summary>Refuses options of a head beside the choice of one.</summary>
    internal static void LeavesHeadOpen(TrainingOptions options, string choice)
    {
        var plain = new TrainingOptions();
        foreach (var property in (string[])
                 [
                     Set(nameof(options.Epochs), options.Epochs, plain.Epochs), Set(nameof(options.BatchSize), options.BatchSize, plain.BatchSize),
                     Set(nameof(options.RandomBatchesPerEpoch), options.RandomBatchesPerEpoch, plain.RandomBatchesPerEpoch),
                     Set(nameof(options.LearningRate), options.LearningRate, plain.LearningRate), Set(nameof(options.Schedule), options.Schedule, plain.Schedule),
                     Set(nameof(options.GlorotStart), options.GlorotStart, plain.GlorotStart), Set(nameof(options.Sigmoid), options.Sigmoid, plain.Sigmoid),
                     Set(nameof(options.HiddenUnits), options.HiddenUnits, plain.HiddenUnits), Set(nameof(options.Dropout), options.Dropout, plain.Dropout),
                     Set(nameof(options.Standardize), options.Standardize, plain.Standardize), Set(nameof(options.Center), options.Center, plain.Center),
                     Set(nameof(options.L2), options.L2, plain.L2), Set(nameof(options.L1), options.L1, plain.L1),
                     Set(nameof(options.LabelSmoothing), options.LabelSmoothing, plain.LabelSmoothing), Set(nameof(options.ClassWeights), options.ClassWeights, plain.ClassWeights),
                     Set(nameof(options.BalanceClasses), options.BalanceClasses, plain.BalanceClasses),
                     Set(nameof(options.ValidationFraction), options.ValidationFraction, plain.ValidationFraction), Set(nameof(options.Patience), options.Patience, plain.Patience),
                     options.Optimizer == plain.Optimizer || options.Optimizer == Optimizer.Lbfgs() ? "" : nameof(options.Optimizer),
                 ])
        {
            if (property.Length > 0) Throw.OptionsExclude(property, choice);
        }

        static string Set(string name, object? value, object? plain) => Equals(value, plain) ? "" : name;
    }

    /// <summary>Whether anything but the number of steps keeps the weights from growing.</summary>
    internal static bool LimitsWeights(TrainingOptions options) =>
        options.L2 > 0 || options.L1 > 0 || options.LabelSmoothing > 0 || options.Dropout > 0 || options.Optimizer.DecaysWeights;

    internal static int[] RowsPerClass(LabeledFeatures rows, int classCount)
    {
        var counts = new int[classCount];
        foreach (var label in rows.Labels) counts[label]++;
        return counts;
    }

    internal static void Labels(LabeledFeatures rows, bool multiLabel, int classCount, string set)
    {
        if (multiLabel ? rows.LabelCount != classCount : rows.LabelCount != 0) Throw.LabelKindDiffers(set, rows.LabelCount, classCount);
        for (var i = 0; i < rows.Labels.Length; i++)
        {
            if ((uint)rows.Labels[i] >= (uint)classCount) Throw.LabelOutOfRange(set, i, rows.Labels[i], classCount);
        }
    }
}
