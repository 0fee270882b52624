using OnnxTransfer.Onnx;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Onnx;

public sealed class OnnxShapesTests
{
    [SharedFact("models/mobilenet_v2_imagenet.onnx")]
    public void EveryShapeOfARealModelIsWhatTheRuntimeComputes()
    {
        var model = OnnxModel.Load(Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx"));
        var shapes = OnnxShapes.Infer(model);
        var tensors = OnnxGraphEditor.ComputedTensors(model).Where(t => shapes[t].ElementType == OnnxElementType.Float32).ToList();
        OnnxGraphEditor.Cut(model, tensors);

        var computed = GraphRunner.Run(model, ("input", new Values(new float[2 * 224 * 224 * 3], 2, 224, 224, 3)));

        Assert.True(tensors.Count > 50);
        foreach (var tensor in tensors) AssertSame(shapes[tensor], computed[tensor].Shape, batch: 2);
    }

    public static TheoryData<string, string> Cases => new()
    {
        { "ceil pool", "MaxPool | kernel_shape=3,3 strides=2,2 ceil_mode=1" },
        { "same pool", "AveragePool | kernel_shape=3,3 strides=2,2 auto_pad=SAME_UPPER" },
        { "dilated", "MaxPool | kernel_shape=2,2 dilations=3,3 pads=1,0,1,1" },
        { "mean", "ReduceMean | axes=2,3 keepdims=0" },
        { "mean of all", "ReduceMean | keepdims=1" },
        { "flatten", "Flatten | axis=-3" },
        { "transpose", "Transpose | perm=0,2,3,1" },
        { "softmax", "Softmax | axis=1" },
        { "unknown", "NoSuchOperator" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void OperatorsFollowTheRuntime(string name, string description)
    {
        var parts = description.Split('|', StringSplitOptions.TrimEntries);
        var graph = new OnnxGraphBuilder(name);
        graph.Input("x", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 11, 9);
        if (parts.Length == 1)
        {
            // No such operator: the shape stays unknown, and the reason names it.
            graph.Node(parts[0], "y", ["x"]);
            graph.Output("y", OnnxElementType.Float32, null);
            Assert.Contains(parts[0], OnnxShapes.Infer(graph.Build(name)).WhyUnknown("y"), StringComparison.Ordinal);
            return;
        }

        graph.Node(parts[0], "y", ["x"], [.. parts[1].Split(' ').Select(Attribute)]);
        graph.Output("y", OnnxElementType.Float32, null);
        AssertFollows(graph.Build(name));
    }

    [Fact]
    public void AReshapeComputedFromAShapeIsFollowed()
    {
        // How PyTorch writes x.view(x.size(0), -1): the batch stays free although the graph computes it.
        var graph = new OnnxGraphBuilder("view");
        graph.Input("x", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 11, 9);
        graph.Constant("zero", [], [0L]);
        graph.Constant("minus", [1], [-1L]);
        graph.Constant("axes", [1], [0L]);
        graph.Node("Shape", "shape", ["x"]);
        graph.Node("Gather", "n", ["shape", "zero"]);
        graph.Node("Unsqueeze", "n1", ["n", "axes"]);
        graph.Node("Concat", "target", ["n1", "minus"], ("axis", 0));
        graph.Node("Reshape", "y", ["x", "target"]);
        graph.Output("y", OnnxElementType.Float32, null);

        var model = graph.Build("view");

        Assert.Equal("[N,297]", OnnxShapes.Infer(model)["y"].ShapeText);
        AssertFollows(model);
    }

    [Fact]
    public void SlicePadConcatAndResizeFollowTheRuntime()
    {
        var graph = new OnnxGraphBuilder("cut");
        graph.Input("x", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 11, 9);
        graph.Constant("starts", [2], [-1L, 1L]);
        graph.Constant("ends", [2], [long.MinValue, 8L]);
        graph.Constant("axes", [2], [2L, 3L]);
        graph.Constant("steps", [2], [-3L, 2L]);
        graph.Constant("pads", [8], [0L, 0, 1, 0, 0, 0, 2, 3]);
        graph.Node("Slice", "sliced", ["x", "starts", "ends", "axes", "steps"]);
        graph.Node("Pad", "padded", ["x", "pads"]);
        graph.Node("Concat", "joined", ["x", "x"], ("axis", -1));
        graph.Constant("scales", [4], [1f, 1f, 2f, 1.5f]);
        graph.Node("Mul", "y", ["joined", "joined"]);
        graph.Node("Resize", "resized", ["x", "", "scales"], ("mode", "nearest"));
        graph.Output("resized", OnnxElementType.Float32, null);
        graph.Output("sliced", OnnxElementType.Float32, null);
        graph.Output("padded", OnnxElementType.Float32, null);
        graph.Output("y", OnnxElementType.Float32, null);

        AssertFollows(graph.Build("cut"));
    }

    private static void AssertFollows(OnnxModel model)
    {
        var shapes = OnnxShapes.Infer(model);
        var computed = GraphRunner.Run(model, ("x", Values.Random(1, 2, 3, 11, 9)));
        foreach (var output in model.Outputs) AssertSame(shapes[output.Name], computed[output.Name].Shape, batch: 2);
    }

    private static void AssertSame(OnnxValue inferred, long[] computed, long batch)
    {
        Assert.True(inferred.Dims is not null, $"{inferred.Name} was not inferred");
        Assert.True(
            inferred.Dims.Select(d => d.Symbol == "N" ? batch : d.Size ?? -1).SequenceEqual(computed),
            $"{inferred.Name} was inferred as {inferred.ShapeText} but is [{string.Join(",", computed)}]");
    }

    private static (string Name, object Value) Attribute(string text)
    {
        var (name, value) = (text.Split('=')[0], text.Split('=')[1]);
        if (char.IsAsciiLetter(value[0])) return (name, value);
        var numbers = value.Split(',').Select(long.Parse).ToArray();
        return (name, numbers.Length == 1 && name != "axes" ? numbers[0] : numbers);
    }
}
