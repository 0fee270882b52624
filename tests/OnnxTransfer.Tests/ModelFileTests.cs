using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests;

public sealed class ModelFileTests : IDisposable
{
    private static readonly byte[] Photo = TestImage.NoisyPng(30, 20, (200, 90, 40), 3);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Tells_what_is_in_a_file()
    {
        var file = ModelFile.Open(Small());

        Assert.Equal(("OnnxTransfer", 17, 8), (file.Producer, file.Opset, file.IrVersion));
        Assert.Equal(["image [?,3,8,8] float32"], file.Inputs.Select(Text));
        Assert.Equal(["classes [?,5] float32"], file.Outputs.Select(Text));
        Assert.Equal((TensorLayout.Nchw, (string?)null), (file.Layout, file.WhyBatchFixed));
        Assert.Equal(new FileInfo(file.Path).Length, file.Bytes);
        Assert.Equal("small", file.Card!.Id);
        Assert.Equal(["conv/out", "relu", "unused", "pooled", "flat", "scores", "classes"], file.Layers.Select(layer => layer.Name));
        var relu = file.Layers[1];
        Assert.Equal(("relu [?,4,8,8] float32", "Relu", 4, 112L, 2L * 64 * 4 * 27), (Text(relu), relu.Operator, relu.Dim, relu.ParametersSoFar, relu.FlopsSoFar));
        // Frozen is the convolution alone: the classes and the branch that nothing reads are not part of the backbone.
        Assert.Equal(("flat", 4, 133L, 112L, 2L * 64 * 4 * 27), (file.Features!.Name, file.Features.Dim, file.Parameters, file.FrozenParameters, file.FlopsPerImage));
        Assert.Equal(5 * 7, file.TrainableParameters(7));
    }

    [Fact]
    public void A_file_without_a_card_is_read_from_its_graph()
    {
        var file = ModelFile.Open(SmallGraphs.Write(SmallGraphs.Classifier(), _folder.File("bare.onnx"), card: null));

        Assert.Null(file.Card);
        Assert.Equal("flat", file.Features!.Name);
    }

    [Fact]
    public void Layers_of_a_free_size_have_the_size_that_is_asked_for()
    {
        var graph = new OnnxGraphBuilder("free");
        graph.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, OnnxDim.Named("H"), OnnxDim.Named("W"));
        graph.Constant("w", [6, 3, 1, 1], Values.Random(1, 18).Data);
        graph.Node("Conv", "conv", ["image", "w"], ("strides", new[] { 2, 2 }));
        graph.Node("GlobalAveragePool", "pooled", ["conv"]);
        graph.Node("Flatten", "flat", ["pooled"]);
        graph.Output("flat", OnnxElementType.Float32, null);
        var file = ModelFile.Open(SmallGraphs.Write(graph.Build("free"), _folder.File("free.onnx"), card: null));

        Assert.Equal("conv [?,6,?,?] float32", Text(file.Layers[0]));
        Assert.Equal("conv [?,6,10,15] float32", Text(file.LayersAt(20, 30)[0]));
        Assert.Equal(2 * 150 * 18, file.LayersAt(20, 30)[0].FlopsSoFar);
        Assert.Contains("8x8 pixels, not 9x8", Assert.Throws<ModelException>(() => ModelFile.Open(Small()).LayersAt(8, 9)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FeaturePooling.Average)]
    [InlineData(FeaturePooling.Max)]
    [InlineData(FeaturePooling.Flatten)]
    [InlineData(FeaturePooling.None)]
    public void A_cut_file_gives_the_layers_of_the_whole(FeaturePooling pooling)
    {
        var model = SmallGraphs.Classifier();
        model.SetMetadata("kept", "yes");
        var path = SmallGraphs.Write(model, _folder.File("whole.onnx"), SmallGraphs.Card());
        var output = _folder.File("cut.onnx");

        var info = ModelFile.Open(path).Cut(output, ["relu"], pooling)!;

        var card = ModelCard.Load(ModelCard.PathFor(output));
        var cut = OnnxModel.Load(output);
        Assert.Equal("yes", cut.Metadata["kept"]);
        Assert.Equal(["conv/w", "conv/b"], cut.Graph.Initializer.Select(constant => constant.Name));
        Assert.Equal(pooling == FeaturePooling.None ? "[N,4,8,8]" : $"[N,{card.Features.Dim}]", Assert.Single(cut.Outputs).ShapeText);
        Assert.Equal((card.Id, card.Sha256, card.Features.Dim), (info.Id, ModelFile.Open(output).Sha256, info.Dim));
        Assert.Equal(("cut", "MIT", null), (card.Id, card.License, card.Classes));
        Assert.Equal(Embed(path, new() { Layer = "relu", Pooling = pooling }), Embed(output, new()));
    }

