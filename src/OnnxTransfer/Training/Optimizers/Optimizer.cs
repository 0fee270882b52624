using OnnxTransfer.Internals;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Optimizers;

namespace OnnxTransfer;

/// <summary>
/// The update rule of the weights with its constants. If frameworks use one name for two formulas, the default is the formula of Keras
/// and TensorFlow, and <c>pyTorchFormula</c> chooses PyTorch's.
/// </summary>
public abstract record Optimizer
{
    private protected Optimizer()
    {
    }

    /// <summary>
    /// Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1; by default with the constants of Keras.
    /// Keras adds ε before the bias correction ("epsilon hat" in the paper's section 2), <c>w -= lr·sqrt(1-β₂ᵗ)/(1-β₁ᵗ) · m/(sqrt(v)+ε)</c>,
    /// PyTorch after it, <c>w -= lr/(1-β₁ᵗ) · m/(sqrt(v/(1-β₂ᵗ))+ε)</c>.
    /// </summary>
    /// <param name="beta1">β₁, the decay of the mean of the gradient, in [0, 1).</param>
    /// <param name="beta2">β₂, the decay of the mean of the squared gradient, in [0, 1).</param>
    /// <param name="epsilon">ε, which keeps the division finite; greater than 0.</param>
    /// <param name="pyTorchFormula">Whether to use PyTorch's formula.</param>
    /// <exception cref="ArgumentOutOfRangeException">A constant is out of range.</exception>
    public static Optimizer Adam(double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-7, bool pyTorchFormula = false) =>
        Adam(weightDecay: null, beta1, beta2, epsilon, pyTorchFormula);

    /// <summary>
    /// Loshchilov and Hutter, "Decoupled weight decay regularization", 2019: <see cref="Adam(double, double, double, bool)"/>, and a step multiplies all
    /// weights and biases by 1 - learning rate · decay; by default with the constants of Keras.
    /// </summary>
    /// <param name="weightDecay">The decay, at least 0.</param>
    /// <param name="beta1">β₁, the decay of the mean of the gradient, in [0, 1).</param>
    /// <param name="beta2">β₂, the decay of the mean of the squared gradient, in [0, 1).</param>
    /// <param name="epsilon">ε, which keeps the division finite; greater than 0.</param>
    /// <param name="pyTorchFormula">Whether to use PyTorch's formula.</param>
    /// <exception cref="ArgumentOutOfRangeException">A constant is out of range.</exception>
    public static Optimizer AdamW(double weightDecay = 0.004, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-7, bool pyTorchFormula = false) =>
        Adam(Require.NotNegative(weightDecay, nameof(weightDecay)), beta1, beta2, epsilon, pyTorchFormula);

    /// <summary>
    /// Gradient descent with momentum. Keras' momentum is a velocity that contains the learning rates of earlier steps. PyTorch's
    /// momentum is a sum of gradients, which the current learning rate multiplies.
    /// </summary>
    /// <param name="momentum">μ, in [0, 1); 0 for none.</param>
    /// <param name="nesterov">Whether to use Nesterov's gradient, which looks ahead.</param>
    /// <param name="pyTorchFormula">Whether to use PyTorch's formula.</param>
    /// <exception cref="ArgumentOutOfRangeException">A constant is out of range.</exception>
    public static Optimizer Sgd(double momentum = 0.9, bool nesterov = false, bool pyTorchFormula = false) =>
        new SgdOptimizer(Require.Fraction(momentum, nameof(momentum)), nesterov, pyTorchFormula);

    /// <summary>
    /// Tieleman and Hinton's RMSprop, 2012; by default with the constants of Keras. Keras divides by <c>sqrt(v+ε)</c>, PyTorch by
    /// <c>sqrt(v)+ε</c>.
    /// </summary>
    /// <param name="rho">ρ, the decay of the mean of the squared gradient, in [0, 1).</param>
    /// <param name="epsilon">ε, which keeps the division finite; greater than 0.</param>
    /// <param name="pyTorchFormula">Whether to use PyTorch's formula.</param>
    /// <exception cref="ArgumentOutOfRangeException">A constant is out of range.</exception>
    public static Optimizer RmsProp(double rho = 0.9, double epsilon = 1e-7, bool pyTorchFormula = false) =>
        new RmsPropOptimizer(Require.Fraction(rho, nameof(rho)), Require.Positive(epsilon, nameof(epsilon)), pyTorchFormula);

    /// <summary>
    /// Liu and Nocedal, "On the limited memory BFGS method", 1989: every step uses all rows, until the gradient is almost zero. For
    /// linear heads this point is the single optimum, and no learning rate is needed. <see cref="TrainingOptions.L2"/> keeps that optimum
    /// finite if the rows can be separated. Epochs, batch size, learning rate, schedule and
    /// patience are ignored. The history has one epoch for the whole run; a step is an evaluation of the objective. With <c>L2 =
    /// 1/(C·N)</c> the objective is that of scikit-learn's <c>LogisticRegression(C=C)</c>, divided by <c>C·N</c>. It takes neither L1
    /// nor dropout.
    /// </summary>
    /// <param name="maxIterations">Stops after this many iterations, at least 1.</param>
    /// <param name="gradientTolerance">
    /// Stops when no component of the mean objective's gradient is larger than this; greater than 0.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">A constant is out of range.</exception>
    public static Optimizer Lbfgs(int maxIterations = 1000, double gradientTolerance = 1e-6) =>
        new LbfgsOptimizer(Require.Positive(maxIterations, nameof(maxIterations)), Require.Positive(gradientTolerance, nameof(gradientTolerance)));

    /// <summary>Name and constants, for the record of a run.</summary>
    internal abstract string Description { get; }

    /// <summary>Whether the rule itself keeps weights small.</summary>
    internal virtual bool DecaysWeights => false;

    /// <summary>Refuses options that the rule cannot work with.</summary>
    internal abstract void Check(TrainingOptions options);

    /// <summary>The number of rows that a step takes, given all rows.</summary>
    internal abstract int RowsPerStep(TrainingOptions options, TrainingRows rows);

    /// <summary>Trains the model on the rows.</summary>
    internal abstract TrainedHead Train(
        TrainingModel model, TrainingRows training, TrainingOptions options, TrainingRows? validation, IProgress<EpochMetrics>? progress,
        CancellationToken cancellationToken);

    private static AdamOptimizer Adam(double? weightDecay, double beta1, double beta2, double epsilon, bool pyTorchFormula) => new(
        weightDecay, Require.Fraction(beta1, nameof(beta1)), Require.Fraction(beta2, nameof(beta2)), Require.Positive(epsilon, nameof(epsilon)), pyTorchFormula);
}
