using System.Runtime.InteropServices;
using System.Security.Cryptography;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

public sealed class HeadTrainerTests
{
    [Theory]
    [InlineData(8, 0.999)]
    [InlineData(3, 0.93)]
    [InlineData(1, 0.5)]
    public void LearnsWhatCanBeLearned(double distance, double accuracy)
    {
        var trained = HeadTrainer.Train(Gaussians.Make(2000, 20, 3, distance), 3, new TrainingOptions { Epochs = 10, LearningRate = 0.01 });
        var test = Gaussians.Make(1000, 20, 3, distance, seed: 8);
        var result = Evaluator.Evaluate(trained.Head.Probabilities(test.Features), test.Labels.ToArray(), ["a", "b", "c"]);
        Assert.InRange(result.Accuracy, accuracy, 1);
    }

    [Fact]
    public void NothingIsLearnedWhereNothingIs()
    {
        var trained = HeadTrainer.Train(Gaussians.Make(2000, 20, 4, 0), 4);
        var test = Gaussians.Make(1000, 20, 4, 0, seed: 8);
        var result = Evaluator.Evaluate(trained.Head.Probabilities(test.Features), test.Labels.ToArray(), ["a", "b", "c", "d"]);
        Assert.InRange(result.Accuracy, 0.18, 0.32);
    }

    [Fact]
    public void SameSeedSameBitsOtherSeedOtherBits()
    {
        var data = Gaussians.Make(200, 33, 3, 2);
        var first = Bits(HeadTrainer.Train(data, 3, new TrainingOptions { Seed = 5 }).Head);
        Assert.Equal(first, Bits(HeadTrainer.Train(data, 3, new TrainingOptions { Seed = 5 }).Head));
        Assert.NotEqual(first, Bits(HeadTrainer.Train(data, 3, new TrainingOptions { Seed = 6 }).Head));
    }

    [Fact]
    public void ThreadsDoNotChangeABit()
    {
        // Large enough that the steps are really shared out.
        var data = Gaussians.Make(600, 1500, 7, 0.3);
        var options = new TrainingOptions { Epochs = 2, BatchSize = 300, HiddenUnits = [65], Dropout = 0.3, L2 = 1e-3, Standardize = true };
        var one = HeadTrainer.Train(data, 7, options with { Threads = 1 });
        var five = HeadTrainer.Train(data, 7, options with { Threads = 5 });
        Assert.Equal(one.History.StepLosses, five.History.StepLosses);
        for (var l = 0; l < 2; l++) Assert.Equal(one.Head.Layers[l].Weights, five.Head.Layers[l].Weights);
    }

    /// <summary>
    /// Pinned, so that every machine that runs the tests, and every run with DOTNET_EnableAVX2=0 or DOTNET_EnableHWIntrinsic=0,
    /// compares itself with all others. A change of kernels that reorders a sum changes the pin, and is to be said in the changelog.
    /// </summary>
    [Fact]
    public void BitsAreThoseOfEveryOtherMachine()
    {
        var random = new SeededRandom(11, SeededRandom.Purpose.Order);
        var x = new FeatureMatrix([.. Enumerable.Range(0, 120 * 70).Select(_ => 2 * random.NextSingle() - 1)], 120, 70);
        var data = new LabeledFeatures(x, [.. Enumerable.Range(0, 120).Select(n => n % 5)]);
        var options = new TrainingOptions { Epochs = 6, HiddenUnits = [19], Dropout = 0.25, L2 = 1e-3, Standardize = true, LabelSmoothing = 0.1 };
        var layers = HeadTrainer.Train(data, 5, options).Head.Layers;
        var bits = MemoryMarshal.AsBytes<float>(layers.SelectMany(layer => layer.Weights.Concat(layer.Bias)).ToArray());
        Assert.Equal("27CFA51310C8CA68EF97EFC371D2780F", Convert.ToHexString(SHA256.HashData(bits))[..32]);
    }

