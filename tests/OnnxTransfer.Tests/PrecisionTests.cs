using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests;

/// <summary>Precision from the door: conversion, measuring, keeping, saving.</summary>
public sealed class PrecisionTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _backbone;
    private readonly List<string> _images = [];

    public PrecisionTests()
    {
        _backbone = _folder.File("tiny.onnx");
        TinyBackbone.Write(_backbone);
        for (var i = 0; i < 16; i++)
        {
            _images.Add(_folder.File("photos", i % 2 == 0 ? "warm" : "cold", $"{i:00}.png"));
            File.WriteAllBytes(_images[^1], TestImage.NoisyPng(20, 18, i % 2 == 0 ? ((byte)220, (byte)120, (byte)30) : ((byte)20, (byte)110, (byte)210), i));
        }
    }

    private string CacheFolder => Path.Combine(_folder.Path, "store", "int8");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Int8IsMeasuredAgainstFloat32()
    {
        using var exact = FeatureExtractor.Load(_backbone, Options(NetworkPrecision.Float32));
        using var rounded = FeatureExtractor.Load(_backbone, Options(NetworkPrecision.Int8));

        Assert.Equal(NetworkPrecision.Float32, exact.Precision);
        Assert.Null(exact.PrecisionSimilarity);
        Assert.Equal(NetworkPrecision.Int8, rounded.Precision);
        Assert.Contains("All 1 convolutions", rounded.PrecisionReason, StringComparison.Ordinal);
        Assert.InRange(rounded.PrecisionSimilarity!.Value, 0.995, 1);
        Assert.True(rounded.PrecisionSpeedup > 0);
        var (a, b) = (exact.Embed(_images[0]), rounded.Embed(_images[0]));
        Assert.NotEqual(a, b);
        for (var d = 0; d < a.Length; d++) Assert.Equal(a[d], b[d], 0.03);
    }

    [Fact]
    public void AConvertedNetworkIsKeptForTheSameImagesAndMadeAgainForOthers()
    {
        var first = Embed();
        var file = Assert.Single(Directory.GetFiles(CacheFolder));
        var written = File.GetLastWriteTimeUtc(file);
        Assert.Equal(first, Embed());
        Assert.Equal(written, File.GetLastWriteTimeUtc(Assert.Single(Directory.GetFiles(CacheFolder))));

        File.WriteAllBytes(_images[3], TestImage.NoisyPng(20, 18, (250, 250, 250), 99));
        Embed();
        Assert.Equal(2, Directory.GetFiles(CacheFolder).Length);

        TinyBackbone.Write(_backbone, TensorLayout.Nhwc);
        Embed();
        Assert.Equal(3, Directory.GetFiles(CacheFolder).Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public void ADamagedCacheFileIsReplaced(int length)
    {
        var first = Embed();
        var file = Assert.Single(Directory.GetFiles(CacheFolder));
        var whole = File.ReadAllBytes(file);
        File.WriteAllBytes(file, whole[..length]);

        Assert.Equal(first, Embed());

        Assert.True(File.ReadAllBytes(file).Length > length);
    }

    [Fact]
    public void WithoutImagesInt8FailsAndAutoSaysWhyItStaysInFloat32()
    {
        var error = Assert.Throws<ModelException>(() => FeatureExtractor.Load(_backbone, Options(NetworkPrecision.Int8) with { CalibrationImages = [.. _images.Take(7)] }));
        Assert.Contains("at least 8 images", error.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(FeatureExtractorOptions.CalibrationImages), error.Message, StringComparison.Ordinal);

        using var automatic = FeatureExtractor.Load(_backbone, Options(NetworkPrecision.Auto) with { CalibrationImages = [] });
        Assert.Equal(NetworkPrecision.Float32, automatic.Precision);
        Assert.Contains("0 were given", automatic.PrecisionReason, StringComparison.Ordinal);
    }

    [Fact]
    public void AutoTakesWhatItMeasures()
    {
        using var automatic = FeatureExtractor.Load(_backbone, Options(NetworkPrecision.Auto));
        Assert.Contains("8 bits give", automatic.PrecisionReason, StringComparison.Ordinal);
        // A single 1x1 convolution may be faster either way; the choice must follow the measurement.
        Assert.Equal(automatic.Precision == NetworkPrecision.Int8, automatic.PrecisionSpeedup >= 1.1);
    }

    [Fact]
    public void HalfPrecisionRunsOnTheCpuToo()
    {
        using var half = FeatureExtractor.Load(_backbone, Options(NetworkPrecision.Float16));
        Assert.Equal(NetworkPrecision.Float16, half.Precision);
        Assert.InRange(half.PrecisionSimilarity!.Value, 0.999, 1.0001);
    }

    [Fact]
    public async Task AClassifierIsSavedWithTheNetworkThatItWasTrainedOn()
    {
        var photos = ImageDataset.FromFolder(Path.Combine(_folder.Path, "photos"));
        using var extractor = FeatureExtractor.Load(_backbone, Options(NetworkPrecision.Int8));
        var result = await ImageClassifier.TrainAsync(extractor, photos, new TrainingPlan { Epochs = 5, Split = new SplitPercentages(100, 0, 0) });
        var file = _folder.File("saved.onnx");
        result.Classifier.Save(file);

        using var again = ImageClassifier.Load(file, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });

        foreach (var image in photos.Images) Assert.Equal(result.Classifier.Predict(image.Image).Probabilities, again.Predict(image.Image).Probabilities);
        var error = Assert.Throws<ModelException>(() => ImageClassifier.Load(file, Options(NetworkPrecision.Float16)));
        Assert.Contains("was saved in Int8", error.Message, StringComparison.Ordinal);
    }

    [SharedFact("models/mobilenet_v2_imagenet.onnx")]
    public void ARealNetworkOnRealPhotosKeepsItsFeatures()
    {
        var photos = Directory.GetFiles(Repository.SharedPath("data", "flowers"), "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal);
        using var extractor = FeatureExtractor.Load(
            Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx"),
            Options(NetworkPrecision.Int8) with { CalibrationImages = [.. photos.Where((_, i) => i % 20 == 0)] });
        Assert.InRange(extractor.PrecisionSimilarity!.Value, 0.99, 1);
    }

    private float[] Embed()
    {
        using var extractor = FeatureExtractor.Load(_backbone, Options(NetworkPrecision.Int8));
        return extractor.Embed(_images[0]);
    }

    private FeatureExtractorOptions Options(NetworkPrecision precision) => new()
    {
        Provider = ExecutionProvider.Cpu,
        Precision = precision,
        CalibrationImages = ImageInput.FromFiles(_images),
        Store = new ModelStore { Folder = Path.Combine(_folder.Path, "store") },
    };
}
