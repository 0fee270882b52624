using OnnxTransfer.Heads;

namespace OnnxTransfer.Tests.Heads;

/// <summary>The analytic gradient against central differences, in float64 through the same code that trains in float32.</summary>
public sealed class NumericGradientTests
{
    [Theory]
    [InlineData(1, 2, 1)]
    [InlineData(7, 3, 5)]
    [InlineData(19, 5, 32)]
    public void SoftmaxRegression(int dim, int classCount, int batch)
    {
        var random = new SeededRandom(3, SeededRandom.Purpose.Order);
        var model = new SoftmaxModel<double>(dim, classCount);
        for (var i = 0; i < model.Parameters.Length; i++) model.Parameters[i] = random.NextSingle() - 0.5;
        var x = Enumerable.Range(0, (batch + 2) * dim).Select(_ => 4.0 * random.NextSingle() - 2).ToArray();
        var labels = Enumerable.Range(0, batch + 2).Select(_ => random.NextBelow(classCount)).ToArray();
        var rows = Enumerable.Range(1, batch).ToArray();

        model.LossAndGradient(x, labels, rows);
        var analytic = model.Gradient.ToArray();
        const double Step = 1e-5;
        for (var i = 0; i < analytic.Length; i++)
        {
            var kept = model.Parameters[i];
            model.Parameters[i] = kept + Step;
            var above = model.LossAndGradient(x, labels, rows).Loss / batch;
            model.Parameters[i] = kept - Step;
            var below = model.LossAndGradient(x, labels, rows).Loss / batch;
            model.Parameters[i] = kept;
            Assert.Equal((above - below) / (2 * Step), analytic[i], 1e-8);
        }
    }
}
