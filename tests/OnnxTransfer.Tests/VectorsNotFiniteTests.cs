using Microsoft.Extensions.AI;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests;

/// <summary>A network can give NaN or infinity. Such an image counts as one that cannot be used, at every door; it never becomes an answer.</summary>
public sealed class VectorsNotFiniteTests : IDisposable
{
    private static readonly FeatureExtractorOptions s_onCpu = new() { Provider = ExecutionProvider.Cpu };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public async Task Where_no_image_has_a_vector_every_door_says_why(float bias)
    {
        using var extractor = Open("broken.onnx", bias);
        var photos = Photos();
        var first = photos.Images[0].Image.Id;
        Task[] doors =
        [
            ImageClassifier.TrainAsync(extractor, photos),
            DatasetCheck.RunAsync(extractor, photos),
            BackboneComparison.MeasureAsync([_folder.File("broken.onnx")], photos, new ComparisonOptions { FoldCount = 2, Extractor = s_onCpu }),
            SimilarImages.FindAsync(extractor, first, [photos.Images[1].Image]),
            extractor.EmbedAsync(first),
            extractor.EmbedAsync(new MemoryStream(File.ReadAllBytes(first))),
            Task.Run(() => extractor.Embed(first)),
            Task.Run(() => extractor.Embed(first, new float[2])),
            Task.Run(() => extractor.Embed(File.ReadAllBytes(first).AsSpan())),
            extractor.AsEmbeddingGenerator().GenerateAsync([new DataContent(File.ReadAllBytes(first), "image/png")]),
            extractor.AsEmbeddingGenerator().GenerateAsync([.. Enumerable.Repeat(new DataContent(File.ReadAllBytes(first), "image/png"), 2)]),
        ];
        foreach (var door in doors)
        {
            var error = await Assert.ThrowsAnyAsync<OnnxTransferException>(() => door);
            // The image is sound.
            Assert.False(error is ImageDecodeException, error.Message);
            Assert.Contains($"The network gave {bias} as feature 1, and features must be finite numbers", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task One_image_of_many_is_skipped_with_the_reason_and_not_kept()
    {
        var model = Logarithms();
        var photos = Photos();
        IReadOnlyList<ImageInput> images = [.. photos.Images.Select(image => image.Image), Dark()];
        var options = s_onCpu with { Cache = new FeatureCache(_folder.File("cache")) };
        for (var run = 0; run < 2; run++)
        {
            using var extractor = FeatureExtractor.Load(model, options);
            var result = await extractor.EmbedAsync(images);
            Assert.Equal((images.Count - 1, run * (images.Count - 1)), (result.RowCount, result.Cached));
            var skipped = Assert.Single(result.Skipped);
            Assert.Equal(images[^1].Id, skipped.Id);
            Assert.StartsWith("The network gave NaN as feature 0", skipped.Reason, StringComparison.Ordinal);
            var last = (await extractor.EmbedStreamAsync(images).ToListAsync())[^1];
            Assert.Equal((null, skipped.Reason), (last.Vector, last.Error));
            using var writer = FeatureWriter.Create(_folder.File("rows.npy"), extractor.Dim);
            Assert.Equal(images.Count - 1, (await extractor.EmbedToAsync(writer, images)).RowCount);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public async Task A_classifier_gives_no_answer(int hidden)
    {
        using var extractor = FeatureExtractor.Load(Logarithms(), s_onCpu);
        var trained = await ImageClassifier.TrainAsync(extractor, Photos(), new TrainingPlan { Epochs = 2, HiddenUnits = hidden == 0 ? [] : [hidden] });
        using var classifier = trained.Classifier;
        var file = _folder.File("classifier.onnx");
        Assert.Contains($"was not saved to {file}: its network gives NaN", Assert.Throws<ModelException>(() => classifier.Save(file)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
        Assert.Contains("gave NaN", Assert.Throws<ModelException>(() => classifier.Predict(Dark())).Message, StringComparison.Ordinal);
        Assert.Contains("gave NaN", (await Assert.ThrowsAsync<ModelException>(() => classifier.PredictAsync(Dark()))).Message, StringComparison.Ordinal);
        foreach (ImageInput[] list in (ImageInput[][])[[Dark()], [Dark(), Photos().Images[0].Image]])
        {
            var prediction = (await classifier.PredictAsync(list))[0];
            Assert.Null(prediction.Prediction);
            Assert.StartsWith("The network gave NaN as feature 0", prediction.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_query_without_a_direction_is_named()
    {
        using var extractor = Open("zero.onnx", bias: 0, weight: 0);
        var photos = Photos();
        var error = await Assert.ThrowsAsync<ArgumentException>(() => SimilarImages.FindAsync(extractor, photos.Images[0].Image, [photos.Images[1].Image]));
        Assert.Contains($"{_folder.File("zero.onnx")} gave a feature vector of length 0 for the query {photos.Images[0].Image.Id}", error.Message, StringComparison.Ordinal);
    }

    private ImageDataset Photos()
    {
        foreach (var (name, color) in ((string, (byte, byte, byte))[])[("blue", (180, 190, 250)), ("red", (250, 180, 190))])
        {
            for (var i = 0; i < 5; i++) File.WriteAllBytes(_folder.File("photos", name, $"{i}.png"), TestImage.NoisyPng(20, 20, color, i));
        }

        return ImageDataset.FromFolder(_folder.File("photos"));
    }

    private ImageInput Dark()
    {
        var path = _folder.File("dark.png");
        File.WriteAllBytes(path, TestImage.NoisyPng(20, 20, (20, 20, 20), 1));
        return path;
    }

    /// <summary>The means of the red and of the green channel, times a weight, plus a bias of the second.</summary>
    private FeatureExtractor Open(string name, float bias, float weight = 1) => FeatureExtractor.Load(Write(name, bias, weight, isLogarithm: false), s_onCpu);

    /// <summary>The logarithms of the means less 0.3, in [-1, 1]: only a bright photo has them.</summary>
    private string Logarithms() => Write("logarithms.onnx", bias: 0, weight: 1, isLogarithm: true);

    private string Write(string name, float bias, float weight, bool isLogarithm)
    {
        var graph = new OnnxGraphBuilder("means");
        graph.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 8, 8);
        graph.Constant("weights", [2, 3, 1, 1], [weight, 0, 0, 0, weight, 0]);
        graph.Constant("bias", [2], isLogarithm ? [-0.3f, -0.3f] : [0, bias]);
        graph.Node("Conv", "convolved", ["image", "weights", "bias"]);
        graph.Node("GlobalAveragePool", "pooled", ["convolved"]);
        graph.Node("Flatten", isLogarithm ? "means" : "features", ["pooled"]);
        if (isLogarithm) graph.Node("Log", "features", ["means"]);
        graph.Output("features", OnnxElementType.Float32, [OnnxDim.Named("N"), 2]);
        graph.Build("means").Save(_folder.File(name));
        File.WriteAllText(Path.ChangeExtension(_folder.File(name), ".model.json"), """{"features":{"tensor":"features","dim":2},"preprocess":{"preset":"tf"}}""");
        return _folder.File(name);
    }
}