    [Fact]
    public void HistoryHasEveryStepAndEpoch()
    {
        var reported = new List<EpochMetrics>();
        var trained = HeadTrainer.Train(
            Gaussians.Make(70, 8, 3, 4), 3, new TrainingOptions { Epochs = 4 }, Gaussians.Make(30, 8, 3, 4, seed: 9), new Immediate(reported.Add));
        var history = trained.History;
        Assert.Equal(4 * 3, history.StepLosses.Count);
        Assert.Equal(history.Epochs, reported);
        Assert.Equal([1, 2, 3, 4], history.Epochs.Select(e => e.Epoch));
        Assert.Equal(StopReason.Completed, history.StopReason);
        // Batches of 32, 32 and 6 rows.
        var mean = (32 * history.StepLosses[0] + 32 * history.StepLosses[1] + 6 * history.StepLosses[2]) / 70;
        Assert.Equal(mean, history.Epochs[0].TrainLoss, 1e-5);
        var right = (32 * history.StepAccuracies[0] + 32 * history.StepAccuracies[1] + 6 * history.StepAccuracies[2]) / 70;
        Assert.Equal(history.Epochs[0].TrainAccuracy, right, 5);
    }

    [Fact]
    public void KeepsTheWeightsThatValidateBest()
    {
        // Validation labels that are wrong on purpose: the better the training goes, the worse the validation.
        var training = Gaussians.Make(300, 8, 3, 3);
        var shifted = new LabeledFeatures(training.Features, [.. training.Labels.ToArray().Select(label => (label + 1) % 3)]);
        var options = new TrainingOptions { Epochs = 5, LearningRate = 0.01 };
        var trained = HeadTrainer.Train(training, 3, options, shifted);
        Assert.Equal(1, trained.History.BestEpoch);
        Assert.Equal(Bits(HeadTrainer.Train(training, 3, options with { Epochs = 1 }).Head), Bits(trained.Head));
        Assert.Equal(5, HeadTrainer.Train(training, 3, options, training).History.BestEpoch);
    }

    [Fact]
    public void CancelingKeepsWhatWasLearned()
    {
        var training = Gaussians.Make(300, 8, 3, 3);
        using var cancellation = new CancellationTokenSource();
        var progress = new Immediate(epoch =>
        {
            if (epoch.Epoch == 2) cancellation.Cancel();
        });
        var options = new TrainingOptions { Epochs = 1000 };
        var trained = HeadTrainer.Train(training, 3, options, null, progress, cancellation.Token);
        Assert.Equal(StopReason.Canceled, trained.History.StopReason);
        Assert.Equal(Bits(HeadTrainer.Train(training, 3, options with { Epochs = 2 }).Head), Bits(trained.Head));
        Assert.Throws<OperationCanceledException>(() => HeadTrainer.Train(training, 3, options, null, null, cancellation.Token));
    }

    [Theory]
    [InlineData(1e9)]
    [InlineData(1e38)]
    public void DivergenceNamesTheStepAndKeepsTheLastGoodWeights(double learningRate)
    {
        var training = Gaussians.Make(300, 8, 3, 1);
        var options = new TrainingOptions { LearningRate = learningRate };
        var error = Assert.Throws<TrainingDivergedException>(() => HeadTrainer.Train(training, 3, options));
        Assert.Contains("step 2", error.Message, StringComparison.Ordinal);
        Assert.Contains("or smaller sample weights", error.Message, StringComparison.Ordinal);
        Assert.Equal(StopReason.Diverged, error.LastGood.History.StopReason);
        Assert.All(Bits(error.LastGood.Head), v => Assert.InRange(v, -1f, 1f));
    }

    [Fact]
    public void DivergenceInTheLastStepIsSeenToo()
    {
        var training = Gaussians.Make(30, 8, 3, 1);
        var options = new TrainingOptions { LearningRate = 1e300, Epochs = 1 };
        Assert.Throws<TrainingDivergedException>(() => HeadTrainer.Train(training, 3, options));
        Assert.Throws<TrainingDivergedException>(() => HeadTrainer.Train(training, 3, options with { LearningRate = 1e9 }, training));
    }

