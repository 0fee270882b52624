using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Onnx.Inspection;

public sealed class OnnxInspectorTests
{
    [Theory]
    [InlineData(true, ScoreKind.Probabilities)]
    [InlineData(false, ScoreKind.Logits)]
    internal void FindsInputFeaturesAndClasses(bool softmax, ScoreKind kind)
    {
        var found = OnnxInspector.Inspect(SmallGraphs.Classifier(softmax));

        Assert.Equal(new OnnxImageInput("image", OnnxElementType.Float32, TensorLayout.Nchw, 3, 8, 8, null), found.Input);
        Assert.Equal(new OnnxFeatureTensor("flat", 4, false), found.Features);
        Assert.Equal(new OnnxClassOutput(softmax ? "classes" : "scores", kind, 5), found.Classes);
    }

    [Fact]
    public void ANetworkWithoutAClassifierHasItsOutputAsFeatures()
    {
        var model = SmallGraphs.Classifier();
        OnnxGraphEditor.Cut(model, "flat");

        var found = OnnxInspector.Inspect(model);

        Assert.Equal(new OnnxFeatureTensor("flat", 4, false), found.Features);
        Assert.Null(found.Classes);
    }

    [Fact]
    public void AOneByOneConvolutionBeforePoolingIsAClassifierOnlyWhenItLooksLikeOne()
    {
        // The end of MobileNetV2 without its classifier against the end of SqueezeNet.
        Assert.Equal(new OnnxFeatureTensor("features", 6, false), OnnxInspector.Inspect(EndsInPooledConvolution(softmax: false)).Features);
        var squeeze = OnnxInspector.Inspect(EndsInPooledConvolution(softmax: true));
        Assert.Equal(new OnnxFeatureTensor("image", 3, true), squeeze.Features);
        Assert.Equal(6, squeeze.Classes!.Count);
    }

    [Fact]
    public void AFixedBatchAndChannelsLastAreSeen()
    {
        var graph = new OnnxGraphBuilder("last");
        graph.Input("x", OnnxElementType.Float32, 1, 32, 48, 3);
        graph.Node("Transpose", "t", ["x"], ("perm", new[] { 0, 3, 1, 2 }));
        graph.Node("GlobalAveragePool", "p", ["t"]);
        graph.Node("Flatten", "f", ["p"]);
        graph.Output("f", OnnxElementType.Float32, null);

        var found = OnnxInspector.Inspect(graph.Build("last.onnx"));

        Assert.Equal(new OnnxImageInput("x", OnnxElementType.Float32, TensorLayout.Nhwc, 3, 32, 48, 1), found.Input);
        Assert.Equal(new OnnxFeatureTensor("f", 3, false), found.Features);
    }

    [Fact]
    public void WhatCannotBeFoundSaysWhy()
    {
        var graph = new OnnxGraphBuilder("odd");
        graph.Input("x", OnnxElementType.Float32, 1, 3, 8, 8);
        graph.Node("NonMaxSuppression", "boxes", ["x"]);
        graph.Output("boxes", OnnxElementType.Int64, null);

        var found = OnnxInspector.Inspect(graph.Build("odd.onnx"));

        Assert.Null(found.Features);
        Assert.Contains("NonMaxSuppression", found.WhyNoFeatures, StringComparison.Ordinal);
        Assert.Contains(".model.json", found.WhyNoFeatures, StringComparison.Ordinal);
    }

    [Fact]
    public void AModelOfSomethingElseHasNoImageInput()
    {
        var graph = new OnnxGraphBuilder("text");
        graph.Input("tokens", OnnxElementType.Int64, 1, 128);
        graph.Node("Identity", "y", ["tokens"]);
        graph.Output("y", OnnxElementType.Int64, null);

        Assert.Contains("'tokens' [1,128]", Assert.Throws<InvalidDataException>(() => OnnxInspector.Inspect(graph.Build("text.onnx"))).Message, StringComparison.Ordinal);
    }

    [SharedFact("models/mobilenet_v2_imagenet.onnx")]
    public void ARealClassifierIsUnderstood()
    {
        var found = OnnxInspector.Inspect(OnnxModel.Load(Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx")));

        Assert.Equal(new OnnxImageInput("input", OnnxElementType.Float32, TensorLayout.Nhwc, 3, 224, 224, null), found.Input);
        Assert.Equal(1280, found.Features!.Dim);
        Assert.Equal(new OnnxClassOutput("probabilities", ScoreKind.Probabilities, 1001), found.Classes);
    }

    private static OnnxModel EndsInPooledConvolution(bool softmax)
    {
        var graph = new OnnxGraphBuilder("end");
        graph.Input("image", OnnxElementType.Float32, 1, 3, 8, 8);
        graph.Constant("w", [6, 3, 1, 1], new float[18]);
        graph.Node("Conv", "c", ["image", "w"], ("kernel_shape", new[] { 1, 1 }));
        graph.Node("Relu", "r", ["c"]);
        graph.Node("GlobalAveragePool", "p", ["r"]);
        graph.Node("Flatten", softmax ? "flat" : "features", ["p"]);
        if (softmax) graph.Node("Softmax", "features", ["flat"]);
        graph.Output("features", OnnxElementType.Float32, [1, 6]);
        return graph.Build("end.onnx");
    }
}
