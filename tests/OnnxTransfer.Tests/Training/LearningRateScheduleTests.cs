using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

public sealed class LearningRateScheduleTests
{
    [Fact]
    public void Constant() => Assert.Equal([1, 1], Factors(LearningRateSchedule.Constant, 0, 99));

    [Fact]
    public void ExponentialFallsByTheFactor() => AssertClose([1, Math.Sqrt(0.5), 0.5, 0.25], Factors(LearningRateSchedule.Exponential(0.5, 10), 0, 5, 10, 20));

    [Fact]
    public void CosineWarmsUpAndFallsToItsEnd() =>
        // 100 steps, 10 of them warming up; the cosine runs over the 89 steps from 10 to 99.
        AssertClose([0.1, 0.5, 1, 1, 0.2 + 0.8 * (1 + Math.Cos(Math.PI * 44 / 89)) / 2, 0.2], Factors(LearningRateSchedule.Cosine(10, 0.2), 0, 4, 9, 10, 54, 99));

    [Fact]
    public void PlateauWaitsForItsPatience()
    {
        var schedule = LearningRateSchedule.ReduceOnPlateau(0.5, 2);
        double After(params double[] losses) => schedule.FactorAt(0, 1, losses);
        Assert.Equal(1, After(1, 1));
        Assert.Equal(0.5, After(1, 1, 1));
        Assert.Equal(1, After(1, 1, 0.9));
        Assert.Equal(0.5, After(1, 1, 0.99995));
        Assert.Equal(0.25, After(1, 1, 1, 1, 1));
    }

    [Fact]
    public void TheScheduleReachesTheWeights()
    {
        var data = Gaussians.Make(64, 8, 2, 1);
        var options = new TrainingOptions { Epochs = 1 };
        var constant = HeadTrainer.Train(data, 2, options);
        // Two steps; the second at almost nothing.
        var stopped = HeadTrainer.Train(data, 2, options with { Schedule = LearningRateSchedule.Exponential(1e-12, 1) });
        var one = HeadTrainer.Train(data, 2, options with { Schedule = LearningRateSchedule.Exponential(1e-20, 1) });
        Assert.NotEqual(constant.Head.Layers[0].Weights, stopped.Head.Layers[0].Weights);
        Assert.Equal(one.Head.Layers[0].Weights, stopped.Head.Layers[0].Weights);
    }

    [Fact]
    public void WhatCannotBeIsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Exponential(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Cosine(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Cosine(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.ReduceOnPlateau(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.ReduceOnPlateau(0.1, 0));
    }

    private static double[] Factors(LearningRateSchedule schedule, params int[] steps) => [.. steps.Select(step => schedule.FactorAt(step, 100, []))];

    private static void AssertClose(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-12);
    }
}
