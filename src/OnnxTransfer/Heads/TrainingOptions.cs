namespace OnnxTransfer.Heads;

/// <summary>How a head is trained. The defaults are Keras' for <c>Dense(C, softmax)</c> with Adam, except for <see cref="InitialWeights"/>.</summary>
public sealed record TrainingOptions
{
    /// <summary>Passes over the training rows, at least 1.</summary>
    public int Epochs { get; init => field = Require.Positive(value, nameof(Epochs)); } = 6;

    /// <summary>Rows a step, at least 1; the last step of an epoch takes what is left.</summary>
    public int BatchSize { get; init => field = Require.Positive(value, nameof(BatchSize)); } = 32;

    /// <summary>The step size, greater than 0.</summary>
    public double LearningRate { get; init => field = Require.Positive(value, nameof(LearningRate)); } = 0.001;

    /// <summary>What the first weights and the order of the rows are drawn from: same seed, same bits.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>What the output layer starts from.</summary>
    public InitialWeights InitialWeights { get; init; } = InitialWeights.Zeros;

    /// <summary>The update rule.</summary>
    public Optimizer Optimizer { get; init => field = value ?? throw new ArgumentNullException(nameof(Optimizer)); } = Optimizer.Adam;
}
