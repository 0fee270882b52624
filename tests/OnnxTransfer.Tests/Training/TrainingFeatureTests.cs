using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

/// <summary>Everything around the plain softmax: other heads, weights, hold-out, folds, stopping.</summary>
public sealed class TrainingFeatureTests
{
    [Fact]
    public void OneSigmoidOutputTellsTwoClassesApart()
    {
        var data = Gaussians.Make(600, 10, 2, 4);
        var trained = HeadTrainer.Train(data, 2, new TrainingOptions { Sigmoid = true, LearningRate = 0.02 });
        var p = trained.Head.Probabilities(data.Features);
        Assert.InRange(trained.History.Epochs[^1].TrainAccuracy, 0.98, 1);
        Assert.InRange(Accuracy(p, data), 0.98, 1);
        // The head is a softmax whose first logit is 0.
        var head = Assert.IsType<SoftmaxHead>(trained.Head);
        Assert.All(head.Weights.Column(0), w => Assert.Equal(0, w));
        var z = (double)head.Weights.Column(1).DotProduct(Vector<float>.Build.Dense(data.Features.Row(5).ToArray())) + head.Bias[1];
        Assert.Equal(1 / (1 + Math.Exp(-z)), p[5, 1], 1e-6);
    }

    [Fact]
    public void MultipleLabelsAreLearnedEachForItself()
    {
        // Label c holds where coordinate c is positive.
        var x = Gaussians.Make(1000, 6, 1, 0).Features;
        var targets = Matrix<float>.Build.Dense(1000, 3, (i, c) => x.Row(i)[c] > 0 ? 1 : 0);
        var trained = HeadTrainer.Train(new LabeledFeatures(x, targets), 3, new TrainingOptions { Sigmoid = true, LearningRate = 0.02, Epochs = 15 });
        var p = trained.Head.Probabilities(x);
        var right = p.EnumerateIndexed().Count(e => (e.Item3 > 0.5f) == (targets[e.Item1, e.Item2] > 0.5f));
        Assert.InRange(right / 3000.0, 0.95, 1);
        Assert.InRange(trained.History.Epochs[^1].TrainAccuracy, 0.95, 1);
        Assert.Equal(Activation.Sigmoid, Assert.Single(Assert.IsType<MlpHead>(trained.Head).Layers).Activation);
        Assert.Equal(p, ClassifierHead.FromLayers(trained.Head.Layers).Probabilities(x));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    public void HiddenLayersLearnARing(double dropout)
    {
        // Inside and outside of a circle: no line separates them.
        var x = Gaussians.Make(2000, 2, 1, 0).Features;
        var data = new LabeledFeatures(x, [.. Enumerable.Range(0, 2000).Select(i => x.Row(i)[0] * x.Row(i)[0] + x.Row(i)[1] * x.Row(i)[1] > 1.4f ? 1 : 0)]);
        var options = new TrainingOptions { HiddenUnits = [32, 16], Dropout = dropout, Epochs = 30, LearningRate = 0.005 };
        var trained = HeadTrainer.Train(data, 2, options);
        Assert.InRange(Accuracy(trained.Head.Probabilities(x), data), 0.94, 1);
        Assert.InRange(Accuracy(HeadTrainer.Train(data, 2, options with { HiddenUnits = [] }).Head.Probabilities(x), data), 0, 0.7);
        Assert.Equal([32, 16], Assert.IsType<MlpHead>(trained.Head).HiddenUnits);
        Assert.Equal(trained.Head.Probabilities(x), ClassifierHead.FromLayers(trained.Head.Layers).Probabilities(x));
    }

    [Fact]
    public void TheEpochsLossIsThatOfTheHeadItReturns()
    {
        // The trained head, evaluated on its own, against what the packed network said of the validation rows.
        var (data, validation) = (Gaussians.Make(300, 21, 3, 1), Gaussians.Make(301, 21, 3, 1, seed: 8));
        foreach (var options in new[]
        {
            new TrainingOptions(), new TrainingOptions { Standardize = true }, new TrainingOptions { HiddenUnits = [17], Standardize = true, Dropout = 0.5 },
            new TrainingOptions { Optimizer = Optimizer.Lbfgs(), L2 = 0.01 },
        })
        {
            var trained = HeadTrainer.Train(data, 3, options, validation);
            var p = trained.Head.Probabilities(validation.Features);
            var loss = Enumerable.Range(0, validation.Count).Average(i => -Math.Log(p[i, validation.Labels[i]]));
            var epoch = trained.History.Epochs[trained.History.BestEpoch!.Value - 1];
            Assert.Equal(loss, epoch.ValidationLoss!.Value, 1e-5);
            Assert.Equal(Accuracy(p, validation), epoch.ValidationAccuracy!.Value, 1e-12);
        }
    }

    [Fact]
    public void StandardizingIgnoresScaleAndConstants()
    {
        var data = Gaussians.Make(400, 6, 3, 3);
        var stretched = Enumerable.Range(0, 400).SelectMany(i => data.Features.Row(i).ToArray().Select((v, d) => 100 + v * MathF.Pow(10, d - 3)).Append(5f)).ToArray();
        var other = new LabeledFeatures(new FeatureMatrix(stretched, 400, 7), data.Labels.ToArray());
        var options = new TrainingOptions { Standardize = true, Epochs = 20, LearningRate = 0.01 };
        Assert.InRange(Accuracy(HeadTrainer.Train(other, 3, options).Head.Probabilities(other.Features), other), 0.95, 1);
        Assert.All(HeadTrainer.Train(other, 3, options).Head.Layers[0].Weights[^3..], w => Assert.Equal(0, w));
    }

    [Fact]
    public void SampleWeightsOfZeroAreRowsThatAreNotThere()
    {
        var data = Gaussians.Make(200, 5, 2, 1);
        float[] weights = [.. Enumerable.Range(0, 200).Select(i => i < 100 ? 2f : 0f)];
        var options = new TrainingOptions { Optimizer = Optimizer.Lbfgs(), L2 = 0.01 };
        var weighted = HeadTrainer.Train(new LabeledFeatures(data.Features, data.Labels.ToArray(), weights), 2, options);
        var half = HeadTrainer.Train(data.Select([.. Enumerable.Range(0, 100)]), 2, options);
        Assert.InRange((weighted.Head.Probabilities(data.Features) - half.Head.Probabilities(data.Features)).Enumerate().Max(Math.Abs), 0, 1e-4);
    }

    [Fact]
    public void The_validation_loss_has_no_class_weights()
    {
        var (data, validation) = (Gaussians.Make(90, 5, 3, 1), Gaussians.Make(60, 5, 3, 1, seed: 8));
        foreach (var optimizer in new[] { Optimizer.Adam(), Optimizer.Lbfgs() })
        {
            var trained = HeadTrainer.Train(data, 3, new TrainingOptions { Epochs = 1, Optimizer = optimizer, ClassWeights = [10, 0.1, 3] }, validation);
            var p = trained.Head.Probabilities(validation.Features);
            var plain = Enumerable.Range(0, validation.Count).Average(i => -Math.Log(p[i, validation.Labels[i]]));
            Assert.Equal(plain, trained.History.Epochs[trained.History.BestEpoch!.Value - 1].ValidationLoss!.Value, 1e-5);
        }
    }

    [Fact]
    public void BalancedClassesAreClassWeights()
    {
        var data = Gaussians.Make(300, 5, 3, 1).Select([.. Enumerable.Range(0, 300).Where(i => i % 3 == 0 || i % 6 == 1 || i % 30 == 2)]);
        int[] counts = [100, 50, 10];
        var balanced = HeadTrainer.Train(data, 3, new TrainingOptions { BalanceClasses = true });
        var weighted = HeadTrainer.Train(data, 3, new TrainingOptions { ClassWeights = [.. counts.Select(n => 160 / (3.0 * n))] });
        Assert.Equal(balanced.Head.Layers[0].Weights, weighted.Head.Layers[0].Weights);
        Assert.NotEqual(balanced.Head.Layers[0].Weights, HeadTrainer.Train(data, 3).Head.Layers[0].Weights);
    }

    [Fact]
    public void PenaltiesShrinkAndEmpty()
    {
        var data = Gaussians.Make(400, 20, 2, 2);
        var options = new TrainingOptions { Epochs = 30, LearningRate = 0.01, Sigmoid = true, L2 = 0 };
        float[] WeightsOf(TrainingOptions o) => [.. ((SoftmaxHead)HeadTrainer.Train(data, 2, o).Head).Weights.Column(1)];
        var (plain, l2, l1) = (WeightsOf(options), WeightsOf(options with { L2 = 0.1 }), WeightsOf(options with { L1 = 0.05 }));
        Assert.True(l2.Sum(w => w * w) < 0.5 * plain.Sum(w => w * w));
        // Two coordinates tell the classes apart; L1 leaves little of the others.
        Assert.True(l1[2..].Max(Math.Abs) < 0.03);
        Assert.True(plain[2..].Max(Math.Abs) > 0.05);
    }

    [Fact]
    public void RandomBatchesAreDrawnWithReplacement()
    {
        var data = Gaussians.Make(50, 4, 2, 2);
        var options = new TrainingOptions { BatchSize = 100, Epochs = 3, GlorotStart = true };
        var trained = HeadTrainer.Train(data, 2, options with { RandomBatchesPerEpoch = 7 });
        Assert.Equal(21, trained.History.StepLosses.Count);
        Assert.Equal(3, trained.History.Epochs.Count);
        // A batch of the size of the data is not the data: losses differ from a full pass.
        Assert.NotEqual(HeadTrainer.Train(data, 2, options).History.StepLosses[0], trained.History.StepLosses[0]);
    }

    [Fact]
    public void PatienceStopsEarly()
    {
        var training = Gaussians.Make(300, 8, 3, 3);
        var misleading = new LabeledFeatures(training.Features, [.. training.Labels.ToArray().Select(label => (label + 1) % 3)]);
        var trained = HeadTrainer.Train(training, 3, new TrainingOptions { Epochs = 50, Patience = 3, LearningRate = 0.01 }, misleading);
        Assert.Equal(StopReason.EarlyStopped, trained.History.StopReason);
        Assert.Equal(4, trained.History.Epochs.Count);
        Assert.Equal(1, trained.History.BestEpoch);
        Assert.Contains("Patience", Assert.Throws<ArgumentException>(() => HeadTrainer.Train(training, 3, new TrainingOptions { Patience = 3 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFractionIsHeldOutClassByClass()
    {
        var data = Gaussians.Make(90, 4, 3, 2);
        var (training, validation) = HoldOut.Split(data, 0.2, 1);
        Assert.Equal([24, 24, 24], TrainingChecks.RowsPerClass(training, 3));
        Assert.Equal([6, 6, 6], TrainingChecks.RowsPerClass(validation, 3));
        var firsts = Enumerable.Range(0, 72).Select(i => training.Features.Row(i)[3]).Concat(Enumerable.Range(0, 18).Select(i => validation.Features.Row(i)[3]));
        Assert.Equal(Enumerable.Range(0, 90).Select(i => data.Features.Row(i)[3]).Order(), firsts.Order());

        var trained = HeadTrainer.Train(data, 3, new TrainingOptions { Epochs = 6, ValidationFraction = 0.2 });
        Assert.All(trained.History.Epochs, epoch => Assert.NotNull(epoch.ValidationLoss));
        Assert.Equal(3 * 6, trained.History.StepLosses.Count);
        Assert.Throws<ArgumentException>(() => HeadTrainer.Train(data, 3, new TrainingOptions { ValidationFraction = 0.2 }, data));
        Assert.Throws<ArgumentException>(() => HeadTrainer.Train(Gaussians.Make(3, 4, 3, 2), 3, new TrainingOptions { ValidationFraction = 0.2 }));
    }

    [Fact]
    public void FoldsTakeEveryRowOnce()
    {
        var data = Gaussians.Make(31, 4, 3, 2);
        var folds = HoldOut.Folds(data, 4, 1).ToList();
        Assert.All(folds, fold => Assert.Equal(31, fold.Training.Count + fold.Validation.Count));
        Assert.Equal([8, 8, 8, 7], folds.Select(fold => fold.Validation.Count));
        var held = folds.SelectMany(fold => Enumerable.Range(0, fold.Validation.Count).Select(i => fold.Validation.Features.Row(i)[3]));
        Assert.Equal(Enumerable.Range(0, 31).Select(i => data.Features.Row(i)[3]).Order(), held.Order());
        Assert.All(folds, fold => Assert.All(TrainingChecks.RowsPerClass(fold.Validation, 3), count => Assert.InRange(count, 1, 4)));
    }

    /// <summary>Thirty rows in three groups have three folds at most; the fourth would be empty, and its mean no number.</summary>
    [Fact]
    public void MoreFoldsThanGroupsAreRefused()
    {
        var data = Gaussians.Make(30, 4, 3, 2);
        var grouped = new LabeledFeatures(data.Features, data.Labels.ToArray()) { Groups = [.. Enumerable.Range(0, 30).Select(i => i % 3)] };
        Assert.Equal(3, HoldOut.Folds(grouped, 3, 1).Count());
        Refuses("4 folds of 3 groups", () => HoldOut.FoldOfRow(grouped, 4, 1));
        Refuses("4 folds of 3 groups", () => HeadTrainer.CrossValidate(grouped, 3, 4));
        Refuses("4 folds of 3 groups", () => ClassifierHead.Tune(grouped, 3, new TuningOptions { FoldCount = 4 }));
    }

    [Fact]
    public void CrossValidationTrainsAHeadAFold()
    {
        var heads = HeadTrainer.CrossValidate(Gaussians.Make(300, 6, 3, 5), 3, 3, new TrainingOptions { LearningRate = 0.02 });
        Assert.Equal(3, heads.Count);
        Assert.InRange(heads.Average(head => head.History.Epochs[head.History.BestEpoch!.Value - 1].ValidationAccuracy!.Value), 0.97, 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => HeadTrainer.CrossValidate(Gaussians.Make(30, 6, 3, 5), 3, 1));
    }

    [Fact]
    public void CrossValidationTrainsOnTheFoldsOfItsSeedAndReportsEveryEpoch()
    {
        var data = Gaussians.Make(90, 6, 3, 5);
        var options = new TrainingOptions { Epochs = 2, Seed = 8, Threads = 1 };
        var epochs = new Epochs();
        var heads = HeadTrainer.CrossValidate(data, 3, 3, options, epochs);
        var expected = HoldOut.Folds(data, 3, 8).Select(fold => HeadTrainer.Train(fold.Training, 3, options, fold.Validation)).ToList();
        Assert.Equal(expected.Select(head => head.Head.Probabilities(data.Features)), heads.Select(head => head.Head.Probabilities(data.Features)));
        Assert.Equal([1, 2, 1, 2, 1, 2], epochs.Seen);
    }

    [Fact]
    public void ContradictionsAreNamed()
    {
        var data = Gaussians.Make(30, 4, 3, 1);
        var labels = new LabeledFeatures(data.Features, Matrix<float>.Build.Dense(30, 3));
        Refuses("TrainingOptions.Sigmoid", () => HeadTrainer.Train(labels, 3));
        Refuses("tells two classes apart, but there are 3", () => HeadTrainer.Train(data, 3, new TrainingOptions { Sigmoid = true }));
        Refuses("3 classes but 2 class weights", () => HeadTrainer.Train(data, 3, new TrainingOptions { ClassWeights = [1, 2] }));
        Refuses("ClassWeights and BalanceClasses", () => HeadTrainer.Train(data, 3, new TrainingOptions { ClassWeights = [1, 2, 1], BalanceClasses = true }));
        Refuses("training rows have 3 labels each, but there are 4 classes", () => HeadTrainer.Train(labels, 4, new TrainingOptions { Sigmoid = true }));
        Refuses("validation rows have one class each", () => HeadTrainer.Train(labels, 3, new TrainingOptions { Sigmoid = true }, data));
        Refuses("Target 1 of row 2 is 2", () => new LabeledFeatures(data.Features, Matrix<float>.Build.Dense(30, 3, (i, c) => i == 2 && c == 1 ? 2 : 0)));
        Refuses("30 feature vectors but 29 sample weights", () => new LabeledFeatures(data.Features, new int[30], new float[29]));
        Refuses("sample weight of row 4 is -1", () => new LabeledFeatures(data.Features, new int[30], [.. Enumerable.Range(0, 30).Select(i => i == 4 ? -1f : 1f)]));
        Refuses("HiddenUnits[1] is 0", () => new TrainingOptions { HiddenUnits = [3, 0] });
        Refuses("ClassWeights[0] is -1", () => new TrainingOptions { ClassWeights = [-1] });
    }

    private static double Accuracy(Matrix<float> probabilities, LabeledFeatures data)
    {
        var labels = data.Labels.ToArray();
        return labels.Where((label, i) => probabilities.Row(i).MaximumIndex() == label).Count() / (double)labels.Length;
    }

    private static void Refuses(string message, Func<object> action) =>
        Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(action).Message, StringComparison.Ordinal);

    private sealed class Epochs : IProgress<EpochMetrics>
    {
        internal List<int> Seen { get; } = [];

        public void Report(EpochMetrics value) => Seen.Add(value.Epoch);
    }
}
