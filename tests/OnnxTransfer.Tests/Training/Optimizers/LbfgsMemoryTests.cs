using OnnxTransfer.Training.Optimizers;

namespace OnnxTransfer.Tests.Training.Optimizers;

public sealed class LbfgsMemoryTests
{
    private static readonly double[] s_curvatures = [1, 3, 10, 0.5, 40, 2, 7];

    [Theory]
    [InlineData(7, 7)]
    [InlineData(2, 7)]
    public void StepsToTheLowestPointOfEachLineEndAQuadraticInItsDimensions(int pairs, int steps)
    {
        // With exact steps, L-BFGS on a quadratic is the method of conjugate gradients, however little it remembers (Nocedal, 1980).
        var memory = new LbfgsMemory(s_curvatures.Length, pairs);
        double[] point = [.. s_curvatures.Select((_, i) => 1.0 + i)];
        var direction = new double[point.Length];
        for (var step = 0; step < steps; step++)
        {
            var gradient = Gradient(point);
            var slope = memory.Descend(gradient, direction);
            Assert.True(slope < 0);
            var next = new double[point.Length];
            LbfgsMemory.Combine(point, -slope / direction.Zip(s_curvatures, (d, curvature) => d * d * curvature).Sum(), direction, next);
            memory.Remember(point, next, gradient, Gradient(next));
            point = next;
        }

        Assert.All(Gradient(point), g => Assert.Equal(0, g, 1e-8));
    }

    [Fact]
    public void AStepAlongWhichTheGradientFellIsForgotten()
    {
        var memory = new LbfgsMemory(2, 3);
        memory.Remember([0, 0], [1, 0], [2, 0], [1, 0]);
        Assert.True(memory.IsEmpty);
        var direction = new double[2];
        Assert.Equal(-5, memory.Descend([1, 2], direction), 12);
        Assert.Equal([-1, -2], direction);
        memory.Remember([0, 0], [1, 0], [1, 0], [2, 0]);
        Assert.False(memory.IsEmpty);
    }

    private static double[] Gradient(double[] point) => [.. point.Select((x, i) => x * s_curvatures[i])];
}
