using System.Numerics.Tensors;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Onnx.Quantization;

namespace OnnxTransfer.Tests.Onnx.Editing;

public sealed class OnnxHalfTests
{
    [Fact]
    public void InsideIsHalfAndOutsideFloat()
    {
        var model = QuantizableGraphs.Residual();
        var expected = GraphRunner.Run(model, ("image", QuantizableGraphs.Image))["y"];

        OnnxHalf.Convert(model);

        Assert.All(model.Graph.Initializer, t => Assert.Equal((int)OnnxElementType.Float16, t.DataType));
        Assert.Equal(OnnxElementType.Float32, Assert.Single(model.Inputs).ElementType);
        Assert.Equal(OnnxElementType.Float16, OnnxShapes.Infer(model)["a3"].ElementType);
        var actual = GraphRunner.Run(OnnxModel.Parse(model.ToBytes()), ("image", QuantizableGraphs.Image))["y"];
        actual.AssertClose(expected, 2e-3);
        Assert.NotEqual(expected.Data, actual.Data);
    }

    [Fact]
    public void WhatMustBeFloatStaysFloatAndLargeNumbersStayFinite()
    {
        var graph = new OnnxGraphBuilder("resize");
        graph.Input("image", OnnxElementType.Float32, 1, 1, 2, 2);
        graph.Constant("scales", [4], [1f, 1, 2, 2]);
        graph.Constant("large", [1], [1e6f]);
        graph.Node("Resize", "larger", ["image", "", "scales"], ("mode", "nearest"));
        graph.Node("Min", "y", ["larger", "large"]);
        graph.Output("y", OnnxElementType.Float32, [1, 1, 4, 4]);
        var model = graph.Build("resize.onnx");

        OnnxHalf.Convert(model);

        Assert.Equal((int)OnnxElementType.Float32, model.Graph.Initializer.Single(t => t.Name == "scales").DataType);
        Assert.Equal([(float)Half.MaxValue], OnnxTensorData.ReadFloats(model.Graph.Initializer.Single(t => t.Name == "large")));
        Assert.Equal(4, GraphRunner.Run(model, ("image", new Values([1, 2, 3, 4], 1, 1, 2, 2)))["y"].Data.Max());
    }

    [SharedFact("models/mobilenet_v2_imagenet.onnx")]
    public void ARealNetworkLosesHardlyAnything()
    {
        var model = OnnxModel.Load(Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx"));
        OnnxGraphEditor.Cut(model, "features");
        var image = Values.Random(3, 1, 224, 224, 3);
        var expected = GraphRunner.Run(model, ("input", image))["features"];

        OnnxHalf.Convert(model);

        Assert.InRange(TensorPrimitives.CosineSimilarity<float>(expected.Data, GraphRunner.Run(model, ("input", image))["features"].Data), 0.999f, 1.001f);
    }
}
