using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Tests.Onnx.Shapes;

public sealed class OnnxReceptiveFieldTests
{
    [Fact]
    public void Windows_and_strides_add_up_and_branches_take_the_largest()
    {
        var graph = new OnnxGraphBuilder("test");
        graph.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 32, 32);
        graph.Constant("w3", [4, 3, 3, 3], new float[4 * 27]);
        graph.Constant("w5", [4, 4, 5, 5], new float[4 * 4 * 25]);
        graph.Constant("w1", [4, 4, 1, 1], new float[16]);
        graph.Node("Conv", "a", ["image", "w3"], ("strides", new long[] { 2, 2 }), ("pads", new long[] { 1, 1, 1, 1 }));
        graph.Node("Relu", "b", ["a"]);
        graph.Node("Conv", "c", ["b", "w5"], ("dilations", new long[] { 2, 2 }), ("pads", new long[] { 4, 4, 4, 4 }));
        graph.Node("Conv", "d", ["b", "w1"]);
        graph.Node("Add", "e", ["c", "d"]);
        graph.Node("MaxPool", "f", ["e"], ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));
        graph.Node("GlobalAveragePool", "g", ["f"]);
        graph.Output("g", OnnxElementType.Float32, null);
        var model = graph.Build("test");
        // 1 + 2; + 4 windows of dilation 2 at 2 pixels; the 1x1 adds nothing; + 1 at 2 pixels.
        Assert.Equal([3, 3, 19, 3, 19, 21, null], "abcdefg".Select(name => OnnxReceptiveField.Of(model, OnnxImageInput.Of(model), name.ToString())));
    }
}
