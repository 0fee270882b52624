using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

/// <summary>What the training chooses where the options leave it open: how many steps, and how much L2.</summary>
public sealed class AutomaticTrainingTests
{
    [Theory]
    [InlineData(10, 2, 200)]
    [InlineData(300, 3, 200)]
    [InlineData(5000, 3, 2 * 157)]
    public void A_training_has_at_least_two_windows_of_steps_and_ends_where_the_objective_has_settled(int rows, int classes, int leastSteps)
    {
        var history = HeadTrainer.Train(Gaussians.Make(rows, 12, classes, 2), classes).History;
        Assert.Equal(StopReason.Converged, history.StopReason);
        Assert.InRange(history.StepLosses.Count, leastSteps, 10_000);
        // Whole epochs, all of them recorded.
        Assert.Equal(0, history.StepLosses.Count % history.Epochs.Count);
        Assert.Equal(history.Epochs.Count, history.BestEpoch);
    }

    [Fact]
    public void It_comes_near_the_optimum_of_its_own_objective()
    {
        var data = Gaussians.Make(60, 30, 3, 3);
        var adam = HeadTrainer.Train(data, 3);
        var optimum = HeadTrainer.Train(data, 3, new TrainingOptions { Optimizer = Optimizer.Lbfgs() });
        Assert.Equal(adam.History.L2, optimum.History.L2);
        var (ours, best) = (Objective(data, adam), Objective(data, optimum));
        Assert.InRange(ours, best, best * 1.25 + 0.02);
    }

    [Fact]
    public void Windows_end_with_whole_epochs_and_the_first_that_gains_little_is_the_last()
    {
        var settling = new Settling(stepsPerEpoch: 40);
        Assert.Equal(300, settling.MostEpochs);
        var asked = 0;
        double Penalty() => 0.1 * ++asked / asked;
        // Three epochs of 40 steps are a window: 1.1, 0.6, 0.59.
        bool[] settled = [.. new[] { 1.0, 1, 1, 0.5, 0.5, 0.5, 0.49, 0.49, 0.49 }.Select(loss => settling.Add(loss, Penalty))];
        Assert.Equal([false, false, false, false, false, false, false, false, false], settled);
        Assert.Equal(3, asked);
        Assert.Equal([false, false, true], new[] { 0.485, 0.485, 0.485 }.Select(loss => settling.Add(loss, Penalty)));
    }

