using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests;

/// <summary>A network can give a number that no head and no search can take: every door says which network and which image.</summary>
public sealed class VectorsNotFiniteTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public async Task Every_door_names_the_network_and_the_image(float bias)
    {
        using var extractor = Open("broken.onnx", bias);
        var photos = Photos();
        var first = photos.Images[0].Image.Id;
        Task[] doors =
        [
            ImageClassifier.TrainAsync(extractor, photos),
            DatasetCheck.RunAsync(extractor, photos),
            BackboneComparison.MeasureAsync([_folder.File("broken.onnx")], photos, new ComparisonOptions { FoldCount = 2, Extractor = new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu } }),
            SimilarImages.FindAsync(extractor, first, [photos.Images[1].Image]),
        ];
        foreach (var door in doors)
        {
            var error = await Assert.ThrowsAsync<ModelException>(() => door);
            Assert.Contains($"{_folder.File("broken.onnx")} gave ", error.Message, StringComparison.Ordinal);
            Assert.Contains($" as feature 1 of {first}: features must be finite numbers.", error.Message, StringComparison.Ordinal);
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
        foreach (var (name, color) in ((string, (byte, byte, byte))[])[("blue", (30, 40, 200)), ("red", (210, 40, 30))])
        {
            for (var i = 0; i < 5; i++) File.WriteAllBytes(_folder.File("photos", name, $"{i}.png"), TestImage.NoisyPng(20, 20, color, i));
        }

        return ImageDataset.FromFolder(_folder.File("photos"));
    }

    /// <summary>The means of the red and of the green channel, times a weight, plus a bias of the second.</summary>
    private FeatureExtractor Open(string name, float bias, float weight = 1)
    {
        var graph = new OnnxGraphBuilder("means");
        graph.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 8, 8);
        graph.Constant("weights", [2, 3, 1, 1], [weight, 0, 0, 0, weight, 0]);
        graph.Constant("bias", [2], [0, bias]);
        graph.Node("Conv", "convolved", ["image", "weights", "bias"]);
        graph.Node("GlobalAveragePool", "pooled", ["convolved"]);
        graph.Node("Flatten", "features", ["pooled"]);
        graph.Output("features", OnnxElementType.Float32, [OnnxDim.Named("N"), 2]);
        graph.Build("means").Save(_folder.File(name));
        File.WriteAllText(Path.ChangeExtension(_folder.File(name), ".model.json"), """{"features":{"tensor":"features","dim":2},"preprocess":{"preset":"tf"}}""");
        return FeatureExtractor.Load(_folder.File(name), new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
    }
}
