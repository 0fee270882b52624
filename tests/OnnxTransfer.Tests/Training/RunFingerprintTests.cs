using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

public sealed class RunFingerprintTests
{
    [Fact]
    public void NamesWhatDecidesTheWeightsAndNothingElse()
    {
        var data = Gaussians.Make(20, 4, 2, 1);
        var options = new TrainingOptions();
        var history = new TrainingHistory(new EpochMetrics(0, Math.Log(2), 0.5, null, null, 0), [], [], [], null, StopReason.Completed);
        string Of(LabeledFeatures rows, TrainingOptions o, string backbone = "b") => RunFingerprint.Of(rows, null, 2, o, history, backbone);

        var text = Of(data, options);
        Assert.Equal(text, Of(Gaussians.Make(20, 4, 2, 1), options with { Threads = 7 }));
        string[] others =
        [
            Of(Gaussians.Make(20, 4, 2, 1, seed: 8), options), Of(data, options with { Seed = 2 }), Of(data, options with { L2 = 0 }),
            Of(data, options with { Optimizer = Optimizer.Adam(epsilon: 1e-8) }), Of(data, options, "c"),
            Of(data, options with { Schedule = LearningRateSchedule.Exponential(0.5, 10) }), Of(data, options with { HiddenUnits = [3] }),
            Of(new LabeledFeatures(data.Features, data.Labels.ToArray(), [.. Enumerable.Repeat(2f, 20)]), options), RunFingerprint.Of(data, data, 2, options, history, "b"),
        ];
        Assert.DoesNotContain(text, others);
        Assert.Equal(others.Length, others.Distinct().Count());
    }
}
