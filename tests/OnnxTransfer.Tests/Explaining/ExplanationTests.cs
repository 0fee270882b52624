using OnnxTransfer.Decoding;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Explaining;

public sealed class ExplanationTests : IDisposable
{
    private static readonly FeatureExtractorOptions OnCpu = new() { Provider = ExecutionProvider.Cpu };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(TensorLayout.Nchw, false)]
    [InlineData(TensorLayout.Nhwc, false)]
    [InlineData(TensorLayout.Nchw, true)]
    public async Task The_heat_of_each_class_lies_on_its_half_of_the_image(TensorLayout layout, bool standardize)
    {
        using var extractor = Extractor(layout);
        using var classifier = await TrainAsync(extractor, new TrainingPlan { Epochs = 40, LearningRate = 0.05, Standardize = standardize });
        var image = HalfOrangeHalfCyan();
        foreach (var (label, side) in new[] { ("orange", 0), ("cyan", 1) })
        {
            var explanation = classifier.Explain(image, label);
            Assert.Equal((label, TinyBackbone.Side, TinyBackbone.Side), (explanation.Label, explanation.Height, explanation.Width));
            var own = explanation.Map.Where((_, i) => i % TinyBackbone.Side * 2 / TinyBackbone.Side == side).Average();
            var others = explanation.Map.Where((_, i) => i % TinyBackbone.Side * 2 / TinyBackbone.Side != side).Average();
            Assert.True(own > 0 && own > others, $"{label}: {own} on its own half, {others} on the other");
        }
    }

    [Fact]
    public async Task It_explains_the_prediction_and_survives_the_file()
    {
        using var extractor = Extractor();
        using var trained = await TrainAsync(extractor, new TrainingPlan());
        var file = _folder.File("colors.onnx");
        trained.Save(file);
        using var classifier = ImageClassifier.Load(file, OnCpu);
        var image = HalfOrangeHalfCyan();
        var (explanation, prediction) = (classifier.Explain(image), classifier.Predict(image));
        Assert.Equal(prediction.Label, explanation.Label);
        Assert.Equal(prediction.Probability, explanation.Probability, 1e-5f);
        Assert.Equal(trained.Explain(image).Map, explanation.Map);
    }

    [Fact]
    public async Task The_overlay_is_a_picture_of_the_image_s_size_over_a_strip_with_the_scale()
    {
        using var extractor = Extractor();
        using var classifier = await TrainAsync(extractor, new TrainingPlan());
        var explanation = classifier.Explain(HalfOrangeHalfCyan());
        foreach (var (name, format) in new[] { ("overlay.png", ImageFormat.Png), ("overlay.jpg", ImageFormat.Jpeg), ("overlay.JPEG", ImageFormat.Jpeg), ("overlay", ImageFormat.Png) })
        {
            explanation.Save(_folder.File(name));
            Assert.Equal(format, ImageFormats.Detect(File.ReadAllBytes(_folder.File(name))));
            using var picture = ImageDecoders.Default.DecodeFile(_folder.File(name));
            // 22 rows of paper for letters of 11 pixels, the scale at their right.
            Assert.Equal((64, 32 + 22), (picture.Width, picture.Height));
            byte[] corner = [.. picture.Pixels[^3..]];
            Assert.All(corner, channel => Assert.InRange(channel, 250, 255));
            var row = picture.Pixels.Slice(3 * 64 * (32 + 11), 3 * 64).ToArray();
            Assert.Contains(Enumerable.Range(0, 64), x => row[3 * x] - row[(3 * x) + 2] > 100);
        }
    }

    /// <summary>One hot column of a map that is wider than high, over a gray photo: the hot pixels are a band from top to bottom.</summary>
    [Fact]
    public void A_map_that_is_not_square_lies_as_it_is()
    {
        using var extractor = Extractor();
        File.WriteAllBytes(_folder.File("gray.png"), TestImage.NoisyPng(64, 32, (128, 128, 128), 1));
        var explanation = new Explanation(_folder.File("gray.png"), new ClassProbability("orange", 0, 1), [1, 0, 0, 0, 1, 0, 0, 0], height: 2, width: 4, extractor.Network);
        Assert.Equal((2, 4), (explanation.Height, explanation.Width));
        explanation.Save(_folder.File("band.png"));
        using var picture = ImageDecoders.Default.DecodeFile(_folder.File("band.png"));
        int[] warmth = [Warmth(1, 1), Warmth(1, 30), Warmth(62, 1), Warmth(62, 30)];
        Assert.True(Math.Min(warmth[0], warmth[1]) > Math.Max(warmth[2], warmth[3]) + 50, $"the left is hot from top to bottom, the right cold: {string.Join(", ", warmth)}");

        // The warm colors have far more red than blue, gray has not.
        int Warmth(int x, int y)
        {
            var at = 3 * ((y * picture.Width) + x);
            return picture.Pixels[at] - picture.Pixels[at + 2];
        }
    }

    [Fact]
    public async Task A_head_with_hidden_layers_says_why_it_cannot()
    {
        using var extractor = Extractor();
        using var classifier = await TrainAsync(extractor, new TrainingPlan { HiddenUnits = [6] });
        var error = Assert.Throws<ModelException>(() => classifier.Explain(HalfOrangeHalfCyan()));
        Assert.Contains("1 hidden layer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_class_lists_the_known_ones()
    {
        using var extractor = Extractor();
        using var classifier = await TrainAsync(extractor, new TrainingPlan());
        var error = Assert.Throws<ArgumentException>(() => classifier.Explain(HalfOrangeHalfCyan(), "orage"));
        Assert.Contains("orange", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unusable_image_is_named()
    {
        using var extractor = Extractor();
        using var classifier = await TrainAsync(extractor, new TrainingPlan());
        Assert.Contains("nowhere.png", Assert.Throws<ImageDecodeException>(() => classifier.Explain("nowhere.png")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_report_shows_where_it_looks_or_says_why_not()
    {
        using var extractor = Extractor();
        var photos = ImageDataset.FromFolder(Photos());
        var report = _folder.File("report.html");
        (await ImageClassifier.TrainAsync(extractor, photos)).WriteReport(report);
        Assert.Contains("the colored places support", File.ReadAllText(report), StringComparison.Ordinal);
        (await ImageClassifier.TrainAsync(extractor, photos, new TrainingPlan { HiddenUnits = [6] })).WriteReport(report);
        Assert.Contains("Not shown: ", File.ReadAllText(report), StringComparison.Ordinal);
    }

    private FeatureExtractor Extractor(TensorLayout layout = TensorLayout.Nchw)
    {
        var path = _folder.File("tiny.onnx");
        TinyBackbone.Write(path, layout);
        return FeatureExtractor.Load(path, OnCpu);
    }

    private async Task<ImageClassifier> TrainAsync(FeatureExtractor extractor, TrainingPlan options) =>
        (await ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder(Photos()), options)).Classifier;

    private string Photos()
    {
        for (var i = 0; i < 10; i++)
        {
            File.WriteAllBytes(_folder.File("photos", "orange", $"{i}.png"), TestImage.NoisyPng(20, 20, (230, 130, 20), i));
            File.WriteAllBytes(_folder.File("photos", "cyan", $"{i}.png"), TestImage.NoisyPng(20, 20, (20, 200, 210), 100 + i));
        }

        return Path.Combine(_folder.Path, "photos");
    }

    private string HalfOrangeHalfCyan()
    {
        const int width = 64, height = 32;
        var rgb = new byte[3 * width * height];
        for (var i = 0; i < width * height; i++)
            (rgb[3 * i], rgb[(3 * i) + 1], rgb[(3 * i) + 2]) = i % width < width / 2 ? ((byte)230, (byte)130, (byte)20) : ((byte)20, (byte)200, (byte)210);
        var path = _folder.File("halves.png");
        File.WriteAllBytes(path, TestImage.Png(width, height, rgb));
        return path;
    }
}
