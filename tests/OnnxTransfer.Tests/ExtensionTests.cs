using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests;

/// <summary>A saved classifier that gains and loses classes without its images.</summary>
public sealed class ExtensionTests : IDisposable
{
    private static readonly FeatureExtractorOptions s_onCpu = new() { Provider = ExecutionProvider.Cpu };
    private static readonly TrainingPlan s_plan = new() { Epochs = 60, LearningRate = 0.05, KeepFeatures = true, Split = new SplitPercentages(60, 20, 20) };

    private static readonly Dictionary<string, (byte, byte, byte)> s_colors = new()
    {
        ["blue"] = (30, 40, 200), ["green"] = (40, 190, 50), ["red"] = (210, 40, 30), ["white"] = (230, 230, 225),
    };

    private readonly TempFolder _folder = new();
    private readonly FeatureExtractor _extractor;
    private int _opened;

    public ExtensionTests()
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

    [Fact]
    public async Task A_class_is_added_from_its_images_alone_and_the_file_gives_the_same_bits()
    {
        using var old = await SavedAsync(s_plan, "red", "green");
        _opened = 0;
        var images = Items(20, "blue");
        var result = await old.ExtendAsync(images, plan: s_plan);
        Assert.Equal(20, _opened);
        Assert.Equal(["green", "red", "blue"], result.Classifier.Labels);
        Assert.Equal(["blue"], result.Added);
        Assert.Empty(result.Removed);
        Assert.Equal((20, 0, DataSplit.Test), (result.NewImages, result.KnownImages, result.MeasuredOn));
        Assert.Equal(12, result.Test!.Count);
        Assert.Equal(1.0, result.Test.Accuracy);
        Assert.Equal([("green", 4), ("red", 4)], result.Changes.Select(change => (change.Label, change.Count)));
        Assert.All(result.Changes, change => Assert.Equal((1.0, 1.0, 0.0), (change.Before, change.After, change.Forgotten)));
        Assert.Equal(["green", "red"], old.Labels);

        var file = _folder.File("grown.onnx");
        result.Classifier.Save(file);
        using var again = ImageClassifier.Load(file, s_onCpu);
        foreach (var image in images.Images) Assert.Equal(result.Classifier.Predict(image.Image).Probabilities, again.Predict(image.Image).Probabilities);

        // And once more, from the grown file.
        var more = await again.ExtendAsync(Items(10, "white"), ["green"], s_plan);
        Assert.Equal(["red", "blue", "white"], more.Classifier.Labels);
        Assert.Equal(["green"], more.Removed);
        Assert.Equal(1.0, more.Test!.Accuracy);
    }

    /// <summary>Growing is training: the optimum of the objective on all vectors, whatever the start.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_grown_head_is_the_optimum_that_training_on_all_images_finds(bool standardize)
    {
        var plan = s_plan with { Optimizer = Optimizer.Lbfgs(), L2 = 0.01, Standardize = standardize, Split = new SplitPercentages(100, 0, 0) };
        using var old = await SavedAsync(plan, "blue", "green");
        var grown = await old.ExtendAsync(Items(20, "red"), plan: plan);
        var whole = await ImageClassifier.TrainAsync(_extractor, Items(20, "blue", "green", "red"), plan);
        Assert.Equal(whole.Classifier.Labels, grown.Classifier.Labels);
        foreach (var image in Items(3, "blue", "green", "red").Images)
        {
            var (expected, actual) = (whole.Classifier.Predict(image.Image).Probabilities, grown.Classifier.Predict(image.Image).Probabilities);
            for (var c = 0; c < 3; c++) Assert.Equal(expected[c], actual[c], 0.002);
        }
    }

    [Fact]
    public async Task Images_of_a_known_class_are_added_and_known_images_are_left_out()
    {
        using var old = await SavedAsync(s_plan, "red", "green");
        var mixed = ImageDataset.FromItems([.. Items(20, "red").Images, .. Items(5, "green", first: 100).Images]);
        var result = await old.ExtendAsync(mixed, plan: s_plan);
        Assert.Equal((5, 20), (result.NewImages, result.KnownImages));
        Assert.Empty(result.Added);
        Assert.Equal(["green", "red"], result.Classifier.Labels);
        Assert.Equal(9, result.Test!.Count);
    }

