using OnnxTransfer.Internals;

namespace OnnxTransfer.Heads;

/// <summary>The update rule of the weights.</summary>
public enum OptimizerKind
{
    /// <summary>Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1.</summary>
    Adam,
}

/// <summary>Whose formula is meant where frameworks use one name for two.</summary>
public enum OptimizerConvention
{
    /// <summary>
    /// Keras and TensorFlow. Adam adds epsilon before the bias correction ("epsilon hat" in the paper's section 2):
    /// <c>w -= lr·sqrt(1-β₂ᵗ)/(1-β₁ᵗ) · m/(sqrt(v)+ε)</c>.
    /// </summary>
    Keras,

    /// <summary>
    /// PyTorch, and the paper's algorithm 1. Adam adds epsilon after the bias correction:
    /// <c>w -= lr/(1-β₁ᵗ) · m/(sqrt(v/(1-β₂ᵗ))+ε)</c>.
    /// </summary>
    PyTorch,
}

/// <summary>An update rule with its constants. Start from a preset: <c>Optimizer.Adam with { Epsilon = 1e-8 }</c>.</summary>
public sealed record Optimizer
{
    private Optimizer(OptimizerKind kind) => Kind = kind;

    /// <summary>Adam as Keras has it: β₁ 0.9, β₂ 0.999, ε 1e-7 before the bias correction.</summary>
    public static Optimizer Adam { get; } = new(OptimizerKind.Adam);

    /// <summary>Which rule.</summary>
    public OptimizerKind Kind { get; }

    /// <summary>Whose formula.</summary>
    public OptimizerConvention Convention { get; init; } = OptimizerConvention.Keras;

    /// <summary>β₁, the decay of the mean of the gradient, in [0, 1).</summary>
    public double Beta1 { get; init => field = Decay(value, nameof(Beta1)); } = 0.9;

    /// <summary>β₂, the decay of the mean of the squared gradient, in [0, 1).</summary>
    public double Beta2 { get; init => field = Decay(value, nameof(Beta2)); } = 0.999;

    /// <summary>ε, what keeps the division finite; greater than 0.</summary>
    public double Epsilon { get; init => field = Require.Positive(value, nameof(Epsilon)); } = 1e-7;

    private static double Decay(double value, string name)
    {
        if (!(value is >= 0 and < 1)) Throw.OptionOutOfRange(name, value, "in [0, 1)");
        return value;
    }
}
