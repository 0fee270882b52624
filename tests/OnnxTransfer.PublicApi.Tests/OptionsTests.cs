using OnnxTransfer.Heads;

namespace OnnxTransfer.PublicApi.Tests;

/// <summary>A wrong option is refused before the first image is read: these images do not exist.</summary>
public sealed class OptionsTests
{
    private static readonly ImageDataset s_threeClasses =
        ImageDataset.FromItems(from label in new[] { "a", "b", "c" } from i in Enumerable.Range(0, 20) select new LabeledImage($"missing/{label}{i}.jpg", label));

    [Theory]
    [InlineData(5)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void A_share_of_bad_images_is_from_0_to_1(double share) => Assert.Throws<ArgumentOutOfRangeException>(() => new DataOptions { MaxBad = share });

    [Fact]
    public void Negative_threads_batches_and_devices_are_refused()
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => new FeatureExtractorOptions { Threads = -1 });
        Assert.StartsWith("Threads is -1, but must be at least 0, where 0 is one per core.", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new FeatureExtractorOptions { DeviceId = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DataOptions { EmbeddingBatchSize = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new TrainingOptions { Threads = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new TrainingOptions { BatchSize = -1 });
        Assert.Equal(0, new FeatureExtractorOptions { Threads = 0 }.Threads);
    }

    [Fact]
    public void Options_that_contradict_the_images_are_refused()
    {
        ImageClassifier.CheckTraining(s_threeClasses, new TrainingOptions { Patience = 2 });
        var noValidation = new DataOptions { Split = new SplitPercentages(90, 0, 10) };
        Assert.Contains("Patience", Assert.Throws<ArgumentException>(() => ImageClassifier.CheckTraining(s_threeClasses, new TrainingOptions { Patience = 2 }, noValidation)).Message, StringComparison.Ordinal);
        Assert.Contains("3", Assert.Throws<ArgumentException>(() => ImageClassifier.CheckTraining(s_threeClasses, new TrainingOptions { Sigmoid = true })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ImageClassifier.CheckTraining(s_threeClasses, new TrainingOptions { ClassWeights = [1, 2] }));
    }
}