    [Fact]
    public void An_unknown_layer_is_refused_and_nothing_is_written()
    {
        var output = _folder.File("never", "cut.onnx");

        Assert.Contains("names are relu,", Assert.Throws<ArgumentException>(() => ModelFile.Open(Small()).Cut(output, ["rel"])).Message, StringComparison.Ordinal);

        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(output)!));
    }

    [Fact]
    public void Without_a_card_a_cut_file_has_none()
    {
        var output = _folder.File("cut.onnx");

        Assert.Null(ModelFile.Open(SmallGraphs.Write(SmallGraphs.Classifier(), _folder.File("bare.onnx"), card: null)).Cut(output, ["relu"]));

        Assert.True(File.Exists(output));
        Assert.False(File.Exists(ModelCard.PathFor(output)));
    }

    [Fact]
    public void Weights_of_another_file_are_taken_by_name()
    {
        var other = SmallGraphs.Classifier();
        var doubled = OnnxTensorData.ReadFloats(other.Graph.Initializer[0]).Select(value => 2 * value).ToArray();
        other.Graph.Initializer[0] = OnnxTensorData.Make("conv/w", [4, 3, 3, 3], doubled);
        other.Graph.Initializer.RemoveAt(2);
        other.Graph.Initializer.Add(OnnxTensorData.Make("left/over", [1], [1f]));
        var weights = SmallGraphs.Write(other, _folder.File("other.onnx"), card: null);
        var output = _folder.File("mixed.onnx");
        var file = ModelFile.Open(Small());

        Assert.Contains("1 are missing (fc/w)", Assert.Throws<ModelException>(() => file.ReplaceWeights(weights, output)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(output));
        var report = file.ReplaceWeights(weights, output, allowMissing: true);

        Assert.Equal(["conv/w", "conv/b", "unused/factor"], report.Matched);
        Assert.Equal("fc/w", Assert.Single(report.Missing));
        Assert.Equal("left/over", Assert.Single(report.Unused));
        Assert.Equal(doubled, OnnxTensorData.ReadFloats(OnnxModel.Load(output).Graph.Initializer[0]));
        // Whose license the new weights are under is not ours to say.
        Assert.Null(ModelCard.Load(ModelCard.PathFor(output)).License);
        Assert.NotEqual(Embed(file.Path, new()), Embed(output, new()));
        Assert.Throws<ModelNotFoundException>(() => file.ReplaceWeights(_folder.File("missing.npz"), output));
    }

    [SharedFact("models/mobilenet_v2_imagenet.onnx")]
    public void A_real_network_has_the_parameters_that_keras_counts()
    {
        var file = ModelFile.Open(Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx"));

        // Keras' MobileNetV2 without its classifier has 2,257,984, of which 3 for each of 17,056 normalized channels are folded away here.
        Assert.Equal(2_257_984 - (3 * 17_056), file.FrozenParameters);
        Assert.Equal(6_405, file.TrainableParameters(5));
        Assert.Equal((1280, TensorLayout.Nhwc), (file.Features!.Dim, file.Layout));
        Assert.InRange(file.FlopsPerImage!.Value, 595_000_000, 605_000_000);
    }

    private static string Text(ModelTensor tensor) =>
        $"{tensor.Name} [{string.Join(",", tensor.Shape!.Select(size => size?.ToString() ?? "?"))}] {tensor.ElementType}";

    private static float[] Embed(string path, FeatureExtractorOptions options)
    {
        using var extractor = FeatureExtractor.Load(path, options with { Provider = ExecutionProvider.Cpu, Threads = 1 });
        return extractor.Embed((ReadOnlySpan<byte>)Photo);
    }

    private string Small() => SmallGraphs.Write(SmallGraphs.Classifier(), _folder.File("small.onnx"), SmallGraphs.Card());
}
