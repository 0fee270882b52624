namespace OnnxTransfer;

/// <summary>Why a training ended.</summary>
public enum StopReason
{
    /// <summary>Every epoch, or iteration, was run.</summary>
    Completed,

    /// <summary>
    /// The objective has settled: more steps would change little. L-BFGS found the optimum, within the precision of float32; of other
    /// optimizers, see <see cref="TrainingOptions.Epochs"/>.
    /// </summary>
    Converged,

    /// <summary>The validation loss did not fall for the number of epochs that the options' patience gives.</summary>
    EarlyStopped,

    /// <summary>The caller canceled; the head is the best one by then.</summary>
    Canceled,

    /// <summary>The loss was not finite; see <see cref="TrainingDivergedException"/>.</summary>
    Diverged,
}

/// <summary>One pass over the training rows.</summary>
/// <param name="Epoch">From 1; 0 for the head before its training, <see cref="TrainingHistory.Start"/>.</param>
/// <param name="TrainLoss">
/// Mean cross-entropy (natural logarithm) over the epoch's rows. The loss of each row is measured just before its step.
/// </param>
/// <param name="TrainAccuracy">Fraction of the epoch's rows whose most probable class is the right one, in [0, 1].</param>
/// <param name="ValidationLoss">Mean cross-entropy of the validation rows after the epoch, without class weights, as in Keras; null without a validation set.</param>
/// <param name="ValidationAccuracy">Accuracy on the validation rows after the epoch, in [0, 1]; null without a validation set.</param>
/// <param name="Seconds">Time the epoch took, validation included.</param>
public sealed record EpochMetrics(
    int Epoch,
    double TrainLoss,
    double TrainAccuracy,
    double? ValidationLoss,
    double? ValidationAccuracy,
    double Seconds);

/// <summary>The record of a training, step by step and epoch by epoch.</summary>
public sealed class TrainingHistory
{
    internal TrainingHistory(
        EpochMetrics start, IReadOnlyList<float> stepLosses, IReadOnlyList<float> stepAccuracies, IReadOnlyList<EpochMetrics> epochs, int? bestEpoch, StopReason stopReason)
    {
        Start = start;
        StepLosses = stepLosses;
        StepAccuracies = stepAccuracies;
        Epochs = epochs;
        BestEpoch = bestEpoch;
        StopReason = stopReason;
    }

    /// <summary>The loss of each step's batch, before the step changed the weights.</summary>
    public IReadOnlyList<float> StepLosses { get; }

    /// <summary>
    /// The fraction of correct predictions in each step's batch, in [0, 1], before the step; empty for L-BFGS, which has only epochs.
    /// </summary>
    public IReadOnlyList<float> StepAccuracies { get; }

    /// <summary>
    /// The head before its training, as epoch 0: a linear head starts with zero weights, so its loss is ln C and its accuracy the share of the
    /// first class. Here the weights stay the same for all rows, whereas an epoch's rows are measured between its steps.
    /// </summary>
    public EpochMetrics Start { get; }

    /// <summary>The completed epochs in order.</summary>
    public IReadOnlyList<EpochMetrics> Epochs { get; }

    /// <summary>
    /// The epoch, from 1, after which the head's weights were taken: the one with the lowest validation loss, or the last
    /// without a validation set. Null when the weights were taken before the first epoch was complete.
    /// </summary>
    public int? BestEpoch { get; }

    /// <summary>Why the training ended.</summary>
    public StopReason StopReason { get; }

    /// <summary>The L2 of the training: the one of <see cref="TrainingOptions.L2"/>, or the one that was chosen if that is null.</summary>
    public double L2 { get; internal init; }

    /// <summary>
    /// Whether the head separates all training rows and nothing limits its weights: no penalty, smoothing, dropout, weight decay or
    /// validation set. Further training only makes such a head surer of every answer, the wrong ones included.
    /// </summary>
    public bool IsUnbounded { get; internal init; }
}

/// <summary>A trained head, and the record of its training.</summary>
/// <param name="Head">The head with the best weights seen.</param>
/// <param name="History">The losses and accuracies during training.</param>
public sealed record TrainedHead(ClassifierHead Head, TrainingHistory History);

/// <summary>Training diverged: the loss was NaN, infinite or far too large. The last good weights are kept.</summary>
public sealed class TrainingDivergedException : OnnxTransferException
{
    internal TrainingDivergedException(string message, TrainedHead lastGood)
        : base(message) => LastGood = lastGood;

    /// <summary>
    /// The best weights seen before, or the first weights if training diverged in the first epoch; and the history until then.
    /// </summary>
    public TrainedHead LastGood { get; }
}
