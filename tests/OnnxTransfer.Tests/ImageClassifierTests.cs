using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests;

public sealed class ImageClassifierTests : IDisposable
{
    private static readonly FeatureExtractorOptions OnCpu = new() { Provider = ExecutionProvider.Cpu };
    private static readonly TrainingPlan Quick = new() { Epochs = 40, LearningRate = 0.05 };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Training_tells_colors_apart_and_a_reloaded_classifier_differs_by_nothing()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), OnCpu);
        var photos = ImageDataset.FromFolder(Photos(20));
        var result = await ImageClassifier.TrainAsync(extractor, photos, Quick with { Split = new SplitPercentages(60, 20, 20) });
        Assert.Equal(["cyan", "orange"], result.Classifier.Labels);
        Assert.Equal(1.0, result.Test!.Accuracy);
        Assert.Equal(8, result.Images.Count(image => image.Split == DataSplit.Test));
        Assert.Equal(40, result.History.Epochs.Count);

        var file = _folder.File("saved.onnx");
        result.Classifier.Save(file);
        using var again = ImageClassifier.Load(file, OnCpu);
        Assert.Equal(result.Classifier.Labels, again.Labels);
        foreach (var image in photos.Images)
        {
            var (before, after) = (result.Classifier.Predict(image.Image), again.Predict(image.Image));
            Assert.Equal(before.Probabilities, after.Probabilities);
        }

        var run = await again.EvaluateAsync(photos);
        Assert.Equal(40, run.Result.Count);
        Assert.Empty(run.Skipped);
    }

    /// <summary>A value of every option that is not its default: each changes how the classifier runs, or is refused by its name.</summary>
    [Fact]
    public async Task Every_option_of_a_loaded_classifier_is_honored_or_refused()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), OnCpu);
        var result = await ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder(Photos(4)), Quick);
        var (file, bare) = (_folder.File("options.onnx"), new FeatureExtractorOptions { Store = new ModelStore() });
        result.Classifier.Save(file);
        var cache = new FeatureCache(_folder.File("cache"));
        var values = new Dictionary<string, object?>
        {
            [nameof(bare.Provider)] = ExecutionProvider.Cpu,
            [nameof(bare.Precision)] = NetworkPrecision.Float16,
            [nameof(bare.CalibrationImages)] = new[] { ImageInput.FromFile("one.png") },
            [nameof(bare.DeviceId)] = 1,
            [nameof(bare.CaptureGraph)] = true,
            [nameof(bare.Threads)] = 2,
            [nameof(bare.MaxRunTime)] = TimeSpan.FromMinutes(1),
            [nameof(bare.Decoder)] = new Blind(),
            [nameof(bare.Decode)] = new DecodeOptions { MaxPixels = 5 },
            [nameof(bare.Cache)] = cache,
            [nameof(bare.Store)] = new ModelStore { Folder = _folder.File("models") },
            [nameof(bare.Logger)] = new Quiet(),
            [nameof(bare.Preprocess)] = PreprocessSpec.Torch(16),
            [nameof(bare.Preset)] = "torch",
            [nameof(bare.Upsampling)] = ResizeFilter.Nearest,
            [nameof(bare.Layer)] = "activated",
            [nameof(bare.Layers)] = new[] { "activated", "features" },
            [nameof(bare.Pooling)] = FeaturePooling.Max,
            [nameof(bare.Augment)] = Augmentation.Flip,
        };
        string[] fixedByFile = [nameof(bare.Preprocess), nameof(bare.Preset), nameof(bare.Upsampling), nameof(bare.Layer), nameof(bare.Layers), nameof(bare.Pooling)];
        var defaults = bare.ForNetwork();
        foreach (var property in typeof(FeatureExtractorOptions).GetProperties())
        {
            Assert.True(values.TryGetValue(property.Name, out var value), $"{property.Name} is new: is it honored or refused?");
            var options = bare with { };
            property.SetValue(options, value);
            Assert.NotEqual(bare, options);
            if (fixedByFile.Contains(property.Name))
            {
                foreach (var error in new[] { Assert.Throws<ArgumentException>(() => ImageClassifier.Load(file, options)), await Assert.ThrowsAsync<ArgumentException>(() => ImageClassifier.LoadAsync(file, options)) })
                {
                    Assert.StartsWith($"FeatureExtractorOptions.{(property.Name == nameof(bare.Layer) ? nameof(bare.Layers) : property.Name)} cannot be set for a classifier", error.Message, StringComparison.Ordinal);
                    Assert.Single(error.Message.Split(". "));
                }
            }
            else if (property.Name != nameof(bare.Cache))
            {
                // Load opens the network with these and nothing else but the cache.
                Assert.NotEqual(defaults, options.ForNetwork());
            }
        }

        // All that the file fixes is named in one sentence.
        var all = Assert.Throws<ArgumentException>(() => ImageClassifier.Load(file, new FeatureExtractorOptions { Preset = "torch", Upsampling = ResizeFilter.Nearest, Layer = "x", Pooling = FeaturePooling.Cls }));
        foreach (var name in new[] { "Preset", "Upsampling", "Layers", "Pooling" }) Assert.Contains($"FeatureExtractorOptions.{name}", all.Message, StringComparison.Ordinal);
        using (var cached = ImageClassifier.Load(file, OnCpu with { Cache = cache })) await foreach (var prediction in cached.PredictStreamAsync([ImageInput.FromFile(Directory.EnumerateFiles(Photos(4), "*.png", SearchOption.AllDirectories).First())])) Assert.NotNull(prediction);
        Assert.Single(cache.Models());
    }

    /// <summary>The vectors and the thumbnails that find near duplicates are all in the cache: a photo is read and hashed, and not decoded.</summary>
    [Fact]
    public async Task A_second_training_from_the_cache_decodes_nothing()
    {
        var photos = ImageDataset.FromFolder(Photos(20));
        var decoder = new Counting();
        var options = OnCpu with { Decoder = decoder, Cache = new FeatureCache(_folder.File("cache", "features")) };
        var leaks = new List<int>();
        var counts = new List<int>();
        foreach (var _ in Enumerable.Range(0, 2))
        {
            using var extractor = FeatureExtractor.Load(Tiny(), options);
            var result = await ImageClassifier.TrainAsync(extractor, photos, Quick with { Epochs = 1 });
            using var classifier = result.Classifier;
            counts.Add(decoder.Count);
            leaks.Add(result.Images.Count(image => image.Split == DataSplit.Train));
        }

        Assert.True(counts[0] > photos.Images.Count, "no candidate was compared, so the test shows nothing");
        Assert.Equal(counts[0], counts[1]);
        Assert.Equal(leaks[0], leaks[1]);
        Assert.Equal(["thumbnails", "tiny"], new FeatureCache(_folder.File("cache", "features")).Models().Select(model => model.Id).Order(StringComparer.Ordinal));
        // Another background color, with which a thumbnail may be another one, finds none of them.
        using var other = FeatureExtractor.Load(Tiny(), options with { Decode = new DecodeOptions { Background = new Rgb(1, 2, 3) } });
        (await ImageClassifier.TrainAsync(other, photos, Quick with { Epochs = 1 })).Classifier.Dispose();
        Assert.Equal(2 * counts[0], decoder.Count);
    }

    /// <summary>Copies in another encoding and size are kept in one set whatever the cache has. With a full cache, the vectors and the thumbnails take one reading.</summary>
    [Fact]
    public async Task A_training_from_a_full_cache_reads_each_photo_once()
    {
        var reads = 0;
        var photos = new List<LabeledImage>();
        foreach (var label in DrawnPhotos.Labels)
        {
            for (var seed = 0; seed < 12; seed++)
            {
                using var photo = DrawnPhotos.Draw(label, seed);
                using var half = DrawnPhotos.Resized(photo, 0.5);
                foreach (var (kind, bytes) in new[] { ("png", DrawnPhotos.Png(photo)), ("jpeg", DrawnPhotos.Jpeg(photo, 80)), ("half", DrawnPhotos.Png(half)) })
                    photos.Add(new LabeledImage(ImageInput.FromStream(_ => Open(bytes), $"{label} {seed} {kind}"), label));
            }
        }

        var dataset = ImageDataset.FromItems(photos);
        var plan = Quick with { Epochs = 1, Split = new SplitPercentages(60, 20, 20) };
        var cache = new FeatureCache(_folder.File("cache", "features"));
        var (splits, counts) = (new List<DataSplit[]>(), new List<int>());
        foreach (var options in new[] { OnCpu, OnCpu with { Cache = cache }, OnCpu with { Cache = cache } })
        {
            reads = 0;
            using var extractor = FeatureExtractor.Load(Tiny(), options);
            var result = await ImageClassifier.TrainAsync(extractor, dataset, plan);
            result.Classifier.Dispose();
            splits.Add([.. result.Images.Select(image => image.Split)]);
            counts.Add(reads);
        }

        Assert.True(counts[0] > photos.Count, "no candidate was compared, so the test shows nothing");
        Assert.Equal((counts[0], photos.Count), (counts[1], counts[2]));
        Assert.Null(cache.Problem);
        Assert.All(splits, split => Assert.Equal(splits[0], split));
        Assert.All(splits[0].Chunk(3), versions => Assert.Single(versions.Distinct()));

        Task<Stream> Open(byte[] bytes)
        {
            Interlocked.Increment(ref reads);
            return Task.FromResult<Stream>(new MemoryStream(bytes));
        }
    }

    private sealed class Counting : IImageDecoder
    {
        private int _count;

        public string Name => "counting";

        internal int Count => Volatile.Read(ref _count);

        public PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null)
        {
            Interlocked.Increment(ref _count);
            return ImageDecoders.Default.Decode(encoded, options);
        }
    }

    private sealed class Blind : IImageDecoder
    {
        public string Name => "blind";

        public PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null) => throw new ImageDecodeException("It sees nothing.");
    }

    private sealed class Quiet : Microsoft.Extensions.Logging.ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(Microsoft.Extensions.Logging.LogLevel logLevel) => false;

        public void Log<TState>(Microsoft.Extensions.Logging.LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
        }
    }

    /// <summary>The network's own classes leave the preprocessing to the caller, not the layers.</summary>
    [Fact]
    public void A_classifier_of_own_classes_takes_a_preprocessing_and_no_layers()
    {
        var path = Onnx.SmallGraphs.Write(Onnx.SmallGraphs.Classifier(), _folder.File("small.onnx"), Onnx.SmallGraphs.Card());
        var photo = ImageInput.FromBytes(TestImage.NoisyPng(5, 6, (200, 40, 90), 3));
        IReadOnlyList<double> With(FeatureExtractorOptions options)
        {
            using var classifier = ImageClassifier.FromBackbone(path, options);
            return [.. classifier.Predict(photo).Probabilities.Select(p => (double)p)];
        }

        var plain = With(OnCpu);
        foreach (var options in new[] { OnCpu with { Preset = "torch" }, OnCpu with { Preprocess = PreprocessSpec.Raw(8) }, OnCpu with { Upsampling = ResizeFilter.Nearest } }) Assert.NotEqual(plain, With(options));
        foreach (var options in new[] { OnCpu with { Layer = "relu" }, OnCpu with { Pooling = FeaturePooling.Max } })
            Assert.Contains("cannot be set for a classifier, because a network's own classes", Assert.Throws<ArgumentException>(() => With(options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_head_with_hidden_layers_and_a_sigmoid_survives_the_file_to_the_bit()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), OnCpu);
        var photos = ImageDataset.FromFolder(Photos(8));
        foreach (var options in new[] { Quick with { HiddenUnits = [7, 5] }, Quick with { Sigmoid = true }, Quick with { HiddenUnits = [6], Sigmoid = true } })
        {
            var result = await ImageClassifier.TrainAsync(extractor, photos, options);
            var file = _folder.File("layers.onnx");
            result.Classifier.Save(file);
            using var again = ImageClassifier.Load(file, OnCpu);
            foreach (var image in photos.Images) Assert.Equal(result.Classifier.Predict(image.Image).Probabilities, again.Predict(image.Image).Probabilities);
        }
    }

    [Fact]
    public async Task The_file_says_what_the_training_was()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), OnCpu);
        var result = await ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder(Photos(4)), Quick);
        var file = _folder.File("described.onnx");
        result.Classifier.Save(file);
        var training = OnnxModel.Load(file).Metadata["onnxtransfer.training"];
        Assert.Contains("backbone tiny sha256", training, StringComparison.Ordinal);
        Assert.Contains("learning rate 0.05", training, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_loaded_classifier_saves_the_same_file_again()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), OnCpu);
        var result = await ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder(Photos(5)), Quick);
        var (first, second) = (_folder.File("first.onnx"), _folder.File("second.onnx"));
        result.Classifier.Save(first);
        using var loaded = ImageClassifier.Load(first, OnCpu);
        loaded.Save(second);
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
    }

    [Fact]
    public async Task Too_many_unusable_images_fail_with_their_list()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), OnCpu);
        var photos = Photos(4);
        File.WriteAllText(Path.Combine(photos, "cyan", "bad.jpg"), "text");
        var error = await Assert.ThrowsAsync<DatasetException>(() => ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder(photos), Quick with { MaxBad = 0.1 }));
        Assert.Contains("bad.jpg", error.Message, StringComparison.Ordinal);
        var result = await ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder(photos), Quick with { MaxBad = 0.2 });
        Assert.Single(result.Skipped);
    }

    [Fact]
    public async Task A_class_without_a_usable_image_is_named()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), OnCpu);
        var photos = Photos(4);
        Directory.CreateDirectory(Path.Combine(photos, "void"));
        File.WriteAllText(Path.Combine(photos, "void", "a.png"), "text");
        var error = await Assert.ThrowsAsync<DatasetException>(() => ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder(photos), Quick with { MaxBad = 1 }));
        Assert.Contains("void", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Predictions_of_many_keep_the_order_and_the_reasons()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), OnCpu);
        var photos = Photos(5);
        var result = await ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder(photos), Quick);
        var bad = _folder.File("bad.png");
        File.WriteAllText(bad, "text");
        string[] paths = [Path.Combine(photos, "orange", "1.png"), bad, Path.Combine(photos, "cyan", "1.png")];
        var predictions = await result.Classifier.PredictAsync(ImageInput.FromFiles(paths));
        Assert.Equal(paths, predictions.Select(prediction => prediction.Id));
        Assert.Equal("orange", predictions[0].Prediction!.Label);
        Assert.Null(predictions[1].Prediction);
        Assert.NotNull(predictions[1].Error);
        Assert.Equal("cyan", predictions[2].Prediction!.Label);
        Assert.Equal(1, predictions[2].Prediction!.Probabilities.Sum(), 1e-5f);
    }

    [Fact]
    public async Task Evaluating_on_an_unknown_class_lists_the_known_ones()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), OnCpu);
        var photos = Photos(5);
        var result = await ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder(photos), Quick);
        Directory.Move(Path.Combine(photos, "cyan"), Path.Combine(photos, "cyann"));
        var error = await Assert.ThrowsAsync<DatasetException>(() => result.Classifier.EvaluateAsync(ImageDataset.FromFolder(photos)));
        Assert.Contains("cyann", error.Message, StringComparison.Ordinal);
        Assert.Contains("orange", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plain_onnx_file_is_no_classifier()
    {
        var error = Assert.Throws<InvalidModelException>(() => ImageClassifier.Load(Tiny()));
        Assert.Contains("train", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_classifier_is_named() =>
        Assert.Contains("nowhere.onnx", Assert.Throws<ModelNotFoundException>(() => ImageClassifier.Load("nowhere.onnx")).Message, StringComparison.Ordinal);

    private string Tiny()
    {
        var path = _folder.File("tiny.onnx");
        TinyBackbone.Write(path);
        return path;
    }

    private string Photos(int perClass)
    {
        for (var i = 0; i < perClass; i++)
        {
            File.WriteAllBytes(_folder.File("photos", "orange", $"{i}.png"), TestImage.NoisyPng(20, 20, (230, 130, 20), i));
            File.WriteAllBytes(_folder.File("photos", "cyan", $"{i}.png"), TestImage.NoisyPng(20, 20, (20, 200, 210), 100 + i));
        }

        return Path.Combine(_folder.Path, "photos");
    }
}
