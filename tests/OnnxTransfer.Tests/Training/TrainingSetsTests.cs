using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Training;

/// <summary>What becomes of the images that a classifier is trained on: their sets, weights, predictions and reasons.</summary>
public sealed class TrainingSetsTests : IDisposable
{
    private static readonly TrainingPlan s_quick = new() { Epochs = 40, LearningRate = 0.05 };

    private readonly TempFolder _folder = new();
    private readonly FeatureExtractor _extractor;

    public TrainingSetsTests()
    {
        TinyBackbone.Write(_folder.File("tiny.onnx"));
        _extractor = FeatureExtractor.Load(_folder.File("tiny.onnx"), new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
    }

    public void Dispose()
    {
        _extractor.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Sets_of_the_data_are_used_as_they_are()
    {
        List<LabeledImage> items = [.. Items(12, DataSplit.Train, 0), .. Items(4, DataSplit.Validation, 50), .. Items(6, DataSplit.Test, 80)];
        var result = await ImageClassifier.TrainAsync(_extractor, ImageDataset.FromItems(items), s_quick);
        Assert.Equal((24, 8, 12), (result.Train.Count, result.Validation!.Count, result.Test!.Count));
        Assert.Equal(items.Select(item => (item.Id, item.Label, item.Split)), result.Images.Select(image => (image.Id, image.Label, image.Split)));
        Assert.All(result.Images, image => Assert.True(image.IsCorrect));
        Assert.Equal(result.Classifier.Predict(items[3].Image).Probabilities, result.Images[3].Prediction!.Probabilities);
    }

    [Fact]
    public async Task Only_the_training_set_teaches()
    {
        // With the labels of the other sets exchanged, the head still learns the right ones.
        var wrong = Items(10, DataSplit.Test, 50).Select(item => new LabeledImage(item.Image, item.Label == "cyan" ? "orange" : "cyan") { Split = item.Split });
        var result = await ImageClassifier.TrainAsync(_extractor, ImageDataset.FromItems([.. Items(10, DataSplit.Train, 0), .. wrong]), s_quick);
        Assert.Equal((1, 0), (result.Train.Accuracy, result.Test!.Accuracy));
        Assert.Null(result.Validation);
    }

    [Fact]
    public async Task A_test_set_of_ones_own_leaves_the_rest_for_training_and_validation()
    {
        var photos = ImageDataset.FromItems(Items(27, DataSplit.Auto, 0)).WithTest(ImageDataset.FromItems(Items(5, DataSplit.Auto, 60)));
        var result = await ImageClassifier.TrainAsync(_extractor, photos, s_quick);
        Assert.Equal((48, 6, 10), (result.Train.Count, result.Validation!.Count, result.Test!.Count));
        var halves = await ImageClassifier.TrainAsync(_extractor, photos, s_quick with { Split = new SplitPercentages(50, 50, 0) });
        Assert.Equal(10, halves.Test!.Count);
        Assert.InRange(halves.Validation!.Count, 26, 28);
    }

    [Fact]
    public async Task Weights_go_to_the_head()
    {
        // Two pictures alike with different labels: the heavier one is believed.
        var picture = ImageInput.FromBytes(TestImage.NoisyPng(20, 20, (120, 120, 120), 1));
        foreach (var heavy in new[] { "a", "b" })
        {
            var items = new[] { "a", "b" }.SelectMany(label => Enumerable.Repeat(new LabeledImage(picture, label) { Split = DataSplit.Train, Weight = label == heavy ? 5 : 0.1f }, 8));
            var result = await ImageClassifier.TrainAsync(_extractor, ImageDataset.FromItems(items), s_quick);
            Assert.Equal(heavy, result.Classifier.Predict(picture).Label);
            Assert.True(result.Classifier.Predict(picture).Probability > 0.9);
        }
    }

    [Fact]
    public async Task Weights_of_one_change_nothing()
    {
        var plain = await ImageClassifier.TrainAsync(_extractor, ImageDataset.FromItems(Items(8, DataSplit.Auto, 0)), s_quick);
        var ones = await ImageClassifier.TrainAsync(_extractor, ImageDataset.FromItems(Items(8, DataSplit.Auto, 0).Select(item => item with { Weight = 1 })), s_quick);
        var halves = await ImageClassifier.TrainAsync(_extractor, ImageDataset.FromItems(Items(8, DataSplit.Auto, 0).Select(item => item with { Weight = 0.5f })), s_quick);
        Assert.Equal(plain.History.StepLosses, ones.History.StepLosses);
        Assert.NotEqual(plain.History.StepLosses, halves.History.StepLosses);
    }

    [Fact]
    public async Task An_image_that_cannot_be_used_is_listed_with_its_class_set_and_reason()
    {
        List<LabeledImage> items = [.. Items(6, DataSplit.Train, 0), new(ImageInput.FromBytes("text"u8.ToArray(), "row 9"), "cyan") { Split = DataSplit.Validation }, .. Items(3, DataSplit.Test, 40)];
        var result = await ImageClassifier.TrainAsync(_extractor, ImageDataset.FromItems(items), s_quick with { MaxBad = 0.5 });
        var skipped = Assert.Single(result.Skipped);
        Assert.Equal(("row 9", "cyan", DataSplit.Validation), (skipped.Id, skipped.Label, skipped.Split));
        var row = result.Images[12];
        Assert.Equal(("row 9", "cyan", null, skipped.Reason, false), (row.Id, row.Label, row.Prediction, row.Error, row.IsCorrect));
        Assert.Equal(items.Select(item => item.Id), result.Images.Select(image => image.Id));

        var run = await result.Classifier.EvaluateAsync(ImageDataset.FromItems(items));
        Assert.Equal(18, run.Result.Count);
        Assert.Equal(skipped, Assert.Single(run.Skipped));
        Assert.Equal(items.Select(item => (item.Id, item.Label, item.Split)), run.Images.Select(image => (image.Id, image.Label, image.Split)));
        Assert.Equal(18, run.Images.Count(image => image.IsCorrect));
        var page = _folder.File("run.html");
        run.WriteReport(page);
        Assert.Contains("row 9", await File.ReadAllTextAsync(page), StringComparison.Ordinal);
        result.WriteReport(page);
        Assert.Contains("6 test images", await File.ReadAllTextAsync(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_subset_of_the_classes_can_be_measured()
    {
        var result = await ImageClassifier.TrainAsync(_extractor, ImageDataset.FromItems(Items(8, DataSplit.Auto, 0)), s_quick);
        var run = await result.Classifier.EvaluateAsync(ImageDataset.FromItems(Items(8, DataSplit.Auto, 0).Where(item => item.Label == "orange")));
        Assert.Equal((8, 1), (run.Result.Count, run.Result.Accuracy));
        Assert.Equal("orange", run.Images[0].Prediction!.Label);
    }

    [Fact]
    public void Options_that_make_no_sense_are_refused_before_the_first_image_is_read()
    {
        var read = 0;
        LabeledImage Item(string label, DataSplit split) => new(ImageInput.FromStream(_ => { read++; throw new InvalidOperationException(); }), label) { Split = split };
        var open = ImageDataset.FromItems([Item("a", default), Item("b", default), Item("c", default)]);
        var divided = ImageDataset.FromItems([Item("a", DataSplit.Train), Item("b", DataSplit.Train), Item("b", DataSplit.Test)]);
        var onlyTested = ImageDataset.FromItems([Item("a", DataSplit.Train), Item("b", DataSplit.Train), Item("c", DataSplit.Test)]);
        var own = ImageDataset.FromItems([Item("a", default), Item("b", default)]).WithValidation(ImageDataset.FromItems([Item("a", default), Item("b", default)]));
        var split = new TrainingPlan { Split = new SplitPercentages(80, 10, 10) };

        Refuses<ArgumentException>("already divided into sets", divided, split);
        Refuses<ArgumentException>("validation set of its own", own, split);
        Refuses<ArgumentException>("two classes", open, new() { Sigmoid = true });
        Refuses<ArgumentException>(nameof(TrainingOptions.Patience), divided, new() { Patience = 3 });
        Refuses<ArgumentException>(nameof(TrainingOptions.ValidationFraction), own, new() { ValidationFraction = 0.2 });
        Refuses<ArgumentException>("weights", open, new() { ClassWeights = [1, 2] });
        Refuses<DatasetException>("'c'", onlyTested, new());
        Refuses<DatasetException>("one class, 'a'", ImageDataset.FromItems([Item("a", default)]), new());
        Assert.Throws<ArgumentOutOfRangeException>(() => new TrainingPlan { MaxBad = 5 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new TrainingPlan { EmbeddingBatchSize = -1 });
        Assert.Equal(0, read);

        void Refuses<T>(string part, ImageDataset images, TrainingPlan plan)
            where T : Exception
        {
            Assert.Contains(part, Assert.ThrowsAnyAsync<T>(() => ImageClassifier.TrainAsync(_extractor, images, plan)).GetAwaiter().GetResult().Message, StringComparison.Ordinal);
            Assert.ThrowsAny<T>(() => plan.Validate(images));
        }
    }

    [Fact]
    public async Task A_request_s_body_is_predicted()
    {
        var result = await ImageClassifier.TrainAsync(_extractor, ImageDataset.FromItems(Items(8, DataSplit.Auto, 0)), s_quick);
        var png = TestImage.NoisyPng(20, 20, (20, 200, 210), 500);
        using var body = new MemoryStream(png);
        Assert.Equal("cyan", (await result.Classifier.PredictAsync(body)).Label);
        Assert.Equal("cyan", (await result.Classifier.PredictAsync(ImageInput.FromBytes(png))).Label);
        Assert.Equal("cyan", result.Classifier.Predict(png).Label);
        Assert.Equal("cyan", result.Classifier.Explain(ImageInput.FromBytes(png)).Label);
        using var pixels = ImageDecoders.Default.Decode(png);
        result.Classifier.Explain(ImageInput.FromPixels(pixels)).Save(_folder.File("heat.png"));
        Assert.True(new FileInfo(_folder.File("heat.png")).Length > 0);
    }

    private static IEnumerable<LabeledImage> Items(int perClass, DataSplit split, int seed) => Enumerable.Range(seed, perClass).SelectMany(i => new LabeledImage[]
    {
        new(ImageInput.FromBytes(TestImage.NoisyPng(20, 20, (20, 200, 210), 1000 + i), $"cyan {i}"), "cyan") { Split = split },
        new(ImageInput.FromBytes(TestImage.NoisyPng(20, 20, (230, 130, 20), i), $"orange {i}"), "orange") { Split = split },
    });
}
