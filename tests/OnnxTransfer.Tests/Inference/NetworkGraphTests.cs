using OnnxTransfer.Backbones;
using OnnxTransfer.Embedding;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests.Inference;

[Collection(nameof(Alone))]
public sealed class NetworkGraphTests : IDisposable
{
    private const int Side = 8;
    private const int Dim = 65_536;
    private const int ImageLength = 3 * Side * Side;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// ONNX Runtime is given the bytes of a network once. Everything else that opening needs of it, its hash too, comes from the one graph: a
    /// second writing, or reading it again, would allocate the weights again.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Opening_writes_the_network_once_with_a_cache_or_without(bool cached)
    {
        // 50 MB of weights, beside which nothing else counts.
        var backbone = Large();
        const long Weights = (long)ImageLength * Dim * sizeof(float);
        var options = new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu }.ForNetwork();
        var cache = cached ? new FeatureCache(_folder.File("cache")) : null;
        // So that what is made once in a process is made.
        using (var warm = new ImageNetwork(backbone, "features", Dim, options, cache, typeof(FeatureExtractor))) Assert.Equal(Dim, warm.Dim);

        var before = GC.GetAllocatedBytesForCurrentThread();
        using var network = new ImageNetwork(backbone, "features", Dim, options, cache, typeof(FeatureExtractor));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(allocated, Weights, Weights + (Weights / 4));
    }

    /// <summary>A cut and its hash have the weights of the whole, also where a file has them as a list of numbers.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_cut_holds_no_weights_of_its_own(bool asList)
    {
        var backbone = Large();
        if (asList)
        {
            backbone.Model.Graph.EditConstants(_ => true, tensor =>
            {
                tensor.FloatData.AddRange(OnnxTensorData.ReadFloats(tensor));
                tensor.ClearRawData();
            });
        }

        const long Weights = (long)ImageLength * Dim * sizeof(float);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var graph = NetworkGraph.Of(backbone, "features", Dim);
        _ = graph.ComputationHash;
        _ = graph.CopyModel();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Weights / 8);
    }

    [Fact]
    public void The_hash_is_that_of_the_bytes_and_other_weights_have_another()
    {
        var graph = NetworkGraph.Of(Large(), "features", Dim);
        Assert.Equal(OnnxModel.Parse(graph.ToBytes()).ComputationHash(), graph.ComputationHash.ToArray());
        var other = graph.CopyModel();
        other.SetMetadata("note", "not computed");
        Assert.Equal(graph.ComputationHash.ToArray(), graph.With(other).ComputationHash.ToArray());
        OnnxGraphEditor.Cut(other, ["flat"]);
        Assert.NotEqual(graph.ComputationHash.ToArray(), graph.With(other).ComputationHash.ToArray());
    }

    [Fact]
    public void It_knows_what_is_needed_to_run_it()
    {
        var graph = NetworkGraph.Of(Large(), "flat", ImageLength);
        Assert.Equal(("large", "image", "flat", ImageLength, ImageLength), (graph.Name, graph.Input, graph.Output, graph.RowLength, graph.ImageLength));
        Assert.Equal([3, Side, Side], graph.ImageShape);
        Assert.DoesNotContain(graph.CopyModel().Graph.Node, node => node.OpType == "MatMul");
        Assert.Throws<ModelException>(() => NetworkGraph.Of(Large(), "elsewhere", 1));
    }

    private static Backbone Large()
    {
        var graph = new OnnxGraphBuilder("large");
        graph.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, Side, Side);
        graph.Node("Flatten", "flat", ["image"]);
        graph.Node("MatMul", "features", ["flat", graph.Constant("weights", [ImageLength, Dim], new float[ImageLength * Dim])]);
        graph.Output("features", OnnxElementType.Float32, [OnnxDim.Named("N"), Dim]);
        var card = SmallGraphs.Card() with
        {
            Input = new ModelInput("image", TensorLayout.Nchw, Side, Side),
            Features = new ModelFeatures("features", Dim),
            Classes = null,
            Preprocess = new PreprocessSpec { Filter = ResizeFilter.Nearest, Resize = Resize.Stretch(Side, Side) },
        };
        return new Backbone("large", graph.Build("large"), card, []);
    }
}
