using OnnxTransfer.Training.Optimizers;

namespace OnnxTransfer.Tests.Training.Optimizers;

/// <summary>Where the frameworks differ, against their formulas written out for one parameter and three steps.</summary>
public sealed class UpdateRuleTests
{
    private static readonly double[] Gradients = [0.5, -0.25, 0.125];
    private static readonly double[] Rates = [0.1, 0.1, 0.01];

    [Fact]
    public void AdamOfKerasAddsEpsilonBeforeTheCorrection()
    {
        var (m, v, t) = (0.0, 0.0, 0);
        Follows(Optimizer.Adam(epsilon: 0.05), (w, g, rate) =>
        {
            t++;
            (m, v) = (0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g);
            return w - rate * Math.Sqrt(1 - Math.Pow(0.999, t)) / (1 - Math.Pow(0.9, t)) * m / (Math.Sqrt(v) + 0.05);
        });
    }

    [Fact]
    public void AdamOfPyTorchAddsEpsilonAfterTheCorrection()
    {
        var (m, v, t) = (0.0, 0.0, 0);
        Follows(Optimizer.Adam(epsilon: 0.05, pyTorchFormula: true), (w, g, rate) =>
        {
            t++;
            (m, v) = (0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g);
            return w - rate * m / (1 - Math.Pow(0.9, t)) / (Math.Sqrt(v / (1 - Math.Pow(0.999, t))) + 0.05);
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SgdOfKerasKeepsAVelocity(bool nesterov)
    {
        var velocity = 0.0;
        Follows(Optimizer.Sgd(nesterov: nesterov), (w, g, rate) =>
        {
            velocity = 0.9 * velocity - rate * g;
            return w + (nesterov ? 0.9 * velocity - rate * g : velocity);
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SgdOfPyTorchKeepsASumOfGradients(bool nesterov)
    {
        var sum = 0.0;
        Follows(Optimizer.Sgd(nesterov: nesterov, pyTorchFormula: true), (w, g, rate) =>
        {
            sum = 0.9 * sum + g;
            return w - rate * (nesterov ? g + 0.9 * sum : sum);
        });
    }

    [Fact]
    public void SgdWithoutMomentumIsPlain() => Follows(Optimizer.Sgd(momentum: 0), (w, g, rate) => w - rate * g);

    [Fact]
    public void RmsPropOfKerasAddsEpsilonUnderTheRoot()
    {
        var v = 0.0;
        Follows(Optimizer.RmsProp(epsilon: 0.05), (w, g, rate) =>
        {
            v = 0.9 * v + 0.1 * g * g;
            return w - rate * g / Math.Sqrt(v + 0.05);
        });
    }

    [Fact]
    public void RmsPropOfPyTorchAddsEpsilonToTheRoot()
    {
        var v = 0.0;
        Follows(Optimizer.RmsProp(epsilon: 0.05, pyTorchFormula: true), (w, g, rate) =>
        {
            v = 0.9 * v + 0.1 * g * g;
            return w - rate * g / (Math.Sqrt(v) + 0.05);
        });
    }

    [Fact]
    public void AdamWShrinksTheWeightsByTheRate() =>
        Follows(Optimizer.AdamW(weightDecay: 0.5, beta1: 0, beta2: 0, epsilon: 1e-12), (w, g, rate) => w * (1 - 0.5 * rate) - rate * Math.Sign(g));

    /// <summary>Wide registers take a long range, narrow ones what is left: to the same bits, whatever the optimizer.</summary>
    [Fact]
    public void ARangeMayBeCutAnywhere() => Assert.All(
        new[] { Optimizer.Adam(), Optimizer.Adam(pyTorchFormula: true), Optimizer.AdamW(weightDecay: 0.1), Optimizer.Sgd(momentum: 0.9), Optimizer.RmsProp() },
        optimizer => Assert.Equal(Moved(optimizer, piece: 8), Moved(optimizer, piece: 104)));

    private static float[] Moved(Optimizer optimizer, int piece)
    {
        const int Length = 104;
        var random = new Random(5);
        var rule = ((StepOptimizer)optimizer).Rule<float>(Length);
        var parameters = Enumerable.Range(0, Length).Select(_ => random.NextSingle() - 0.5f).ToArray();
        for (var step = 0; step < 5; step++)
        {
            var gradient = Enumerable.Range(0, Length).Select(_ => random.NextSingle() - 0.5f).ToArray();
            rule.BeginStep(0.01);
            for (var from = 0; from < Length; from += piece) rule.Apply(parameters.AsSpan(from, piece), gradient.AsSpan(from, piece), from);
        }

        return parameters;
    }

    /// <summary>In float64, through two ranges, so that offsets count.</summary>
    private static void Follows(Optimizer optimizer, Func<double, double, double, double> formula)
    {
        var rule = ((StepOptimizer)optimizer).Rule<double>(8);
        var parameters = Enumerable.Repeat(1.0, 8).ToArray();
        var expected = 1.0;
        for (var step = 0; step < Gradients.Length; step++)
        {
            expected = formula(expected, Gradients[step], Rates[step]);
            var gradient = Enumerable.Repeat(Gradients[step], 4).ToArray();
            rule.BeginStep(Rates[step]);
            rule.Apply(parameters.AsSpan(4), gradient, 4);
            rule.Apply(parameters.AsSpan(0, 4), gradient, 0);
            Assert.All(parameters, w => Assert.Equal(expected, w, 1e-12));
        }
    }
}
