using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Onnx.Shapes;

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
        { "ceil pool", "MaxPool | kernel_shape=2,2 strides=2,2 ceil_mode=1" },
        { "same pool", "AveragePool | kernel_shape=3,3 strides=2,2 auto_pad=SAME_UPPER" },
        { "dilated", "MaxPool | kernel_shape=2,2 dilations=3,3 pads=1,0,1,1" },
        { "mean", "ReduceMean | axes=2,3 keepdims=0" },
        { "mean of all", "ReduceMean | keepdims=1" },
        { "flatten", "Flatten | axis=-3" },
        { "transpose", "Transpose | perm=0,2,3,1" },
        { "softmax", "Softmax | axis=1" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void OperatorsFollowTheRuntime(string name, string description)
    {
        var parts = description.Split('|', StringSplitOptions.TrimEntries);
        var graph = new OnnxGraphBuilder(name);
        graph.Input("x", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 11, 9);
        graph.Node(parts[0], "y", ["x"], [.. parts[1].Split(' ').Select(Attribute)]);
        graph.Output("y", OnnxElementType.Float32, null);
        AssertFollows(graph.Build(name));
    }

    [Fact]
    public void TheShapeOfAnUnknownOperatorStaysUnknownAndTheReasonNamesIt()
    {
        var graph = new OnnxGraphBuilder("unknown");
        graph.Input("x", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 11, 9);
        graph.Node("NoSuchOperator", "y", ["x"]);
        graph.Output("y", OnnxElementType.Float32, null);
        Assert.Contains("NoSuchOperator", OnnxShapes.Infer(graph.Build("unknown")).WhyUnknown("y"), StringComparison.Ordinal);
    }

    public static TheoryData<string, bool> Windows => new()
    {
        { "MaxPool", false }, { "MaxPool", true }, { "AveragePool", false }, { "AveragePool", true }, { "LpPool", false },
    };

    /// <summary>
    /// Pooling windows of every kernel, stride, dilation and padding up to three, on sides of five to nine: most of them do not
    /// end where the image does, which is where rounding up and rounding down part ways.
    /// </summary>
    [Theory]
    [MemberData(nameof(Windows))]
    public void WindowsOfEveryKindFollowTheRuntime(string pool, bool ceiling)
    {
        var (outputs, roundedUp, cutOff) = (0, 0, 0);
        foreach (var (height, width) in new[] { (5, 6), (7, 8), (9, 7) })
        {
            var graph = new OnnxGraphBuilder("windows");
            graph.Input("x", OnnxElementType.Float32, OnnxDim.Named("N"), 2, height, width);
            foreach (var (kernel, stride, dilation) in from k in Enumerable.Range(1, 3) from s in Enumerable.Range(1, 3) from d in Enumerable.Range(1, 2) select (k, s, d))
            {
                // ONNX allows no window that lies in the padding alone.
                foreach (var (before, after) in from b in Enumerable.Range(0, kernel) from a in Enumerable.Range(0, kernel) select (b, a))
                {
                    // ONNX Runtime dilates no averages.
                    if (dilation > 1 && (pool != "MaxPool" || kernel == 1)) continue;
                    var name = $"k{kernel}s{stride}d{dilation}p{before}{after}";
                    (string, object)[] attributes = [("kernel_shape", new long[] { kernel, kernel }), ("strides", new long[] { stride, stride }), ("pads", new long[] { before, before, after, after })];
                    if (pool == "MaxPool") attributes = [.. attributes, ("dilations", new long[] { dilation, dilation })];
                    if (ceiling) attributes = [.. attributes, ("ceil_mode", 1L)];
                    graph.Node(pool, name, ["x"], attributes);
                    graph.Output(name, OnnxElementType.Float32, null);
                    outputs++;
                    var room = height + before + after - (((kernel - 1) * dilation) + 1);
                    if (room % stride == 0) continue;
                    roundedUp++;
                    if (((room / stride) + 1) * stride >= height + before) cutOff++;
                }
            }

            AssertFollows(graph.Build("windows"), Values.Random(1, 2, 2, height, width));
        }

        // What the case is about does come up: windows that end beyond the image, and such as would begin beyond it.
        Assert.InRange(roundedUp, outputs / 10, outputs);
        Assert.InRange(cutOff, 1, roundedUp);
    }

    [Theory]
    [InlineData("SAME_UPPER")]
    [InlineData("SAME_LOWER")]
    [InlineData("VALID")]
    public void WindowsPlacedByNameFollowTheRuntime(string place)
    {
        foreach (var (height, width) in new[] { (5, 6), (7, 8), (9, 7) })
        {
            var graph = new OnnxGraphBuilder("windows");
            graph.Input("x", OnnxElementType.Float32, OnnxDim.Named("N"), 2, height, width);
            foreach (var (pool, kernel, stride) in from p in new[] { "MaxPool", "AveragePool", "LpPool" } from k in Enumerable.Range(1, 4) from s in Enumerable.Range(1, k) select (p, k, s))
            {
                var name = $"{pool}k{kernel}s{stride}";
                graph.Node(pool, name, ["x"], ("kernel_shape", new long[] { kernel, kernel }), ("strides", new long[] { stride, stride }), ("auto_pad", place));
                graph.Output(name, OnnxElementType.Float32, null);
            }

            AssertFollows(graph.Build("windows"), Values.Random(1, 2, 2, height, width));
        }
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

    private static void AssertFollows(OnnxModel model, Values? input = null)
    {
        var shapes = OnnxShapes.Infer(model);
        var computed = GraphRunner.Run(model, ("x", input ?? Values.Random(1, 2, 3, 11, 9)));
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
