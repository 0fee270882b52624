namespace OnnxTransfer.Training.Optimizers;

/// <summary>When <see cref="LbfgsTraining"/> stops.</summary>
/// <param name="MaxIterations">The largest number of iterations.</param>
/// <param name="GradientTolerance">The training stops when no component of the gradient is larger.</param>
internal sealed record LbfgsOptimizer(int MaxIterations, double GradientTolerance) : Optimizer
{
    /// <summary>Rows that are evaluated at once where not all are in memory: enough that adding up their gradients costs little.</summary>
    private const int RowsOfAWindow = 4096;

    internal override string Description => FormattableString.Invariant($"Lbfgs; iterations {MaxIterations}; tolerance {GradientTolerance}");

    internal override void Check(TrainingOptions options)
    {
        if (options.L1 > 0) Throw.OptionsExclude(nameof(options.L1), "L-BFGS (it needs an objective without kinks)");
        if (options.Dropout > 0) Throw.OptionsExclude(nameof(options.Dropout), "L-BFGS (it needs the same objective every time)");
    }

    internal override int RowsPerStep(TrainingOptions options, TrainingRows rows) => (int)Math.Min(rows.Count, rows.Whole is null ? RowsOfAWindow : int.MaxValue);

    internal override TrainedHead Train(
        TrainingModel model, TrainingRows training, TrainingOptions options, TrainingRows? validation, IProgress<EpochMetrics>? progress,
        CancellationToken cancellationToken) => new LbfgsTraining(model, training, options, this, validation).Run(progress, cancellationToken);
}