    [Fact]
    public void BatchLargerThanTheDataIsOneStepAnEpoch() =>
        Assert.Equal(3, HeadTrainer.Train(Gaussians.Make(50, 8, 3, 1), 3, new TrainingOptions { BatchSize = int.MaxValue, Epochs = 3 }).History.StepLosses.Count);

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void FeaturesThatAreNotFiniteAreNamed(float value)
    {
        foreach (var at in new[] { 0, 3 * 11 + 4, 5 * 11 + 10 })
        {
            var values = new float[6 * 11];
            values[at] = value;
            var error = Assert.Throws<ArgumentException>(() => new LabeledFeatures(new FeatureMatrix(values, 6, 11), new int[6]));
            Assert.Contains($"Feature {at % 11} of row {at / 11} is ", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void LabelsThatCannotBeAreNamed()
    {
        var x = Gaussians.Make(6, 4, 2, 1).Features;
        Refuses("label of training row 2 is 3, but with 3 classes labels go from 0 to 2", () => HeadTrainer.Train(new(x, [0, 1, 3, 0, 1, 2]), 3));
        Refuses("label of training row 5 is -1", () => HeadTrainer.Train(new(x, [0, 1, 2, 0, 1, -1]), 3));
        Refuses("label of validation row 0 is 2", () => HeadTrainer.Train(new(x, [0, 1, 1, 0, 1, 1]), 2, null, new(x, [2, 1, 1, 0, 1, 1])));
        Refuses("Class 1 has no training row", () => HeadTrainer.Train(new(x, [0, 0, 2, 0, 2, 0]), 3));
        Refuses("7 classes but only 6 training rows", () => HeadTrainer.Train(new(x, [0, 1, 2, 3, 4, 5]), 7));
        Refuses("at least two classes, but there is 1", () => HeadTrainer.Train(new(x, new int[6]), 1));
        Refuses("6 feature vectors but 5 labels", () => new LabeledFeatures(x, new int[5]));
        Refuses("no feature vectors", () => new LabeledFeatures(new FeatureMatrix([], 0, 4), []));
        Refuses("validation features have 5 dimensions", () => HeadTrainer.Train(new(x, [0, 1, 1, 0, 1, 1]), 2, null, Gaussians.Make(6, 5, 2, 1)));
    }

    [Fact]
    public void OptionsThatCannotBeAreNamed()
    {
        Refuses("Epochs is 0, but must be at least 1", () => new TrainingOptions { Epochs = 0 });
        Refuses("BatchSize is -1, but must be at least 1", () => new TrainingOptions { BatchSize = -1 });
        Refuses("LearningRate is NaN, but must be a finite number greater than 0", () => new TrainingOptions { LearningRate = double.NaN });
        Refuses("beta1 is 1, but must be in [0, 1)", () => Optimizer.Adam(beta1: 1));
        Refuses("epsilon is 0, but must be", () => Optimizer.Adam(epsilon: 0));
    }

    private static void Refuses(string message, Func<object> action) =>
        Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(action).Message, StringComparison.Ordinal);

    private static float[] Bits(ClassifierHead head) => [.. head.Layers[0].Weights, .. head.Layers[0].Bias];

    /// <summary>Reports at once on the caller's thread, unlike <see cref="Progress{T}"/>.</summary>
    private sealed class Immediate(Action<EpochMetrics> report) : IProgress<EpochMetrics>
    {
        public void Report(EpochMetrics value) => report(value);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_history_starts_with_the_head_before_its_training(bool bySteps)
    {
        var (data, validation) = (Gaussians.Make(300, 20, 3, 2), Gaussians.Make(99, 20, 3, 2, seed: 8));
        var options = new TrainingOptions { Epochs = bySteps ? 2 : null, Optimizer = bySteps ? Optimizer.Adam() : Optimizer.Lbfgs() };
        var start = HeadTrainer.Train(data, 3, options, validation).History.Start;
        Assert.Equal((0, 1 / 3.0, 1 / 3.0), (start.Epoch, start.TrainAccuracy, start.ValidationAccuracy));
        Assert.Equal(Math.Log(3), start.TrainLoss, 6);
        Assert.Equal(Math.Log(3), start.ValidationLoss!.Value, 6);
        Assert.Null(HeadTrainer.Train(data, 3, options).History.Start.ValidationLoss);
    }

    /// <summary>The first step's loss is measured before the step, so with one batch it is the loss of the start.</summary>
    [Fact]
    public void The_start_of_hidden_layers_and_class_weights_is_that_of_the_first_step()
    {
        var data = Gaussians.Make(200, 20, 3, 2);
        var options = new TrainingOptions { Epochs = 1, BatchSize = 200, HiddenUnits = [16], BalanceClasses = true };
        var history = HeadTrainer.Train(data, 3, options).History;
        Assert.Equal(history.StepLosses[0], history.Start.TrainLoss, 5);
        Assert.Equal(history.StepAccuracies[0], history.Start.TrainAccuracy, 5);
    }
}
