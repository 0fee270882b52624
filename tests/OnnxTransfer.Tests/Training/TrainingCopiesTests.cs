using System.Collections.Concurrent;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Training;

/// <summary>Copies of training images as further rows.</summary>
public sealed class TrainingCopiesTests : IDisposable
{
    private static readonly FeatureExtractorOptions s_onCpu = new() { Provider = ExecutionProvider.Cpu };
    private static readonly TrainingPlan s_quick = new() { Epochs = 20, LearningRate = 0.05 };

    private readonly TempFolder _folder = new();
    private readonly ConcurrentDictionary<string, int> _opened = new();
    private readonly FeatureExtractor _extractor;

    public TrainingCopiesTests()
    {
        var model = _folder.File("tiny.onnx");
        TinyBackbone.Write(model);
        _extractor = FeatureExtractor.Load(model, s_onCpu);
    }

    public void Dispose()
    {
        _extractor.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(Augmentation.None, 1)]
    [InlineData(Augmentation.Flip, 2)]
    [InlineData(Augmentation.Crops, 5)]
    [InlineData(Augmentation.FlipAndCrops, 10)]
    public async Task Only_training_images_are_copied_and_a_bad_image_is_listed_once(Augmentation augmentation, int views)
    {
        var images = ImageDataset.FromItems([.. Items(8), Item("red", "bad", DataSplit.Train, _ => [1, 2, 3])]);
        var result = await ImageClassifier.TrainAsync(_extractor, images, s_quick with { Augment = augmentation, MaxBad = 0.2, KeepDuplicatesTogether = false });
        Assert.Equal(8, result.Train.Count);
        Assert.Equal(8 * (views - 1), result.CopyCount);
        Assert.Equal("bad", Assert.Single(result.Skipped).Id);
        Assert.Empty(result.Warnings);
        Assert.Equal(1, _opened["bad"]);
        foreach (var image in images.Images.Where(image => image.Id != "bad")) Assert.Equal(image.Split == DataSplit.Train ? views : 1, _opened[image.Id]);
        Assert.Equal(17, result.Images.Count);
        Assert.Equal(1.0, result.Test!.Accuracy);
    }

    /// <summary>The head is the one that is trained on the rows of all views together, whose labels and weights are those of their images.</summary>
    [Fact]
    public async Task The_head_is_that_of_the_joined_rows_with_the_weights_of_their_images()
    {
        LabeledImage[] items = [.. Items(8).Select((item, i) => item with { Weight = 1 + (i % 3) })];
        var plan = s_quick with { Augment = Augmentation.Crops, BalanceClasses = true, Sigmoid = true };
        var result = await ImageClassifier.TrainAsync(_extractor, ImageDataset.FromItems(items), plan);

        var train = items.Where(item => item.Split == DataSplit.Train).ToArray();
        var rows = new List<float>();
        var (labels, weights) = (new List<int>(), new List<float>());
        foreach (var view in OnnxTransfer.Preprocessing.ImageView.Of(Augmentation.Crops))
        {
            var embedding = await _extractor.Network.EmbedAsync([.. train.Select(item => item.Image)], 0, null, CancellationToken.None, view);
            rows.AddRange(embedding.Features.Values.ToArray());
            labels.AddRange(train.Select(item => item.Label == "blue" ? 0 : 1));
            weights.AddRange(train.Select(item => item.Weight));
        }

        var joined = new LabeledFeatures(new FeatureMatrix([.. rows], labels.Count, TinyBackbone.Dim), [.. labels], [.. weights]);
        var (validation, _) = (new LabeledFeatures(await Vectors(items, DataSplit.Validation), [.. items.Where(item => item.Split == DataSplit.Validation).Select(item => item.Label == "blue" ? 0 : 1)]), 0);
        var expected = ClassifierHead.Train(joined, 2, plan, validation).Head;
        foreach (var item in items) Assert.Equal(expected.Probabilities(_extractor.Embed(item.Image)), result.Classifier.Predict(item.Image).Probabilities);
    }

