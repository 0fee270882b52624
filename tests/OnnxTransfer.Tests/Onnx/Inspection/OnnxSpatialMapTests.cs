using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Onnx.Inspection;

public sealed class OnnxSpatialMapTests
{
    [Fact]
    public void It_is_found_behind_a_global_average_and_what_flattens_it()
    {
        var map = Find(graph =>
        {
            graph.Node("GlobalAveragePool", "pooled", ["map"]);
            graph.Node("Flatten", "features", ["pooled"]);
        });
        Assert.Equal(new OnnxSpatialMap("map", TensorLayout.Nchw, 8, 5, 6), map);
    }

    [Theory]
    [InlineData(0, 2L, 3L)]
    [InlineData(0, -1L, -2L)]
    [InlineData(1, 2L, 3L)]
    public void It_is_found_behind_a_mean_over_height_and_width(int keep, params long[] axes)
    {
        var map = Find(graph =>
        {
            graph.Node("ReduceMean", "mean", ["map"], ("axes", axes), ("keepdims", keep));
            graph.Node("Flatten", "features", ["mean"]);
        });
        Assert.Equal(("map", TensorLayout.Nchw), (map.Tensor, map.Layout));
    }

    [Fact]
    public void It_is_found_in_the_order_that_ends_in_channels()
    {
        var map = Find(graph =>
        {
            graph.Node("Transpose", "nhwc", ["map"], ("perm", new long[] { 0, 2, 3, 1 }));
            graph.Node("ReduceMean", "features", ["nhwc"], ("axes", new long[] { 1, 2 }), ("keepdims", 0));
        });
        Assert.Equal(new OnnxSpatialMap("nhwc", TensorLayout.Nhwc, 8, 5, 6), map);
        Assert.Equal((8 * ((6 * 2) + 3), 1), map.Place(2, 3));
    }

    [Fact]
    public void It_is_found_behind_a_pool_as_large_as_the_map()
    {
        Action<OnnxGraphBuilder> Pool(long height) => graph =>
        {
            graph.Node("AveragePool", "pooled", ["map"], ("kernel_shape", new[] { height, 6L }));
            graph.Node("Flatten", "features", ["pooled"]);
        };
        Assert.Equal("map", Find(Pool(5)).Tensor);
        Assert.Throws<InvalidDataException>(() => Find(Pool(3)));
    }

    [Fact]
    public void Features_that_are_no_average_say_what_they_are()
    {
        var error = Assert.Throws<InvalidDataException>(() => Find(graph =>
        {
            graph.Node("GlobalMaxPool", "greatest", ["map"]);
            graph.Node("Flatten", "features", ["greatest"]);
        }));
        Assert.Contains("GlobalMaxPool 'greatest'", error.Message, StringComparison.Ordinal);
        Assert.Contains("average", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mean_over_channels_is_no_average_over_places() => Assert.Throws<InvalidDataException>(() => Find(graph =>
    {
        graph.Node("ReduceMean", "mean", ["map"], ("axes", new long[] { 1, 2 }), ("keepdims", 0));
        graph.Node("Relu", "features", ["mean"]);
    }));

    [SharedFact("models/mobilenet_v2_imagenet.onnx")]
    public void A_real_network_has_one_of_7_by_7()
    {
        var model = OnnxModel.Load(Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx"));
        var map = OnnxSpatialMap.BehindAverage(model, "features", OnnxImageInput.Of(model));
        Assert.Equal((1280, 7, 7), (map.Channels, map.Height, map.Width));
    }

    /// <summary>An image of 10x12 in, a map of 8 channels and 5x6 places, and what the test puts behind it.</summary>
    private static OnnxSpatialMap Find(Action<OnnxGraphBuilder> end)
    {
        var graph = new OnnxGraphBuilder("test");
        graph.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, OnnxDim.Unknown, OnnxDim.Unknown);
        graph.Constant("weights", [8, 3, 2, 2], new float[8 * 3 * 2 * 2]);
        graph.Node("Conv", "map", ["image", "weights"], ("strides", new long[] { 2, 2 }));
        end(graph);
        graph.Output("features", OnnxElementType.Float32, null);
        var model = graph.Build("test");
        return OnnxSpatialMap.BehindAverage(model, "features", OnnxImageInput.Of(model) with { Height = 10, Width = 12 });
    }
}
