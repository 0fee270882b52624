using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

/// <summary>The first weights of a head that gains classes.</summary>
public sealed class HeadGrowthTests
{
    [Fact]
    public void Old_classes_keep_their_weights_and_a_new_one_starts_at_its_mean()
    {
        var old = ClassifierHead.FromWeights(Matrix<float>.Build.DenseOfArray(new float[,] { { 2, -2 }, { 0, 0 }, { 1, -1 } }), Vector<float>.Build.DenseOfArray([0.5f, -0.5f]));
        var rows = new LabeledFeatures(new FeatureMatrix([3, 0, 0, -3, 0, 0, 0, 4, 0, 0, 6, 0], 4, 3), [0, 1, 2, 2]);
        var start = HeadGrowth.Start(old, [0, 1, -1], rows)!.OutputLayer();
        Assert.Equal(old.OutputLayer().Weights, start.Weights.SubMatrix(0, 3, 0, 2));
        Assert.Equal([0.5f, -0.5f], start.Bias.Take(2));

        // Means (3,0,0), (-3,0,0), (0,5,0); their center (0,5/3,0): the direction is that of the second feature, as long as (2,0,1).
        Assert.Equal([0, Math.Sqrt(5), 0], start.Weights.Column(2).Select(value => (double)value), (a, b) => Math.Abs(a - b) < 1e-5);
        // The old classes have the logits 6.5 and 5.5 at their own means.
        Assert.Equal(6 - (5 * Math.Sqrt(5)), start.Bias[2], 1e-4);
    }

    [Fact]
    public void A_removed_class_leaves_the_others_as_they_were()
    {
        var random = new Random(3);
        var old = ClassifierHead.FromWeights(Matrix<float>.Build.Dense(4, 3, (_, _) => random.NextSingle()), Vector<float>.Build.Dense(3, _ => random.NextSingle()));
        var features = new FeatureMatrix([.. Enumerable.Range(0, 16).Select(_ => random.NextSingle())], 4, 4);
        var probabilities = old.Probabilities(features);
        var rows = new LabeledFeatures(features, [.. Enumerable.Range(0, 4).Select(row => probabilities[row, 2] > probabilities[row, 0] ? 0 : 1)]);
        var start = HeadGrowth.Start(old, [2, 0], rows)!.OutputLayer();
        Assert.Equal(old.OutputLayer().Weights.Column(2), start.Weights.Column(0));
        Assert.Equal(old.OutputLayer().Weights.Column(0), start.Weights.Column(1));
    }

    /// <summary>A start is the same head in the parameters of the training: one tiny step leaves its probabilities where they were.</summary>
    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(true, true, false)]
    [InlineData(false, false, true)]
    [InlineData(true, true, true)]
    public void Training_begins_at_the_start(bool standardize, bool lbfgs, bool sigmoid)
    {
        var random = new Random(5);
        var classes = sigmoid ? 2 : 3;
        var start = ClassifierHead.FromWeights(Matrix<float>.Build.Dense(4, classes, (_, _) => random.NextSingle() - 0.5f), Vector<float>.Build.Dense(classes, _ => random.NextSingle()));
        // The last feature never varies.
        var features = new FeatureMatrix([.. Enumerable.Range(0, 40).Select(i => i % 4 == 3 ? 2 : random.NextSingle() * 3)], 10, 4);
        var rows = new LabeledFeatures(features, [.. Enumerable.Range(0, 10).Select(i => i % classes)]);
        var options = new TrainingOptions
        {
            Epochs = 1, LearningRate = 1e-9, Standardize = standardize, Sigmoid = sigmoid,
            // So large a tolerance that it ends where it starts.
            Optimizer = lbfgs ? Optimizer.Lbfgs(gradientTolerance: 1e9) : Optimizer.Sgd(),
        };
        var trained = HeadTrainer.TrainFrom(start, rows, classes, options, null, null, CancellationToken.None).Head;
        var (expected, actual) = (start.Probabilities(features), trained.Probabilities(features));
        Assert.True((expected - actual).Enumerate().Max(Math.Abs) < 1e-5, $"{expected - actual}");
    }

    [Fact]
    public void Weights_that_are_worse_than_a_guess_are_no_start()
    {
        var old = ClassifierHead.FromWeights(Matrix<float>.Build.DenseOfArray(new float[,] { { 9, -9 } }), Vector<float>.Build.Dense(2));
        Assert.Null(HeadGrowth.Start(old, [0, 1], new LabeledFeatures(new FeatureMatrix([-1, 1], 2, 1), [0, 1])));
        Assert.NotNull(HeadGrowth.Start(old, [0, 1], new LabeledFeatures(new FeatureMatrix([1, -1], 2, 1), [0, 1])));
    }

    [Fact]
    public void A_head_with_hidden_layers_has_no_start()
    {
        var rows = new LabeledFeatures(new FeatureMatrix([1, 0, 0, 1], 2, 2), [0, 1]);
        var deep = HeadTrainer.Train(rows, 2, new TrainingOptions { HiddenUnits = [3], Epochs = 1 }).Head;
        Assert.Null(HeadGrowth.Start(deep, [0, 1], rows));
    }
}