    /// <summary>A stream that is gone at the second reading: the image was used, so it is a warning and no skipped image.</summary>
    [Fact]
    public async Task An_image_that_cannot_be_read_again_is_a_warning()
    {
        var once = Item("red", "once", DataSplit.Train, opened => opened == 1 ? TestImage.NoisyPng(20, 18, (210, 40, 30), 99) : []);
        var result = await ImageClassifier.TrainAsync(_extractor, ImageDataset.FromItems([.. Items(8), once]), s_quick with { Augment = Augmentation.Crops });
        Assert.Empty(result.Skipped);
        var warning = Assert.Single(result.Warnings);
        Assert.Equal(("once", "red", DataSplit.Train), (warning.Id, warning.Label, warning.Split));
        Assert.StartsWith("A copy of it could not be made, because it could not be read again: ", warning.Text, StringComparison.Ordinal);
        Assert.Equal(8 * 4, result.CopyCount);
    }

    [Fact]
    public async Task Held_out_rows_and_copies_exclude_each_other_before_any_image_is_read()
    {
        var images = ImageDataset.FromItems(Items(8).Where(item => item.Split != DataSplit.Validation));
        var exception = await Assert.ThrowsAsync<ArgumentException>(() => ImageClassifier.TrainAsync(_extractor, images, s_quick with { Augment = Augmentation.Flip, ValidationFraction = 0.2 }));
        Assert.Contains("Augment and ValidationFraction", exception.Message, StringComparison.Ordinal);
        Assert.Empty(_opened);
    }

    [Fact]
    public async Task A_loaded_classifier_averages_where_it_is_asked_to()
    {
        var images = ImageDataset.FromItems(Items(8));
        var result = await ImageClassifier.TrainAsync(_extractor, images, s_quick with { Augment = Augmentation.Crops });
        var file = _folder.File("crops.onnx");
        result.Classifier.Save(file);
        using var plain = ImageClassifier.Load(file, s_onCpu);
        using var averaged = ImageClassifier.Load(file, s_onCpu with { Augment = Augmentation.Crops });
        using var extractor = FeatureExtractor.Load(_folder.File("tiny.onnx"), s_onCpu with { Augment = Augmentation.Crops });
        var (_, head) = (plain.Labels, ClassifierHead.Load(file).Head);
        foreach (var image in images.Images.Take(4))
        {
            Assert.Equal(result.Classifier.Predict(image.Image).Probabilities, plain.Predict(image.Image).Probabilities);
            Assert.Equal(head.Probabilities(extractor.Embed(image.Image)), averaged.Predict(image.Image).Probabilities);
            Assert.NotEqual(plain.Predict(image.Image).Probabilities, averaged.Predict(image.Image).Probabilities);
        }

        Assert.Equal(1.0, (await averaged.EvaluateAsync(images)).Result.Accuracy);
    }

    private async Task<FeatureMatrix> Vectors(IEnumerable<LabeledImage> items, DataSplit split) =>
        (await _extractor.EmbedAsync([.. items.Where(item => item.Split == split).Select(item => item.Image)])).Features;

    /// <summary>Two colors: eight images to learn from, four to validate and four to test.</summary>
    private IEnumerable<LabeledImage> Items(int perClass)
    {
        foreach (var (label, color) in new[] { ("blue", ((byte)30, (byte)40, (byte)200)), ("red", ((byte)210, (byte)40, (byte)30)) })
        {
            for (var i = 0; i < perClass; i++)
            {
                var png = TestImage.NoisyPng(18 + i, 21 - i, color, i);
                yield return Item(label, $"{label}{i}", i < perClass / 2 ? DataSplit.Train : i < perClass * 3 / 4 ? DataSplit.Validation : DataSplit.Test, _ => png);
            }
        }
    }

    /// <summary>An image whose openings are counted.</summary>
    private LabeledImage Item(string label, string id, DataSplit split, Func<int, byte[]> open) =>
        new(ImageInput.FromStream(_ => Task.FromResult<Stream>(new MemoryStream(open(_opened.AddOrUpdate(id, 1, (_, count) => count + 1)))), id), label) { Split = split };
}