    [Fact]
    public async Task A_class_is_removed_without_any_image()
    {
        using var old = await SavedAsync(s_plan, "blue", "green", "red");
        _opened = 0;
        var result = await old.ExtendAsync(null, ["green"], s_plan);
        Assert.Equal(0, _opened);
        Assert.Null(result.Embedding);
        Assert.Equal(["blue", "red"], result.Classifier.Labels);
        Assert.Equal((8, 1.0), (result.Test!.Count, result.Test.Accuracy));
    }

    [Theory]
    [InlineData(Augmentation.None, 40)]
    [InlineData(Augmentation.Flip, 40 + 24)]
    public async Task The_file_keeps_every_vector_and_grows_by_sixteen_thirds_of_a_byte_a_number(Augmentation augment, int vectors)
    {
        using var kept = await SavedAsync(s_plan with { Augment = augment }, "red", "green");
        var (with, without) = (new FileInfo(_folder.File("old.onnx")).Length, 0L);
        Assert.True(kept.HasFeatures);
        using (await SavedAsync(s_plan with { Augment = augment, KeepFeatures = false }, "red", "green")) without = new FileInfo(_folder.File("old.onnx")).Length;
        // Beside the numbers, class, weight and set take 12 bytes, and the id some.
        Assert.InRange(with - without, vectors * TinyBackbone.Dim * 16 / 3, vectors * ((TinyBackbone.Dim * 16 / 3) + 12 + 30) + 1500);
    }

    /// <summary>Copies of training images, a sigmoid and hidden layers: what can be trained can be grown.</summary>
    [Fact]
    public async Task Copies_weights_and_other_heads_grow_too()
    {
        using (var flipped = await SavedAsync(s_plan with { Augment = Augmentation.Crops, BalanceClasses = true }, "red", "green"))
        {
            var result = await flipped.ExtendAsync(Items(10, "blue"), plan: s_plan with { Augment = Augmentation.Crops, BalanceClasses = true });
            Assert.Equal(1.0, result.Test!.Accuracy);
        }

        using (var binary = await SavedAsync(s_plan with { Sigmoid = true }, "red", "green"))
        {
            Assert.Equal(1.0, (await binary.ExtendAsync(Items(20, "blue"), plan: s_plan)).Test!.Accuracy);
            Assert.Equal(1.0, (await binary.ExtendAsync(Items(5, "red", first: 50), plan: s_plan with { Sigmoid = true })).Test!.Accuracy);
            var exception = await Assert.ThrowsAsync<ArgumentException>(() => binary.ExtendAsync(Items(20, "blue"), plan: s_plan with { Sigmoid = true }));
            Assert.Contains("two classes", exception.Message, StringComparison.Ordinal);
        }

        using var deep = await SavedAsync(s_plan with { HiddenUnits = [8] }, "red", "green");
        Assert.Equal(1.0, (await deep.ExtendAsync(Items(20, "blue"), plan: s_plan with { HiddenUnits = [8] })).Test!.Accuracy);
    }

    [Fact]
    public async Task Wrong_requests_are_refused_before_an_image_is_read()
    {
        using var old = await SavedAsync(s_plan, "red", "green");
        using var bare = await SavedAsync(s_plan with { KeepFeatures = false }, "red", "green");
        _opened = 0;
        Assert.Contains("--keep-features", (await Assert.ThrowsAsync<InvalidModelException>(() => bare.ExtendAsync(Items(5, "blue")))).Message, StringComparison.Ordinal);
        Assert.Contains("Nothing would change", (await Assert.ThrowsAsync<DatasetException>(() => old.ExtendAsync(null))).Message, StringComparison.Ordinal);
        Assert.Contains("'pink' is not a class", (await Assert.ThrowsAsync<ArgumentException>(() => old.ExtendAsync(null, ["pink"]))).Message, StringComparison.Ordinal);
        Assert.Contains("only 'red' would be left", (await Assert.ThrowsAsync<ArgumentException>(() => old.ExtendAsync(null, ["green"]))).Message, StringComparison.Ordinal);
        Assert.Contains("'red' is to be removed, but", (await Assert.ThrowsAsync<ArgumentException>(() => old.ExtendAsync(Items(5, "red", "blue"), ["red"]))).Message, StringComparison.Ordinal);
        Assert.Contains("ValidationFraction", (await Assert.ThrowsAsync<ArgumentException>(() => old.ExtendAsync(Items(5, "blue"), plan: s_plan with { ValidationFraction = 0.2 }))).Message, StringComparison.Ordinal);
        Assert.Equal(0, _opened);
        Assert.Contains("has every usable image", (await Assert.ThrowsAsync<DatasetException>(() => old.ExtendAsync(Items(20, "red", "green")))).Message, StringComparison.Ordinal);
        Assert.Throws<ObjectDisposedException>(() => { old.Dispose(); _ = old.ExtendAsync(null, ["red"]).GetAwaiter().GetResult(); });
    }

