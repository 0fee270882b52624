namespace OnnxTransfer;

/// <summary>Why a training ended.</summary>
public enum StopReason
{
    /// <summary>Every epoch, or iteration, was run.</summary>
    Completed,

    /// <summary>L-BFGS found the optimum, as far as float32 tells.</summary>
    Converged,

    /// <summary>The validation loss had not fallen for as many epochs as the options' patience.</summary>
    EarlyStopped,

    /// <summary>The caller canceled; the head is the best there was by then.</summary>
    Canceled,

    /// <summary>The loss left the finite numbers; see <see cref="TrainingDivergedException"/>.</summary>
    Diverged,
}

/// <summary>One pass over the training rows.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="TrainLoss">Mean cross-entropy (natural logarithm) over the epoch's rows, each taken just before the step it was part of.</param>
/// <param name="TrainAccuracy">Fraction of those rows whose most probable class was the right one, in [0, 1].</param>
/// <param name="ValidationLoss">Mean cross-entropy of the validation rows after the epoch; null without a validation set.</param>
/// <param name="ValidationAccuracy">Accuracy on the validation rows after the epoch, in [0, 1]; null without a validation set.</param>
/// <param name="Seconds">Time the epoch took, validation included.</param>
public sealed record EpochMetrics(
    int Epoch,
    double TrainLoss,
    double TrainAccuracy,
    double? ValidationLoss,
    double? ValidationAccuracy,
    double Seconds);

/// <summary>What happened, step by step and epoch by epoch.</summary>
public sealed class TrainingHistory
{
    internal TrainingHistory(
        IReadOnlyList<float> stepLosses, IReadOnlyList<float> stepAccuracies, IReadOnlyList<EpochMetrics> epochs, int? bestEpoch, StopReason stopReason)
    {
        StepLosses = stepLosses;
        StepAccuracies = stepAccuracies;
        Epochs = epochs;
        BestEpoch = bestEpoch;
        StopReason = stopReason;
    }

    /// <summary>The loss of each step's batch, before the step changed the weights.</summary>
    public IReadOnlyList<float> StepLosses { get; }

    /// <summary>The share of each step's batch that was predicted rightly, in [0, 1], before the step; empty for L-BFGS, which knows only epochs.</summary>
    public IReadOnlyList<float> StepAccuracies { get; }

    /// <summary>The completed epochs in order.</summary>
    public IReadOnlyList<EpochMetrics> Epochs { get; }

    /// <summary>
    /// The epoch, from 1, after which the head's weights were taken: the one with the lowest validation loss, or the last
    /// without a validation set. Null when the weights were taken before the first epoch was complete.
    /// </summary>
    public int? BestEpoch { get; }

    /// <summary>Why it ended.</summary>
    public StopReason StopReason { get; }
}

/// <summary>A trained head and how it came about.</summary>
/// <param name="Head">The head with the best weights seen.</param>
/// <param name="History">Losses and accuracies on the way.</param>
public sealed record TrainedHead(ClassifierHead Head, TrainingHistory History);

/// <summary>Training ran away: the loss was NaN, infinite or beyond all sense. The last good weights are kept.</summary>
public sealed class TrainingDivergedException : OnnxTransferException
{
    internal TrainingDivergedException(string message, TrainedHead lastGood)
        : base(message) => LastGood = lastGood;

    /// <summary>The best weights seen before, or the first weights when it happened in the first epoch; and the way there.</summary>
    public TrainedHead LastGood { get; }
}
