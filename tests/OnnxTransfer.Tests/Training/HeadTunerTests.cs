using OnnxTransfer.Training;
using OnnxTransfer.Training.Tuning;

namespace OnnxTransfer.Tests.Training;

public sealed class HeadTunerTests
{
    private static readonly double[] s_values = [1, 0.1, 0.01, 0.001];

    [Fact]
    public void AHiddenLayerIsTakenOnlyWhereItIsNeeded()
    {
        // Exclusive or: no linear head tells the classes apart, and a hidden layer does.
        var random = new SeededRandom(5, SeededRandom.Purpose.Order);
        var values = new float[600 * 2];
        for (var i = 0; i < values.Length; i++) values[i] = (random.NextSingle() < 0.5f ? -1 : 1) + (random.NextSingle() - 0.5f) * 0.6f;
        int[] labels = [.. Enumerable.Range(0, 600).Select(n => values[2 * n] * values[2 * n + 1] > 0 ? 1 : 0)];
        var xor = new LabeledFeatures(new FeatureMatrix(values, 600, 2), labels);
        var options = new TuningOptions { FoldCount = 3, HiddenUnits = [32, 16, 32] };
        var needed = ClassifierHead.Tune(xor, 2, options);
        Assert.Equal([16, 32], needed.HiddenLayers.Select(layer => layer.Units));
        Assert.Contains(needed.ChosenHiddenLayer, needed.HiddenLayers);
        Assert.InRange(needed.ChosenHiddenLayer!.Accuracy, 0.9, 1);
        Assert.InRange(needed.Best.Accuracy, 0.3, 0.7);
        Assert.Equal(2, needed.Trained.Head.Layers.Count);
        Assert.Equal(needed.HiddenLayers, ClassifierHead.Tune(xor, 2, options with { Threads = 3 }).HiddenLayers);
        Assert.Equal(16, ClassifierHead.Tune(xor, 2, options with { OneStandardError = true, HiddenUnits = [16] }).ChosenHiddenLayer!.Units);

        var plain = ClassifierHead.Tune(Gaussians.Make(300, 6, 3, 2), 3, options);
        Assert.Null(plain.ChosenHiddenLayer);
        Assert.Equal(2, plain.HiddenLayers.Count);
        Assert.Single(plain.Trained.Head.Layers);
        Assert.Empty(ClassifierHead.Tune(xor, 2, options with { HiddenUnits = [] }).HiddenLayers);
    }