    [Theory]
    [InlineData("preprocess", "another preprocessing")]
    [InlineData("computation", "another backbone")]
    public async Task Vectors_of_another_network_or_preprocessing_are_refused(string fact, string says)
    {
        (await SavedAsync(s_plan, "red", "green")).Dispose();
        using var changed = Changed(kept => kept.Replace($"{fact} ", $"{fact} other ", StringComparison.Ordinal));
        var exception = await Assert.ThrowsAsync<InvalidModelException>(() => changed.ExtendAsync(Items(5, "blue"), plan: s_plan));
        Assert.Contains(says, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Vectors_seen_in_other_views_are_refused()
    {
        (await SavedAsync(s_plan, "red", "green")).Dispose();
        using var averaging = ImageClassifier.Load(_folder.File("old.onnx"), s_onCpu with { Augment = Augmentation.Flip });
        Assert.Contains("other views", (await Assert.ThrowsAsync<InvalidModelException>(() => averaging.ExtendAsync(Items(5, "blue")))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"shape\":[40,12]", "\"shape\":[41,12]")]
    [InlineData("\"shape\":[40,12]", "\"shape\":[40,1]")]
    [InlineData("features", "fixtures")]
    [InlineData("__metadata__", "__metadati__")]
    public async Task Damaged_vectors_are_a_damaged_classifier(string from, string to)
    {
        (await SavedAsync(s_plan, "red", "green")).Dispose();
        var exception = Assert.Throws<InvalidModelException>(() => Changed(kept => kept.Replace(from, to, StringComparison.Ordinal)).Dispose());
        Assert.Contains("its kept feature vectors cannot be read", exception.Message, StringComparison.Ordinal);
    }

    /// <summary>The classifier whose kept vectors are changed in their Latin-1 text, which keeps every byte.</summary>
    private ImageClassifier Changed(Func<string, string> change)
    {
        const string Key = "onnxtransfer.features";
        var model = OnnxModel.Load(_folder.File("old.onnx"));
        var latin = System.Text.Encoding.Latin1;
        var before = latin.GetString(Convert.FromBase64String(model.Metadata[Key]));
        var after = change(before);
        Assert.NotEqual(before, after);
        var bytes = latin.GetBytes(after);
        BitConverter.TryWriteBytes(bytes, BitConverter.ToInt64(bytes) + after.Length - before.Length);
        model.SetMetadata(Key, Convert.ToBase64String(bytes));
        var file = _folder.File("changed.onnx");
        model.Save(file);
        return ImageClassifier.Load(file, s_onCpu);
    }

    private async Task<ImageClassifier> SavedAsync(TrainingPlan plan, params string[] labels)
    {
        var result = await ImageClassifier.TrainAsync(_extractor, Items(20, labels), plan);
        var file = _folder.File("old.onnx");
        result.Classifier.Save(file);
        return ImageClassifier.Load(file, s_onCpu);
    }

    private ImageDataset Items(int perClass, params string[] labels) => Items(perClass, labels, 0);

    private ImageDataset Items(int perClass, string label, int first) => Items(perClass, [label], first);

    private ImageDataset Items(int perClass, string[] labels, int first) => ImageDataset.FromItems(labels.SelectMany(label => Enumerable.Range(first, perClass).Select(i => new LabeledImage(
        ImageInput.FromStream(
            _ =>
            {
                Interlocked.Increment(ref _opened);
                return Task.FromResult<Stream>(new MemoryStream(TestImage.NoisyPng(18 + (i % 5), 21 - (i % 4), s_colors[label], i)));
            }, $"{label}{i}"), label))));
}
