using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>
/// How a head is trained. The defaults need no knowledge: as many steps as the rows need (<see cref="Epochs"/>) and a small penalty
/// (<see cref="L2"/>); the step itself is Keras' for <c>Dense(C, softmax)</c> with Adam. Every value is checked where it is set;
/// <see cref="Validate"/> refuses values that exclude each other. <see cref="TrainingPlan"/> adds the options for images.
/// </summary>
public record TrainingOptions
{
    /// <summary>
    /// Passes over the training rows, at least 1. Null, the default, for as many as the rows need: the objective is averaged over
    /// windows of 100 steps (or one epoch, if that is longer), and the training ends after the first window that lowers it by less
    /// than 1 % plus 0.001. That is 200 steps at least and 10,000, or 100 epochs if these are more, at most.
    /// </summary>
    public int? Epochs { get; init => field = value is null ? null : Require.Positive(value.Value, nameof(Epochs)); }

    /// <summary>Rows in each step, at least 1; the last step of an epoch takes the remaining rows.</summary>
    public int BatchSize { get; init => field = Require.Positive(value, nameof(BatchSize)); } = 32;

    /// <summary>
    /// Null: an epoch is one pass over all rows, newly shuffled. A number: an epoch has this number of batches, each drawn with
    /// replacement.
    /// </summary>
    public int? RandomBatchesPerEpoch { get; init => field = value is null ? null : Require.Positive(value.Value, nameof(RandomBatchesPerEpoch)); }

    /// <summary>The step size, greater than 0, before the schedule.</summary>
    public double LearningRate { get; init => field = Require.Positive(value, nameof(LearningRate)); } = 0.001;

    /// <summary>How the step size changes during training.</summary>
    public LearningRateSchedule Schedule { get; init => field = Require.NotNull(value, nameof(Schedule)); } = LearningRateSchedule.Constant;

    /// <summary>The seed of the first weights, the order of the rows and dropout. The same seed gives the same bits.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>
    /// Whether the output layer starts uniform in ±sqrt(6 / (D + C)), Keras' default for <c>Dense</c> (Glorot and Bengio, 2010,
    /// equation 16), instead of at zero. The loss of a linear head is convex, so a start at zero is enough. Random first weights cost
    /// accuracy, because the few steps of a short training do not correct them in every direction: three points on 480 flowers and six
    /// epochs (0.87 against 0.84, means of twelve splits). Hidden layers always start with random weights, because their units must
    /// differ.
    /// </summary>
    public bool GlorotStart { get; init; }

    /// <summary>The update rule.</summary>
    public Optimizer Optimizer { get; init => field = Require.NotNull(value, nameof(Optimizer)); } = Optimizer.Adam();

    /// <summary>
    /// Whether the outputs are logistic, instead of a softmax, which allows exactly one class. Two classes have a single output, as
    /// Keras' <c>Dense(1, sigmoid)</c>; multiple labels have one output each.
    /// </summary>
    public bool Sigmoid { get; init; }

    /// <summary>Sizes of the hidden layers (ReLU), each at least 1; none for a linear head.</summary>
    public IReadOnlyList<int> HiddenUnits { get; init => field = Require.All(value, nameof(HiddenUnits), Require.Positive); } = EquatableList.Of<int>([]);

    /// <summary>The probability that a hidden unit is left out of a step, in [0, 1).</summary>
    public double Dropout { get; init => field = Require.Fraction(value, nameof(Dropout)); }

    /// <summary>
    /// Brings every feature to mean 0 and standard deviation 1 over the training rows before training. The weights of the trained head
    /// include this change, so the head takes plain features.
    /// </summary>
    public bool Standardize { get; init; }

    /// <summary>
    /// Subtracts the mean over the training rows from every feature during training. The bias of the trained head includes this
    /// change, so the head takes plain features, and the objective is the same one. Features of most backbones are never negative;
    /// without their mean, Adam finds in 200 steps what it does not find in 2000 with it (cats and dogs, 20 images of each: 0.978
    /// against 0.962 test accuracy). L-BFGS always does this. False gives the plain steps of Keras and PyTorch.
    /// </summary>
    public bool Center { get; init; } = true;

    /// <summary>
    /// Adds <c>L2/2 · sum w²</c> over all weights, biases excepted, to the mean loss; at least 0, which is none. scikit-learn's C is
    /// <c>1/(L2·N)</c>. Null, the default, for a small one: <c>v · min(1/20, 1/√N)</c>, where v is the mean variance of a feature over
    /// the N training rows (1 with <see cref="Standardize"/>). With <see cref="L1"/>, hidden layers or AdamW, null is 0.
    /// <see cref="TrainingHistory.L2"/> has the number that was used.
    /// </summary>
    public double? L2 { get; init => field = value is null ? null : Require.NotNegative(value.Value, nameof(L2)); }

    /// <summary>Adds <c>L1 · sum |w|</c> over all weights, biases excepted, to the mean loss; at least 0.</summary>
    public double L1 { get; init => field = Require.NotNegative(value, nameof(L1)); }

    /// <summary>s in [0, 1): targets become <c>(1-s)·target + s/C</c>, or with sigmoid outputs <c>+ s/2</c>.</summary>
    public double LabelSmoothing { get; init => field = Require.Fraction(value, nameof(LabelSmoothing)); }

    /// <summary>
    /// A factor on the loss for each class: C numbers, each finite and at least 0; null for 1. The weighted losses of a batch are
    /// divided by the number of its rows, as in Keras. The validation loss has no class weights.
    /// </summary>
    public IReadOnlyList<double>? ClassWeights { get; init => field = value is null ? null : Require.All(value, nameof(ClassWeights), Require.NotNegative); }

    /// <summary>Weights each class by <c>N / (C · rows of the class)</c>, scikit-learn's "balanced".</summary>
    public bool BalanceClasses { get; init; }

    /// <summary>Without a validation set: the fraction of the training rows, class by class, that becomes one; in [0, 1).</summary>
    public double ValidationFraction { get; init => field = Require.Fraction(value, nameof(ValidationFraction)); }

    /// <summary>Stops after this many epochs without a lower validation loss; null for never.</summary>
    public int? Patience { get; init => field = value is null ? null : Require.Positive(value.Value, nameof(Patience)); }

    /// <summary>
    /// The number of threads, at most 1024. The default, 0, is one thread for each core that the process may use. The result does not
    /// depend on it.
    /// </summary>
    public int Threads { get; init => field = Require.Threads(value, nameof(Threads)); }

    /// <summary>Refuses values that exclude each other. Every method that takes the options calls this before any work.</summary>
    /// <exception cref="ArgumentException">Two values exclude each other; the message names both.</exception>
    public void Validate()
    {
        if (ClassWeights is not null && BalanceClasses) Throw.OptionsExclude(nameof(ClassWeights), nameof(BalanceClasses));
        if (Epochs is null && Schedule.NeedsStepCount) Throw.ScheduleNeedsEpochs();
        Optimizer.Check(this);
    }
}
