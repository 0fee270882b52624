using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests;

/// <summary>Features from any layer: <see cref="FeatureExtractorOptions.Layers"/> and <see cref="FeatureExtractorOptions.Pooling"/>.</summary>
public sealed class LayerTests : IDisposable
{
    private static readonly FeatureExtractorOptions OnCpu = new() { Provider = ExecutionProvider.Cpu, Threads = 1 };
    private static readonly byte[] Photo = TestImage.NoisyPng(30, 20, (200, 90, 40), 3);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_layer_is_pooled_as_asked()
    {
        var path = Small();
        var map = Embed(path, FeaturePooling.Flatten, "relu").Chunk(64).ToList();

        Assert.Equal(4, map.Count);
        AssertClose([.. map.Select(channel => channel.Average())], Embed(path, FeaturePooling.Average, "relu"));
        AssertClose([.. map.Select(channel => channel.Max())], Embed(path, FeaturePooling.Max, "relu"));
        Assert.Equal(map.SelectMany(value => value), Embed(path, FeaturePooling.None, "relu"));
        // The network's own features are this layer, averaged.
        AssertClose(Embed(path, FeaturePooling.Average), Embed(path, FeaturePooling.Average, "relu"));
    }

    [Theory]
    [InlineData(FeaturePooling.Average, 4)]
    [InlineData(FeaturePooling.None, 256)]
    public void Several_layers_are_joined_in_order(FeaturePooling pooling, int length)
    {
        var path = Small();

        var both = Embed(path, pooling, "scores", "relu");

        Assert.Equal(5 + length, both.Length);
        AssertClose([.. Embed(path, pooling, "scores"), .. Embed(path, pooling, "relu")], both);
    }

    [Fact]
    public void The_card_says_which_layer_it_is_and_that_the_classes_are_gone()
    {
        using var one = Load(Small(), FeaturePooling.Max, "relu");
        using var other = Load(Small(), FeaturePooling.Average, "relu", "scores");

        Assert.Equal(new ModelFeatures("relu/max", 4), one.Card.Features);
        Assert.Equal(new ModelFeatures("relu/average+scores", 9), other.Card.Features);
        Assert.Null(one.Card.Classes);
    }

