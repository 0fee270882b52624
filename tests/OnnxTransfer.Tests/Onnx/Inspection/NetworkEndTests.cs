using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Tests.Onnx.Inspection;

/// <summary>The ends that exporters give to classifiers and embeddings: scores are never taken for features.</summary>
public sealed class NetworkEndTests
{
    private const int Width = 8;

    public static readonly TheoryData<string> ClassifierEnds =
        ["plain", "sigmoid", "log-softmax", "temperature", "learned-temperature", "topk", "argmax", "two-heads", "dynamic", "qlinear", "qgemm", "fused", "function", "matmul-bias"];

    [Theory]
    [MemberData(nameof(ClassifierEnds))]
    public void ScoresAreNotFeatures(string end)
    {
        var found = OnnxInspector.Inspect(Network(end, classes: 5));

        Assert.Equal(("flat", Width), (found.Features?.Tensor, found.Features?.Dim));
    }

    [Theory]
    [InlineData("image_embeds", 64)]
    [InlineData("embedding", 100)]
    [InlineData("pooler_output", 5)]
    public void AnEmbeddingByNameIsNotAClassifier(string name, int length)
    {
        var found = OnnxInspector.Inspect(Network("plain", length, name));

        Assert.Equal((name, length), (found.Features?.Tensor, found.Features?.Dim));
        Assert.Null(found.Classes);
    }

    [Fact]
    public void WhereItIsUnclearTheCandidatesAreListed()
    {
        var found = OnnxInspector.Inspect(Network("plain", 128, "output"));

        Assert.Null(found.Features);
        Assert.Contains("'output' [N,128], 'flat' [N,8]", found.WhyNoFeatures, StringComparison.Ordinal);
        Assert.Contains("--layer", found.WhyNoFeatures, StringComparison.Ordinal);
    }

    [Fact]
    public void AnOutputThatAlsoReadsATextIsPassedOver()
    {
        var graph = Start();
        graph.Input("text", OnnxElementType.Float32, OnnxDim.Named("N"), Width);
        graph.Node("Mul", "logits_per_image", ["flat", "text"]);
        graph.Constant("w", [Width, 6], Values.Random(4, Width, 6).Data);
        graph.Node("MatMul", "image_embeds", ["flat", "w"]);
        graph.Output("logits_per_image", OnnxElementType.Float32, null);
        graph.Output("image_embeds", OnnxElementType.Float32, null);

        Assert.Equal("image_embeds", OnnxInspector.Inspect(graph.Build("clip.onnx")).Features?.Tensor);
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(1000, true)]
    [InlineData(128, null)]
    public void AOneByOneConvolutionBeforeTheAverageIsAHead(int count, bool? isHead)
    {
        var graph = new OnnxGraphBuilder("head");
        graph.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 8, 8);
        graph.Constant("w", [Width, 3, 3, 3], Values.Random(1, Width, 3, 3, 3).Data);
        graph.Constant("h", [count, Width, 1, 1], Values.Random(2, count, Width, 1, 1).Data);
        graph.Node("Conv", "map", ["image", "w"]);
        graph.Node("Conv", "scores_map", ["map", "h"]);
        graph.Node("GlobalAveragePool", "p", ["scores_map"]);
        graph.Node("Flatten", "y", ["p"]);
        graph.Output("y", OnnxElementType.Float32, null);

        var found = OnnxInspector.Inspect(graph.Build("head.onnx"));