    [Fact]
    public void Every_head_of_the_path_is_at_the_optimum_that_float64_finds()
    {
        var data = Gaussians.Make(60, 7, 3, 1);
        var folds = HoldOut.FoldOfRow(data, 3, seed: 1);
        var path = PenaltyPath.Solve(new MemoryRows(data), 3, folds, s_values, standardize: false, threads: 1, CancellationToken.None);
        for (var v = 0; v < s_values.Length; v++)
        {
            for (var fold = 0; fold < 3; fold++)
            {
                var head = path[v][fold];
                var optimum = Optimum(data, 3, row => folds[row] != fold, s_values[v] * 60 / head.RowCount);
                Assert.True(head.IsDone);
                Assert.InRange(head.Value, optimum - 1e-6, optimum + 1e-5);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Folds_that_share_each_pass_give_what_separate_trainings_give(bool standardize)
    {
        var data = Gaussians.Make(90, 40, 4, 2);
        // Standardization is that of all rows, so the separate trainings get standardized rows.
        var map = Standardization.Of(new MemoryRows(data).Moments);
        float[] values = [.. data.Features.Values.ToArray().Select((x, i) => standardize ? (x - map.Mean[i % 40]) * map.Scale[i % 40] : x)];
        var given = new LabeledFeatures(new FeatureMatrix(values, 90, 40), data.Labels.ToArray());
        var folds = HoldOut.FoldOfRow(data, 3, seed: 4);
        var path = PenaltyPath.Solve(new MemoryRows(data), 4, folds, s_values, standardize, threads: 2, CancellationToken.None);
        for (var v = 0; v < s_values.Length; v++)
        {
            foreach (var (fold, (training, held)) in HoldOut.Folds(given, 3, seed: 4).Index())
            {
                var options = new TrainingOptions { Optimizer = Optimizer.Lbfgs(), L2 = s_values[v] * 90 / training.Count };
                var epoch = HeadTrainer.Train(training, 4, options, held).History.Epochs[0];
                Assert.Equal(epoch.TrainLoss, path[v][fold].Score.TrainingLoss, 2e-3);
                Assert.Equal(epoch.ValidationLoss!.Value, path[v][fold].Score.Loss, 5e-3);
                Assert.Equal(epoch.ValidationAccuracy!.Value, path[v][fold].Score.Accuracy, 0.04);
            }
        }
    }

    [Fact]
    public void The_same_bits_come_from_any_number_of_threads()
    {
        var data = Gaussians.Make(600, 300, 5, 2);
        var options = new TuningOptions { Standardize = false, Values = s_values, FoldCount = 4, Threads = 1 };
        var (one, three) = (HeadTuner.Tune(data, 5, options), HeadTuner.Tune(data, 5, options with { Threads = 3 }));
        Assert.Equal(one.Points, three.Points);
        Assert.Equal(one.NeighborAccuracy, three.NeighborAccuracy);
        Assert.Equal(one.Trained.Head.Layers[0].Weights, three.Trained.Head.Layers[0].Weights);
    }

    [Fact]
    public void The_lowest_log_loss_is_chosen_or_the_largest_L2_within_one_standard_error()
    {
        var data = Gaussians.Make(120, 30, 3, 1.5);
        var lowest = HeadTuner.Tune(data, 3, new TuningOptions { Standardize = false });
        Assert.Equal(13, lowest.Points.Count);
        Assert.Equal(lowest.Points.Min(point => point.Loss), lowest.Best.Loss);
        Assert.Same(lowest.Best, lowest.Chosen);
        Assert.Equal(lowest.Chosen.L2, lowest.Trained.History.L2);
        Assert.False(lowest.IsAtTheEnd);

        var simpler = HeadTuner.Tune(data, 3, new TuningOptions { Standardize = false, OneStandardError = true });
        Assert.Equal(lowest.Points, simpler.Points);
        Assert.Equal(lowest.Best, simpler.Best);
        Assert.Same(simpler.Chosen, simpler.Simplest);
        var bound = simpler.Best.Loss + simpler.Best.LossError;
        Assert.True(simpler.Chosen.L2 > simpler.Best.L2);
        Assert.True(simpler.Chosen.Loss <= bound);
        Assert.All(simpler.Points.Where(point => point.L2 > simpler.Chosen.L2), point => Assert.True(point.Loss > bound));
    }

    [Fact]
    public void Of_equal_losses_the_largest_L2_and_plain_features_are_chosen()
    {
        var nothing = new LabeledFeatures(new FeatureMatrix(new float[40 * 3], 40, 3), [.. Enumerable.Range(0, 40).Select(i => i % 2)]);
        var result = HeadTuner.Tune(nothing, 2);
        Assert.Equal(26, result.Points.Count);
        Assert.Equal(result.Points.Max(point => point.L2), result.Chosen.L2);
        Assert.False(result.Chosen.Standardize);
        Assert.True(result.IsAtTheEnd);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(false, 40)]
    public void The_L2_of_a_training_without_tuning_is_in_the_middle_of_the_values(bool standardize, float unit)
    {
        var data = Gaussians.Make(40, 12, 2, 1);
        var scaled = new LabeledFeatures(new FeatureMatrix([.. data.Features.Values.ToArray().Select(x => unit * x)], 40, 12), data.Labels.ToArray());
        var points = HeadTuner.Tune(scaled, 2, new TuningOptions { Standardize = standardize }).Points;
        Assert.Equal(AutomaticL2.Of(new TrainingOptions { Standardize = standardize }, new MemoryRows(scaled)), points[6].L2);
        Assert.Equal(1000, points[0].L2 / points[^1].L2, 1e-6);
    }

    /// <summary>A feature of small numbers that says the class, among large ones that say nothing: only standardized ones can be used.</summary>
    [Fact]
    public void Standardized_features_are_chosen_where_they_are_better_by_far()
    {
        var data = Gaussians.Make(100, 6, 2, 0);
        float[] values = [.. data.Features.Values.ToArray().Select((x, i) => i % 6 == 0 ? 1e-3f * (x + (4 * data.Labels[i / 6])) : x)];
        var result = HeadTuner.Tune(new LabeledFeatures(new FeatureMatrix(values, 100, 6), data.Labels.ToArray()), 2);
        Assert.True(result.Chosen.Standardize);
        Assert.Equal(result.Points.Min(point => point.Loss), result.Chosen.Loss);
    }

    [Fact]
    public void Standardized_features_that_are_hardly_better_are_not_chosen()
    {
        var closeCalls = 0;
        for (var seed = 1; seed <= 12; seed++)
        {
            // Every second feature is in a unit that makes it smaller than it should be.
            var data = Gaussians.Make(60, 20, 3, 1.5, seed);
            float[] values = [.. data.Features.Values.ToArray().Select((x, i) => i % 2 == 0 ? 0.5f * x : x)];
            var result = HeadTuner.Tune(new LabeledFeatures(new FeatureMatrix(values, 60, 20), data.Labels.ToArray()), 3);
            var (plain, standardized) = (Lowest(result, false), Lowest(result, true));
            var isBetter = plain.Loss - standardized.Loss > Math.Max(plain.LossError, standardized.LossError);
            Assert.Same(isBetter ? standardized : plain, result.Chosen);
            if (standardized.Loss < plain.Loss && !isBetter) closeCalls++;
        }

        Assert.InRange(closeCalls, 1, 12);

        static TuningPoint Lowest(TuningResult result, bool standardize) => result.Points.Where(point => point.Standardize == standardize).MinBy(point => point.Loss)!;
    }

    [Fact]
    public void Neighbors_show_whether_a_head_is_needed()
    {
        var options = new TuningOptions { Standardize = false, Values = s_values };
        Assert.Equal(new FoldMean(1, 0), HeadTuner.Tune(Gaussians.Make(120, 30, 3, 20), 3, options).NeighborAccuracy);
        var guessed = HeadTuner.Tune(Gaussians.Make(300, 30, 3, 0), 3, options).NeighborAccuracy;
        Assert.InRange(guessed.Mean, 0.2, 0.47);
        Assert.InRange(guessed.StandardError, 0.001, 0.1);
    }

    [Fact]
    public void The_values_of_DINO_are_those_of_its_C()
    {
        var values = TuningOptions.DinoValues(100);
        Assert.Equal(45, values.Count);
        Assert.Equal(1e6 / 100, values[0], 1e-6);
        Assert.Equal(1e-5 / 100, values[^1], 1e-15);
    }

    [Fact]
    public void What_cannot_be_tuned_is_refused()
    {
        var data = Gaussians.Make(12, 4, 3, 1);
        Assert.Contains("5 folds need at least 5 rows of each class, but the smallest class has 4", Assert.Throws<ArgumentException>(() => HeadTuner.Tune(data, 3)).Message, StringComparison.Ordinal);
        var labels = new LabeledFeatures(data.Features, MathNet.Numerics.LinearAlgebra.Matrix<float>.Build.Dense(12, 3));
        Assert.Contains("multiple labels", Assert.Throws<ArgumentException>(() => HeadTuner.Tune(labels, 3)).Message, StringComparison.Ordinal);
        Assert.Contains("Values is empty", Assert.Throws<ArgumentException>(() => HeadTuner.Tune(data, 3, new TuningOptions { Values = [] })).Message, StringComparison.Ordinal);
        using var canceled = new CancellationTokenSource();
        canceled.Cancel();
        Assert.Throws<OperationCanceledException>(() => HeadTuner.Tune(data, 3, new TuningOptions { FoldCount = 2 }, canceled.Token));
    }

    /// <summary>The least objective by plain gradient descent in float64.</summary>
    private static double Optimum(LabeledFeatures data, int classes, Func<int, bool> isTraining, double l2)
    {
        int[] rows = [.. Enumerable.Range(0, data.Count).Where(isTraining)];
        var dim = data.Features.Dim;
        double[][] x = [.. rows.Select(row => data.Features.Row(row).ToArray().Select(value => (double)value).Append(1).ToArray())];
        var weights = new double[dim + 1, classes];
        var objective = 0.0;
        var z = new double[classes];
        for (var step = 0; step < 3000; step++)
        {
            var gradient = new double[dim + 1, classes];
            objective = 0;
            for (var n = 0; n < rows.Length; n++)
            {
                var all = 0.0;
                for (var c = 0; c < classes; c++)
                {
                    z[c] = 0;
                    for (var d = 0; d <= dim; d++) z[c] += x[n][d] * weights[d, c];
                    all += Math.Exp(z[c]);
                }

                objective -= (z[data.Labels[rows[n]]] - Math.Log(all)) / rows.Length;
                for (var c = 0; c < classes; c++)
                {
                    var error = (Math.Exp(z[c]) / all - (data.Labels[rows[n]] == c ? 1 : 0)) / rows.Length;
                    for (var d = 0; d <= dim; d++) gradient[d, c] += error * x[n][d];
                }
            }

            for (var c = 0; c < classes; c++)
            {
                for (var d = 0; d <= dim; d++)
                {
                    if (d < dim)
                    {
                        objective += l2 / 2 * weights[d, c] * weights[d, c];
                        gradient[d, c] += l2 * weights[d, c];
                    }

                    weights[d, c] -= 0.4 * gradient[d, c];
                }
            }
        }

        return objective;
    }
}
