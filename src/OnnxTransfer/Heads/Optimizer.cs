namespace OnnxTransfer.Heads;

/// <summary>The update rule of the weights.</summary>
internal enum OptimizerKind
{
    /// <summary>Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1.</summary>
    Adam,

    /// <summary>Loshchilov and Hutter, "Decoupled weight decay regularization", 2019: Adam, and weights that shrink by themselves.</summary>
    AdamW,

    /// <summary>Gradient descent, with momentum or without.</summary>
    Sgd,

    /// <summary>Tieleman and Hinton's RMSprop, 2012.</summary>
    RmsProp,

    /// <summary>
    /// Liu and Nocedal, "On the limited memory BFGS method", 1989: all rows in every step, until the gradient is gone. For
    /// linear heads that is the one optimum, found without a learning rate.
    /// </summary>
    Lbfgs,
}

/// <summary>An update rule with its constants. Start from a preset: <c>Optimizer.Adam with { Epsilon = 1e-8 }</c>.</summary>
public sealed record Optimizer
{
    private Optimizer(OptimizerKind kind) => Kind = kind;

    /// <summary>Adam as Keras has it: β₁ 0.9, β₂ 0.999, ε 1e-7 before the bias correction.</summary>
    public static Optimizer Adam { get; } = new(OptimizerKind.Adam);

    /// <summary>AdamW as Keras has it: Adam's constants, weight decay 0.004.</summary>
    public static Optimizer AdamW { get; } = new(OptimizerKind.AdamW) { WeightDecay = 0.004 };

    /// <summary>Gradient descent with momentum 0.9, without Nesterov's look ahead.</summary>
    public static Optimizer Sgd { get; } = new(OptimizerKind.Sgd) { Momentum = 0.9 };

    /// <summary>RMSprop as Keras has it: ρ 0.9, ε 1e-7 under the root.</summary>
    public static Optimizer RmsProp { get; } = new(OptimizerKind.RmsProp);

    /// <summary>
    /// L-BFGS with at most 1000 iterations. Epochs, batch size, learning rate, schedule and patience play no part, and the
    /// history has one epoch, the whole; a step is an evaluation of the objective. With <c>L2 = 1/(C·N)</c> the objective is
    /// that of scikit-learn's <c>LogisticRegression(C=C)</c>, divided by <c>C·N</c>.
    /// </summary>
    public static Optimizer Lbfgs { get; } = new(OptimizerKind.Lbfgs);

    /// <summary>Which rule.</summary>
    internal OptimizerKind Kind { get; }

    /// <summary>
    /// Whether PyTorch's formula is meant, where frameworks use one name for two, and not that of Keras and TensorFlow.
    /// Keras' Adam adds ε before the bias correction ("epsilon hat" in the paper's section 2),
    /// <c>w -= lr·sqrt(1-β₂ᵗ)/(1-β₁ᵗ) · m/(sqrt(v)+ε)</c>, PyTorch's after it,
    /// <c>w -= lr/(1-β₁ᵗ) · m/(sqrt(v/(1-β₂ᵗ))+ε)</c>. Keras' RMSprop divides by <c>sqrt(v+ε)</c>, PyTorch's by <c>sqrt(v)+ε</c>.
    /// Keras' momentum is a velocity that holds the learning rates of its time, PyTorch's a sum of gradients that today's
    /// learning rate multiplies.
    /// </summary>
    public bool PyTorchFormula { get; init; }

    /// <summary>Adam's β₁, the decay of the mean of the gradient, in [0, 1).</summary>
    public double Beta1 { get; init => field = Require.Fraction(value, nameof(Beta1)); } = 0.9;

    /// <summary>Adam's β₂, the decay of the mean of the squared gradient, in [0, 1).</summary>
    public double Beta2 { get; init => field = Require.Fraction(value, nameof(Beta2)); } = 0.999;

    /// <summary>RMSprop's ρ, the decay of the mean of the squared gradient, in [0, 1).</summary>
    public double Rho { get; init => field = Require.Fraction(value, nameof(Rho)); } = 0.9;

    /// <summary>ε, what keeps the division of Adam and RMSprop finite; greater than 0.</summary>
    public double Epsilon { get; init => field = Require.Positive(value, nameof(Epsilon)); } = 1e-7;

    /// <summary>SGD's momentum μ, in [0, 1).</summary>
    public double Momentum { get; init => field = Require.Fraction(value, nameof(Momentum)); }

    /// <summary>SGD only: Nesterov's look ahead.</summary>
    public bool Nesterov { get; init; }

    /// <summary>AdamW's decay: a step multiplies all weights and biases by 1 - learning rate · decay. At least 0.</summary>
    public double WeightDecay { get; init => field = Require.NotNegative(value, nameof(WeightDecay)); }

    /// <summary>L-BFGS stops after this many iterations, at least 1.</summary>
    public int MaxIterations { get; init => field = Require.Positive(value, nameof(MaxIterations)); } = 1000;

    /// <summary>L-BFGS stops where no component of the mean objective's gradient is larger, greater than 0.</summary>
    public double GradientTolerance { get; init => field = Require.Positive(value, nameof(GradientTolerance)); } = 1e-6;
}