    [Theory]
    [InlineData("rel", "names are relu,")]
    [InlineData("conv", "names are conv/out,")]
    [InlineData("image", "names are")]
    public void An_unknown_layer_lists_the_nearest(string layer, string nearest) =>
        Assert.Contains(nearest, Assert.Throws<ModelException>(() => Load(Small(), FeaturePooling.Average, layer)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_network_without_a_card_needs_only_its_preprocessing()
    {
        var bare = SmallGraphs.Write(SmallGraphs.Classifier(), _folder.File("bare.onnx"), card: null);
        using var extractor = FeatureExtractor.Load(bare, OnCpu with { Preprocess = SmallGraphs.Pixels(8), Layer = "relu" });

        Assert.Equal(Embed(Small(), FeaturePooling.Average, "relu"), extractor.Embed((ReadOnlySpan<byte>)Photo));
        Assert.Equal("bare", extractor.Card.Id);
    }

    [Fact]
    public void A_layer_of_a_model_beside_the_application_is_taken()
    {
        var card = new ModelStore().Find("resnet18").Card with { Id = "ours", Sha256 = null };
        var graph = new OnnxGraphBuilder("ours");
        graph.Input(card.Input.Tensor, OnnxElementType.Float32, OnnxDim.Named("N"), 3, card.Input.Height, card.Input.Width);
        graph.Constant("w", [card.Features.Dim, 3, 1, 1], Values.Random(1, card.Features.Dim * 3).Data);
        graph.Node("AveragePool", "small", [card.Input.Tensor], ("kernel_shape", new[] { 32, 32 }), ("strides", new[] { 32, 32 }));
        graph.Node("Conv", "conv", ["small", "w"]);
        graph.Node("GlobalAveragePool", "pooled", ["conv"]);
        graph.Node("Flatten", card.Features.Tensor, ["pooled"]);
        graph.Output(card.Features.Tensor, OnnxElementType.Float32, null);
        var path = _folder.File("beside", "ours.onnx");
        graph.Build("ours").Save(path);
        card.Save(ModelCard.PathFor(path));
        var store = new ModelStore { Folder = _folder.Path, IsOffline = true, Application = new ApplicationModels(_folder.File("beside")) };

        using var extractor = FeatureExtractor.Load("ours", OnCpu with { Store = store, Layer = "small" });

        Assert.Equal(3, extractor.Embed((ReadOnlySpan<byte>)Photo).Length);
        Assert.Contains("small", ModelFile.Open("ours", store).Layers.Select(layer => layer.Name));
    }

    [Theory]
    [InlineData(FeaturePooling.Max)]
    [InlineData(FeaturePooling.None)]
    public async Task A_classifier_trained_on_layers_answers_the_same_after_loading(FeaturePooling pooling)
    {
        foreach (var (label, color) in new (string, (byte, byte, byte))[] { ("blue", (20, 30, 220)), ("red", (220, 30, 20)) })
        {
            for (var i = 0; i < 12; i++) File.WriteAllBytes(_folder.File("photos", label, $"{i}.png"), TestImage.NoisyPng(12, 12, color, i));
        }

        using var extractor = Load(Small(), pooling, "relu", "scores");
        using var trained = (await ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder(_folder.File("photos")))).Classifier;
        var path = _folder.File("classifier.onnx");
        trained.Save(path);

        using var loaded = ImageClassifier.Load(path, OnCpu);

        Assert.Equal(trained.Predict(Photo).Probabilities, loaded.Predict(Photo).Probabilities);
        Assert.Equal(extractor.Card.Features, ModelFile.Open(path).Card!.Features);
        Assert.Equal(extractor.Dim, ModelFile.Open(path).Features!.Dim);
    }

    [Fact]
    public async Task A_finished_classifier_takes_no_other_layers()
    {
        var options = OnCpu with { Layer = "relu" };

        Assert.Contains("Layers", Assert.Throws<ArgumentException>(() => ImageClassifier.Load("any.onnx", options)).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => ImageClassifier.FromBackboneAsync(Small(), options));
        Assert.Throws<ArgumentException>(() => new FeatureExtractorOptions { Layers = ["relu", " "] });
        Assert.Throws<ArgumentOutOfRangeException>(() => Load(Small(), (FeaturePooling)9, "relu"));
    }

    [SharedFact("models/mobilenet_v2_imagenet.onnx")]
    public void A_real_networks_layers_have_the_listed_dimension()
    {
        var path = Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx");
        var layers = ModelFile.Open(path).Layers;
        var some = new[] { layers[5], layers[layers.Count / 2], layers[^4] };

        using var all = Load(path, FeaturePooling.Average, [.. some.Select(layer => layer.Name)]);

        Assert.Equal(some.Sum(layer => layer.Dim), all.Dim);
        Assert.Equal(all.Dim, all.Embed((ReadOnlySpan<byte>)Photo).Length);
    }

    private static float[] Embed(string path, FeaturePooling pooling, params string[] layers)
    {
        using var extractor = Load(path, pooling, layers);
        var vector = extractor.Embed((ReadOnlySpan<byte>)Photo);
        Assert.Equal(extractor.Dim, vector.Length);
        return vector;
    }

    private static FeatureExtractor Load(string path, FeaturePooling pooling, params string[] layers) =>
        FeatureExtractor.Load(path, OnCpu with { Layers = layers, Pooling = pooling });

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-5f);
    }

    private string Small() => SmallGraphs.Write(SmallGraphs.Classifier(), _folder.File("small.onnx"), SmallGraphs.Card());
}
