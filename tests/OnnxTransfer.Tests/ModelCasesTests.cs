using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests;

/// <summary>Networks as users bring them, each with the right answer.</summary>
public sealed class ModelCasesTests : IDisposable
{
    private static readonly FeatureExtractorOptions s_options = new() { Provider = ExecutionProvider.Cpu, Threads = 1, Preprocess = SmallGraphs.Pixels(224) };
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SharedTheory("cases/models")]
    [InlineData("vit_cls_logits.o14f.onnx", 96)]
    [InlineData("vit_cls_logits.o14b.onnx", 96)]
    [InlineData("vit_hidden.o17s.onnx", 96)]
    [InlineData("vit_hf/model.onnx", 192)]
    [InlineData("clip_full.onnx", 64)]
    [InlineData("cnn_sigmoid.o13b.onnx", null)]
    [InlineData("cnn_topk.o13b.onnx", null)]
    [InlineData("cnn_convhead_gap.o13b.onnx", null)]
    [InlineData("dynquant.onnx", 32)]
    [InlineData("qgemm.onnx", 32)]
    [InlineData("localfunc.onnx", 32)]
    public void TheFeaturesAreThoseBeforeTheScores(string file, int? dim)
    {
        var path = Repository.SharedPath("cases", "models", file);
        using var extractor = FeatureExtractor.Load(path, s_options);

        if (dim is { } expected) Assert.Equal(expected, extractor.Dim);
        Assert.NotEqual(10, extractor.Dim);
        Assert.NotEqual(5, extractor.Dim);
        var photos = Photos(3);
        var one = photos.Select(photo => extractor.Embed(photo)).ToList();
        Assert.True(one[0].Zip(one[1]).Any(pair => pair.First != pair.Second), "two images have the same features");
        Assert.Null(ModelFile.Open(path).WhyBatchFixed);
        var many = extractor.EmbedAsync(ImageInput.FromFiles(photos), batchSize: 3).GetAwaiter().GetResult().Features;
        for (var i = 0; i < 3; i++) new Values(one[i], extractor.Dim).AssertClose(new Values(many.Row(i).ToArray(), extractor.Dim), 1e-5);
    }

    [SharedTheory("cases/models")]
    [InlineData("vit_cls_logits.o14f.onnx", FeaturePooling.Cls, 96)]
    [InlineData("vit_cls_logits.o14f.onnx", FeaturePooling.MeanTokens, 96)]
    [InlineData("vit_hidden.o17s.onnx", FeaturePooling.ClsAndMean, 192)]
    [InlineData("vit_hf/model.onnx", FeaturePooling.Cls, 192)]
    public void TokensCanBePooledWithoutALayer(string file, FeaturePooling pooling, int dim)
    {
        using var extractor = FeatureExtractor.Load(Repository.SharedPath("cases", "models", file), s_options with { Pooling = pooling });

        Assert.Equal(dim, extractor.Dim);
        Assert.Equal(dim, extractor.Embed(Photos(1)[0]).Length);
    }

    [SharedFact("cases/models")]
    public void EveryListedLayerOfAVisionTransformerCanBeUsed()
    {
        var path = Repository.SharedPath("cases", "models", "vit_cls_logits.o14b.onnx");
        var photo = Photos(1)[0];
        var layers = ModelFile.Open(path).Layers;

        Assert.True(layers.Count > 50, $"{layers.Count} layers");
        for (var i = 0; i < layers.Count; i += 9)
        {
            using var extractor = FeatureExtractor.Load(path, s_options with { Layer = layers[i].Name, Pooling = FeaturePooling.Flatten });
            Assert.Equal(extractor.Dim, extractor.Embed(photo).Length);
        }
    }

    [SharedTheory("cases/models")]
    [InlineData("vit_cls_logits.o14f.onnx", 224)]
    [InlineData("vit_hf/model.onnx", 224)]
    [InlineData("cnn_topk.o13b.onnx", 224)]
    public void TheSizeOfTheImagesIsSaid(string file, int side) =>
        Assert.Equal((side, side), (ModelFile.Open(Repository.SharedPath("cases", "models", file)).Height, ModelFile.Open(Repository.SharedPath("cases", "models", file)).Width));

    [SharedFact("cases/models")]
    public void ThePoolingOfTokensAndAnUnsafeLayerAreSaid()
    {
        Assert.Equal("Its tokens become one vector by --pooling cls.", ModelFile.Open(Repository.SharedPath("cases", "models", "vit_hidden.o17s.onnx")).FeaturesNote);
        Assert.Contains("'pooler_output' was not chosen", ModelFile.Open(Repository.SharedPath("cases", "models", "vit_hf", "model.onnx")).FeaturesNote, StringComparison.Ordinal);
    }

    [SharedFact("cases/hostile")]
    public void ADamagedLengthIsAnErrorOfTheModel()
    {
        var path = Repository.SharedPath("cases", "hostile", "hugelen.onnx");
        Assert.Contains("hugelen.onnx", Assert.Throws<InvalidModelException>(() => ModelFile.Open(path)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidModelException>(() => FeatureExtractor.Load(path, s_options));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void PixelsAsBytesAreFed(bool fixedSize)
    {
        var graph = new OnnxGraphBuilder("bytes");
        graph.Input("image", OnnxElementType.UInt8, OnnxDim.Named("N"), fixedSize ? 8 : OnnxDim.Named("h"), fixedSize ? 8 : OnnxDim.Named("w"), 3);
        graph.Constant("factor", [], [2f]);
        graph.Node("Cast", "float", ["image"], ("to", 1));
        graph.Node("Mul", "scaled", ["float", "factor"]);
        graph.Node("ReduceMean", "embedding", ["scaled"], ("axes", new[] { 1, 2 }), ("keepdims", 0));
        graph.Output("embedding", OnnxElementType.Float32, null);
        var path = SmallGraphs.Write(graph.Build("bytes.onnx"), _folder.File("bytes.onnx"), null);

        // The mean and the deviation of the preset are the network's own business.
        using var extractor = FeatureExtractor.Load(path, s_options with { Preprocess = SmallGraphs.Pixels(8) });
        using var pixels = PixelBuffer.FromRgb([.. Enumerable.Repeat(new byte[] { 10, 100, 250 }, 64).SelectMany(p => p)], 8, 8);
        var row = extractor.Embed(ImageInput.FromPixels(pixels));

        Assert.Equal([20f, 200f, 500f], row);
    }

    [Fact]
    public void ALayerWhoseShapeNoRuleGivesIsMeasured()
    {
        var graph = new OnnxGraphBuilder("odd");
        graph.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 8, 8);
        graph.Node("GlobalAveragePool", "pooled", ["image"]);
        graph.Node("Flatten", "flat", ["pooled"]);
        // No rule here knows the inverse of a matrix.
        graph.Constant("matrix", [1, 1, 1], [4f]);
        graph.Node("Det", "odd", [graph.Node("Mul", "square", ["image", "matrix"])]);
        graph.Node("Gemm", "y", ["flat", graph.Constant("w", [3, 5], Values.Random(1, 3, 5).Data)]);
        graph.Output("y", OnnxElementType.Float32, null);
        graph.Output("odd", OnnxElementType.Float32, null);
        var path = SmallGraphs.Write(graph.Build("odd.onnx"), _folder.File("odd.onnx"), null);

        using var extractor = FeatureExtractor.Load(path, s_options with { Preprocess = SmallGraphs.Pixels(8), Layer = "odd" });

        Assert.Equal(3, extractor.Dim);
        Assert.Equal(3, extractor.Embed(Photos(1)[0]).Length);
    }

    [Fact]
    public void ZerosBeforeAMaximumPoolStayZeros()
    {
        var model = PaddedMaximum();
        var path = SmallGraphs.Write(model, _folder.File("padded.onnx"), null);
        using var extractor = FeatureExtractor.Load(path, s_options with { Preprocess = SmallGraphs.Pixels(8) });

        // All numbers of the map are negative, so the zeros of the border win.
        using var pixels = PixelBuffer.FromRgb(new byte[8 * 8 * 3], 8, 8);
        var row = extractor.Embed(ImageInput.FromPixels(pixels));

        Assert.Equal(0, row[0], 1e-6);
        Assert.DoesNotContain("optimizer", extractor.ProviderReason, StringComparison.Ordinal);
    }

    private static OnnxModel PaddedMaximum()
    {
        var graph = new OnnxGraphBuilder("padded");
        graph.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 8, 8);
        graph.Constant("pads", [8], [0L, 0, 1, 1, 0, 0, 1, 1]);
        graph.Node("Pad", "padded", ["image", "pads"]);
        graph.Node("MaxPool", "pool", ["padded"], ("kernel_shape", new[] { 3, 3 }), ("strides", new[] { 2, 2 }));
        graph.Node("Flatten", "embedding", ["pool"]);
        graph.Output("embedding", OnnxElementType.Float32, null);
        return graph.Build("padded.onnx");
    }

    private List<string> Photos(int count) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var path = _folder.File($"{i}.png");
        File.WriteAllBytes(path, TestImage.NoisyPng(40, 40, ((byte)(60 * i), (byte)100, (byte)(250 - (60 * i))), i));
        return path;
    })];
}