    [Fact]
    public void A_training_that_never_settles_ends_after_a_hundred_windows()
    {
        var settling = new Settling(stepsPerEpoch: 1000);
        Assert.Equal(100, settling.MostEpochs);
        Assert.Equal(10_000, new Settling(stepsPerEpoch: 1).MostEpochs);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_number_of_epochs_means_exactly_that(int epochs)
    {
        var history = HeadTrainer.Train(Gaussians.Make(100, 8, 2, 3), 2, new TrainingOptions { Epochs = epochs }).History;
        Assert.Equal(epochs, history.Epochs.Count);
        Assert.Equal(epochs * 4, history.StepLosses.Count);
        Assert.Equal(StopReason.Completed, history.StopReason);
    }

    [Fact]
    public void L2_follows_the_unit_of_the_features_and_the_number_of_rows()
    {
        var data = Gaussians.Make(300, 10, 3, 1);
        float[] doubled = [.. data.Features.Values.ToArray().Select(x => 2 * x + 5)];
        var scaled = new LabeledFeatures(new FeatureMatrix(doubled, 300, 10), data.Labels.ToArray());
        var options = new TrainingOptions();
        var plain = AutomaticL2.Of(options, new MemoryRows(data));
        Assert.InRange(plain, 0.04, 0.07);
        Assert.Equal(4, AutomaticL2.Of(options, new MemoryRows(scaled)) / plain, 1e-4);
        Assert.Equal(0.05, AutomaticL2.Of(options with { Standardize = true }, new MemoryRows(data)));
        Assert.Equal(0.01, AutomaticL2.Of(options with { Standardize = true }, new MemoryRows(Gaussians.Make(10_000, 2, 2, 1))), 1e-12);

        // The optimum then has the same probabilities, whatever the unit.
        var lbfgs = new TrainingOptions { Optimizer = Optimizer.Lbfgs() };
        var (p, q) = (HeadTrainer.Train(data, 3, lbfgs).Head.Probabilities(data.Features), HeadTrainer.Train(scaled, 3, lbfgs).Head.Probabilities(scaled.Features));
        Assert.InRange((p - q).Enumerate().Max(Math.Abs), 0, 1e-3);
    }

    [Fact]
    public void L2_is_left_out_where_other_means_hold_the_weights_and_taken_where_it_is_given()
    {
        var data = Gaussians.Make(30, 4, 2, 1);
        var options = new TrainingOptions();
        TrainingOptions[] without = [options with { L1 = 0.1 }, options with { HiddenUnits = [3] }, options with { Optimizer = Optimizer.AdamW() }, options with { L2 = 0 }];
        Assert.All(without, one => Assert.Equal(0, AutomaticL2.Of(one, new MemoryRows(data))));
        Assert.All(without, one => Assert.Equal(0.3, AutomaticL2.Of(one with { L2 = 0.3 }, new MemoryRows(data))));
        Assert.True(AutomaticL2.Of(options with { Optimizer = Optimizer.AdamW(weightDecay: 0) }, new MemoryRows(data)) > 0);
        Assert.Equal(0.3, HeadTrainer.Train(data, 2, options with { L2 = 0.3, Epochs = 1 }).History.L2);
    }

    [Fact]
    public void Separable_rows_without_any_limit_are_reported()
    {
        var apart = Gaussians.Make(30, 4, 2, 20);
        var mixed = Gaussians.Make(300, 4, 2, 0.2);
        TrainingOptions[] unlimited = [new() { L2 = 0 }, new() { L2 = 0, Optimizer = Optimizer.Lbfgs() }];
        TrainingOptions[] limited = [new(), new() { Optimizer = Optimizer.Lbfgs() }, new() { L2 = 0, LabelSmoothing = 0.1 }, new() { L2 = 0, Optimizer = Optimizer.AdamW() }, new() { L1 = 0.01 }];
        Assert.All(unlimited, options => Assert.True(HeadTrainer.Train(apart, 2, options).History.IsUnbounded));
        Assert.All(unlimited, options => Assert.False(HeadTrainer.Train(mixed, 2, options).History.IsUnbounded));
        Assert.All(limited, options => Assert.False(HeadTrainer.Train(apart, 2, options).History.IsUnbounded));
        Assert.False(HeadTrainer.Train(apart, 2, unlimited[0], mixed).History.IsUnbounded);
    }

    [Fact]
    public void Centering_changes_the_path_and_not_the_objective()
    {
        var data = Gaussians.Make(80, 6, 2, 1);
        float[] moved = [.. data.Features.Values.ToArray().Select(x => x + 3)];
        var far = new LabeledFeatures(new FeatureMatrix(moved, 80, 6), data.Labels.ToArray());
        var options = new TrainingOptions { Epochs = 400, BatchSize = 80, LearningRate = 0.02, L2 = 0.05 };
        var (centered, plain) = (HeadTrainer.Train(far, 2, options), HeadTrainer.Train(far, 2, options with { Center = false }));
        Assert.NotEqual(centered.History.StepLosses, plain.History.StepLosses);
        // The same optimum, and a head that takes plain features.
        Assert.InRange((centered.Head.Probabilities(far.Features) - plain.Head.Probabilities(far.Features)).Enumerate().Max(Math.Abs), 0, 0.02);
        // Where the features lie makes no difference to a centered training.
        var near = HeadTrainer.Train(data, 2, options);
        Assert.InRange((centered.Head.Probabilities(far.Features) - near.Head.Probabilities(data.Features)).Enumerate().Max(Math.Abs), 0, 1e-3);
    }

    [Fact]
    public void A_schedule_that_ends_with_the_last_step_needs_their_number()
    {
        var options = new TrainingOptions { Schedule = LearningRateSchedule.Cosine() };
        var error = Assert.Throws<ArgumentException>(options.Validate);
        Assert.Contains("TrainingOptions.Epochs", error.Message, StringComparison.Ordinal);
        (options with { Epochs = 2 }).Validate();
    }

    [Fact]
    public void The_same_bits_come_from_any_number_of_threads()
    {
        var data = Gaussians.Make(900, 700, 4, 1);
        var one = HeadTrainer.Train(data, 4, new TrainingOptions { Threads = 1, BatchSize = 900 });
        var four = HeadTrainer.Train(data, 4, new TrainingOptions { Threads = 4, BatchSize = 900 });
        Assert.Equal(one.History.StepLosses, four.History.StepLosses);
        Assert.Equal(one.Head.Layers[0].Weights, four.Head.Layers[0].Weights);
    }

    private static double Objective(LabeledFeatures data, TrainedHead trained)
    {
        var p = trained.Head.Probabilities(data.Features);
        var loss = Enumerable.Range(0, data.Count).Average(n => -Math.Log(p[n, data.Labels[n]]));
        return loss + trained.History.L2 / 2 * trained.Head.Layers[0].Weights.Sum(w => (double)w * w);
    }
}
