namespace OnnxTransfer.Training;

/// <summary>Checks before a training begins.</summary>
internal static class TrainingChecks
{
    internal static void Rows(LabeledFeatures training, int classCount, LabeledFeatures? validation)
    {
        if (training.LabelCount == 0 && classCount < 2) Throw.TooFewClasses(classCount);
        if (training.LabelCount == 0 && classCount > training.Count) Throw.MoreClassesThanRows(classCount, training.Count);
        Labels(training, training.LabelCount > 0, classCount, "training");
        if (training.LabelCount == 0)
        {
            var empty = Array.IndexOf(RowsPerClass(training, classCount), 0);
            if (empty >= 0) Throw.ClassWithoutRows(empty);
        }

        if (validation is null) return;
        if (validation.Features.Dim != training.Features.Dim) Throw.ValidationHasWrongDim(validation.Features.Dim, training.Features.Dim);
        Labels(validation, training.LabelCount > 0, classCount, "validation");
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

    /// <summary>Whether anything but the number of steps keeps the weights from growing.</summary>
    internal static bool LimitsWeights(TrainingOptions options) =>
        options.L2 > 0 || options.L1 > 0 || options.LabelSmoothing > 0 || options.Dropout > 0 || options.Optimizer.DecaysWeights;

    internal static int[] RowsPerClass(LabeledFeatures rows, int classCount)
    {
        var counts = new int[classCount];
        foreach (var label in rows.Labels) counts[label]++;
        return counts;
    }

    private static void Labels(LabeledFeatures rows, bool multiLabel, int classCount, string set)
    {
        if (multiLabel ? rows.LabelCount != classCount : rows.LabelCount != 0) Throw.LabelKindDiffers(set, rows.LabelCount, classCount);
        for (var i = 0; i < rows.Labels.Length; i++)
        {
            if ((uint)rows.Labels[i] >= (uint)classCount) Throw.LabelOutOfRange(set, i, rows.Labels[i], classCount);
        }
    }
}
