using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>How the learning rate changes during training.</summary>
public abstract record LearningRateSchedule
{
    private protected LearningRateSchedule()
    {
    }

    /// <summary>The learning rate does not change.</summary>
    public static LearningRateSchedule Constant { get; } = new ConstantRate();

    /// <summary>Step t has rate <c>lr·factor^(t/steps)</c>, t from 0, as Keras' ExponentialDecay.</summary>
    /// <param name="factor">Greater than 0.</param>
    /// <param name="steps">The number of steps after which the factor is reached, at least 1.</param>
    public static LearningRateSchedule Exponential(double factor, int steps) =>
        new ExponentialRate(Require.Positive(factor, nameof(factor)), Require.Positive(steps, nameof(steps)));

    /// <summary>
    /// From <c>lr/warmUpSteps</c> in equal steps up to lr, then down along half a cosine to <c>finalFraction·lr</c> at the
    /// last step (Loshchilov and Hutter, "SGDR", 2017, without restarts). It needs <see cref="TrainingOptions.Epochs"/>.
    /// </summary>
    /// <param name="warmUpSteps">At least 0.</param>
    /// <param name="finalFraction">In [0, 1).</param>
    public static LearningRateSchedule Cosine(int warmUpSteps = 0, double finalFraction = 0) =>
        new CosineRate(Require.NotNegative(warmUpSteps, nameof(warmUpSteps)), Require.Fraction(finalFraction, nameof(finalFraction)));

    /// <summary>
    /// Multiplies the rate by <paramref name="factor"/> each time the epoch's loss (that of the validation rows where there
    /// are any) has not fallen by more than 1e-4 for <paramref name="patience"/> epochs, as Keras' ReduceLROnPlateau.
    /// </summary>
    /// <param name="factor">In [0, 1).</param>
    /// <param name="patience">Epochs, at least 1.</param>
    public static LearningRateSchedule ReduceOnPlateau(double factor = 0.1, int patience = 10) =>
        new PlateauRate(Require.Fraction(factor, nameof(factor)), Require.Positive(patience, nameof(patience)));

    /// <summary>Whether the rate of a step depends on how many steps there will be.</summary>
    internal virtual bool NeedsStepCount => false;

    /// <summary>The factor of the learning rate at a step, from 0.</summary>
    /// <param name="step">The step.</param>
    /// <param name="stepCount">All steps of the training.</param>
    /// <param name="losses">The loss of each epoch so far.</param>
    internal abstract double FactorAt(int step, int stepCount, IReadOnlyList<double> losses);

    private sealed record ConstantRate : LearningRateSchedule
    {
        internal override double FactorAt(int step, int stepCount, IReadOnlyList<double> losses) => 1;
    }

    private sealed record ExponentialRate(double Factor, int Steps) : LearningRateSchedule
    {
        internal override double FactorAt(int step, int stepCount, IReadOnlyList<double> losses) => Math.Pow(Factor, (double)step / Steps);
    }

    private sealed record CosineRate(double WarmUpSteps, double FinalFraction) : LearningRateSchedule
    {
        internal override bool NeedsStepCount => true;

        internal override double FactorAt(int step, int stepCount, IReadOnlyList<double> losses)
        {
            if (step < WarmUpSteps) return (step + 1) / WarmUpSteps;
            var way = (step - WarmUpSteps) / Math.Max(1, stepCount - 1 - WarmUpSteps);
            return FinalFraction + (1 - FinalFraction) * (1 + Math.Cos(Math.PI * Math.Min(1, way))) / 2;
        }
    }

    private sealed record PlateauRate(double Factor, int Patience) : LearningRateSchedule
    {
        private const double LeastFall = 1e-4;

        internal override double FactorAt(int step, int stepCount, IReadOnlyList<double> losses)
        {
            var (best, waited, factor) = (double.PositiveInfinity, 0, 1.0);
            foreach (var loss in losses)
            {
                waited = loss < best - LeastFall ? 0 : waited + 1;
                best = waited == 0 ? loss : best;
                if (waited < Patience) continue;
                factor *= Factor;
                waited = 0;
            }

            return factor;
        }
    }
}
