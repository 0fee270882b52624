using System.Numerics;

namespace OnnxTransfer.Training.Optimizers;

/// <summary>An optimizer that moves the weights a little after every batch.</summary>
/// <param name="PyTorchFormula">Whether PyTorch's formula is meant, and not that of Keras.</param>
internal abstract record StepOptimizer(bool PyTorchFormula) : Optimizer
{
    /// <summary>The rule at work on one array of parameters.</summary>
    internal abstract UpdateRule<T> Rule<T>(int parameterCount)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>The framework of the formula, for the record of a run.</summary>
    protected string Framework => PyTorchFormula ? "PyTorch" : "Keras";

    internal override void Check(TrainingOptions options)
    {
    }

    internal override int RowsPerStep(TrainingOptions options, TrainingRows rows) =>
        options.RandomBatchesPerEpoch is null ? (int)Math.Min(options.BatchSize, rows.Count) : options.BatchSize;

    internal override TrainedHead Train(
        TrainingModel model, TrainingRows training, TrainingOptions options, TrainingRows? validation, IProgress<EpochMetrics>? progress,
        CancellationToken cancellationToken) => new TrainingLoop(model, training, options, this, validation).Run(progress, cancellationToken);
}
