using OnnxTransfer.TestSupport;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training.Optimizers;

public sealed class LbfgsTests
{
    [SharedFact("golden/logreg.json")]
    public void FindsTheOptimumOfLogisticRegression()
    {
        var problem = GoldenProblem.Load();
        var golden = GoldenProblem.Read<LogisticRegression>("logreg.json");
        var data = new LabeledFeatures(new FeatureMatrix(problem.Features, 64, problem.Dim), problem.Y);
        var trained = HeadTrainer.Train(data, 4, new TrainingOptions { Optimizer = Optimizer.Lbfgs(), L2 = 1 / 64.0 });

        var optimum = golden.NewtonPolished;
        var layer = trained.Head.Layers[0];
        for (var c = 0; c < 4; c++)
        {
            for (var d = 0; d < problem.Dim; d++) Assert.Equal(optimum.W[c][d], layer.Weights[d * 4 + c], 1e-4);
            Assert.Equal(optimum.B[c], layer.Bias[c], 1e-4);
        }

        Assert.Equal(StopReason.Converged, trained.History.StopReason);
        Assert.Equal(optimum.MeanCrossEntropy, trained.History.Epochs[0].TrainLoss, 1e-5);
        Assert.Equal(golden.Accuracy, trained.History.Epochs[0].TrainAccuracy);
    }

    [Fact]
    public void StandardizingDoesNotChangeAnUnpenalizedOptimum()
    {
        var data = Gaussians.Make(300, 5, 3, 1);
        var plain = HeadTrainer.Train(data, 3, new TrainingOptions { Optimizer = Optimizer.Lbfgs(), L2 = 0 });
        var standardized = HeadTrainer.Train(data, 3, new TrainingOptions { Optimizer = Optimizer.Lbfgs(), L2 = 0, Standardize = true });
        var (p, q) = (plain.Head.Probabilities(data.Features), standardized.Head.Probabilities(data.Features));
        Assert.InRange((p - q).Enumerate().Max(Math.Abs), 0, 1e-3);
    }

    [Fact]
    public void HiddenLayersLearnWhatALineCannot()
    {
        var data = Xor(400);
        var linear = HeadTrainer.Train(data, 2, new TrainingOptions { Optimizer = Optimizer.Lbfgs(), L2 = 1e-4 });
        var hidden = HeadTrainer.Train(data, 2, new TrainingOptions { Optimizer = Optimizer.Lbfgs(), L2 = 1e-4, HiddenUnits = [8] });
        Assert.InRange(linear.History.Epochs[0].TrainAccuracy, 0, 0.75);
        Assert.InRange(hidden.History.Epochs[0].TrainAccuracy, 0.97, 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    public void ThreadsDoNotChangeABit(int hiddenUnits)
    {
        // Enough rows for the work to be shared.
        var data = Gaussians.Make(1200, 300, 7, 3);
        var options = new TrainingOptions { Optimizer = Optimizer.Lbfgs(maxIterations: 30), HiddenUnits = hiddenUnits == 0 ? [] : [hiddenUnits] };
        var one = HeadTrainer.Train(data, 7, options with { Threads = 1 });
        var five = HeadTrainer.Train(data, 7, options with { Threads = 5 });
        Assert.Equal(one.History.StepLosses, five.History.StepLosses);
        foreach (var (a, b) in one.Head.Layers.Zip(five.Head.Layers))
        {
            Assert.Equal(a.Weights, b.Weights);
            Assert.Equal(a.Bias, b.Bias);
        }
    }

    [Theory]
    [InlineData(1e-3f)]
    [InlineData(1e3f)]
    [InlineData(1e5f)]
    public void TheUnitOfTheFeaturesDoesNotChangeTheOptimum(float unit)
    {
        var options = new TrainingOptions { Optimizer = Optimizer.Lbfgs(), L2 = 1e-3 };
        var plain = HeadTrainer.Train(InUnits(1), 3, options).History;
        var scaled = HeadTrainer.Train(InUnits(unit), 3, options with { L2 = 1e-3 * unit * unit }).History;
        Assert.Equal(StopReason.Converged, scaled.StopReason);
        Assert.Equal(plain.Epochs[0].TrainLoss, scaled.Epochs[0].TrainLoss, 1e-4);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1e3f)]
    public void HiddenLayersLearnInAnotherUnit(float unit)
    {
        var history = HeadTrainer.Train(InUnits(unit), 3, new TrainingOptions { Optimizer = Optimizer.Lbfgs(), L2 = 1e-4, HiddenUnits = [8] }).History;
        Assert.InRange(history.Epochs[0].TrainLoss, 0, 0.75 * history.Start.TrainLoss);
    }

    [Fact]
    public void StopsWhenToldTo()
    {
        var data = Gaussians.Make(300, 20, 3, 1);
        var few = HeadTrainer.Train(data, 3, new TrainingOptions { Optimizer = Optimizer.Lbfgs(maxIterations: 3) });
        Assert.Equal(StopReason.Completed, few.History.StopReason);
        using var canceled = new CancellationTokenSource();
        canceled.Cancel();
        Assert.Throws<OperationCanceledException>(() => HeadTrainer.Train(data, 3, new TrainingOptions { Optimizer = Optimizer.Lbfgs() }, cancellationToken: canceled.Token));
    }

    [Fact]
    public void WhatItCannotDoIsRefused()
    {
        var data = Gaussians.Make(30, 4, 2, 1);
        var options = new TrainingOptions { Optimizer = Optimizer.Lbfgs() };
        Assert.Contains("L1 and L-BFGS", Assert.Throws<ArgumentException>(() => HeadTrainer.Train(data, 2, options with { L1 = 0.1 })).Message, StringComparison.Ordinal);
        Assert.Contains("Dropout and L-BFGS", Assert.Throws<ArgumentException>(() => HeadTrainer.Train(data, 2, options with { Dropout = 0.1 })).Message, StringComparison.Ordinal);
    }

    private static LabeledFeatures InUnits(float unit)
    {
        var plain = Gaussians.Make(300, 20, 3, 1);
        return new LabeledFeatures(new FeatureMatrix([.. plain.Features.Values.ToArray().Select(value => value * unit)], 300, 20), plain.Labels.ToArray());
    }

    private static LabeledFeatures Xor(int rows)
    {
        var random = new SeededRandom(4, SeededRandom.Purpose.Order);
        var x = Enumerable.Range(0, 2 * rows).Select(_ => 2 * random.NextSingle() - 1).ToArray();
        return new LabeledFeatures(new FeatureMatrix(x, rows, 2), [.. Enumerable.Range(0, rows).Select(i => x[2 * i] * x[2 * i + 1] > 0 ? 1 : 0)]);
    }

    private sealed class LogisticRegression
    {
        public required double Accuracy { get; init; }

        public required Optimum NewtonPolished { get; init; }
    }

    private sealed class Optimum
    {
        public required double[][] W { get; init; }

        public required double[] B { get; init; }

        public required double MeanCrossEntropy { get; init; }
    }
}