        Assert.Equal(isHead == true ? new OnnxFeatureTensor("map", Width, true) : null, found.Features);
    }

    private static OnnxGraphBuilder Start()
    {
        var graph = new OnnxGraphBuilder("end");
        graph.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 8, 8);
        graph.Constant("conv", [Width, 3, 3, 3], Values.Random(1, Width, 3, 3, 3).Data);
        graph.Node("Conv", "c", ["image", "conv"]);
        graph.Node("Relu", "relu", ["c"]);
        graph.Node("GlobalAveragePool", "pooled", ["relu"]);
        graph.Node("Flatten", "flat", ["pooled"]);
        return graph;
    }

    private static OnnxModel Network(string end, int classes, string output = "y")
    {
        var graph = Start();
        graph.Constant("w", [Width, classes], Values.Random(2, Width, classes).Data);
        graph.Constant("b", [classes], Values.Random(3, classes).Data);
        graph.Constant("s", [], [0.05f]);
        graph.Constant("zero", OnnxElementType.UInt8, [], [128]);
        graph.Constant("wq", OnnxElementType.UInt8, [Width, classes], [.. Enumerable.Range(0, Width * classes).Select(i => (byte)(i * 37))]);
        string Gemm(string name) => graph.Node("Gemm", name, ["flat", "w", "b"]);
        switch (end)
        {
            case "plain": Gemm(output); break;
            case "sigmoid": graph.Node("Sigmoid", output, [Gemm("g")]); break;
            case "log-softmax": graph.Node("LogSoftmax", output, [Gemm("g")]); break;
            case "temperature": graph.Node("Div", output, [Gemm("g"), "s"]); break;
            case "learned-temperature": graph.Node("Mul", output, [graph.Node("Exp", "t", ["s"]), Gemm("g")]); break;
            case "argmax": graph.Node("ArgMax", output, [Gemm("g")], ("axis", 1)); break;
            case "matmul-bias": graph.Node("Add", output, ["b", graph.Node("MatMul", "m", ["flat", "w"])]); break;
            case "topk":
                graph.Constant("k", [1], [3L]);
                graph.Node("TopK", output, [graph.Node("Softmax", "soft", [Gemm("g")]), "k"]);
                break;
            case "two-heads":
                graph.Node("Div", output, [graph.Node("Add", "sum", [Gemm("g"), graph.Node("Gemm", "g2", ["flat", "w"])]), "s"]);
                break;
            case "dynamic":
                graph.Node("DynamicQuantizeLinear", "fq", ["flat"]);
                graph.Node("Cast", "mf", [graph.Node("MatMulInteger", "mi", ["fq", "wq", "fz", "zero"])], ("to", 1));
                graph.Node("Add", output, [graph.Node("Mul", "ms", ["mf", graph.Node("Mul", "scale", ["fs", "s"])]), "b"]);
                break;
            case "qlinear":
                graph.Node("QuantizeLinear", "fq", ["flat", "s", "zero"]);
                graph.Node("DequantizeLinear", output, [graph.Node("QLinearMatMul", "mq", ["fq", "s", "zero", "wq", "s", "zero", "s", "zero"]), "s", "zero"]);
                break;
            case "qgemm":
                graph.Node("QuantizeLinear", "fq", ["flat", "s", "zero"]);
                graph.Node("DequantizeLinear", output, [graph.Node("QGemm", "mq", ["fq", "s", "zero", "wq", "s", "zero", "", "s", "zero"]), "s", "zero"]);
                break;
            case "fused": graph.Node("FusedMatMul", output, ["flat", "w"]); break;
            case "function": graph.Node("Linear", output, ["flat", "w", "b"]); break;
        }

        graph.Output(output, end == "argmax" ? OnnxElementType.Int64 : OnnxElementType.Float32, null);
        var model = graph.Build("end.onnx");
        foreach (var node in model.Graph.Node)
        {
            if (node.OpType is "QGemm" or "FusedMatMul") node.Domain = "com.microsoft";
            if (node.OpType == "DynamicQuantizeLinear") node.Output.AddRange(["fs", "fz"]);
            if (node.OpType == "TopK") node.Output.Add("places");
            if (node.OpType == "Linear") node.Domain = "pkg.torch";
        }

        if (end != "function") return model;
        model.Proto.OpsetImport.Add(new OperatorSetIdProto { Domain = "pkg.torch", Version = 1 });
        model.Proto.Functions.Add(new FunctionProto
        {
            Name = "Linear",
            Domain = "pkg.torch",
            Input = { "X", "W", "B" },
            Output = { "Y" },
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = OnnxGraphBuilder.Opset } },
            Node = { new NodeProto { OpType = "Gemm", Name = "gemm", Input = { "X", "W" }, Output = { "product" } }, new NodeProto { OpType = "Add", Input = { "product", "B" }, Output = { "Y" } } },
        });
        var called = OnnxModel.Parse(model.ToBytes(), "end.onnx");
        Assert.DoesNotContain(called.Graph.Node, node => node.OpType == "Linear");
        Assert.Equal([2L, classes], GraphRunner.Run(called, ("image", SmallGraphs.Image))[output].Shape);
        return called;
    }
}
