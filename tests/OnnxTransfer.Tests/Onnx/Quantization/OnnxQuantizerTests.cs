using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Quantization;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Tests.Onnx.Quantization;

public sealed class OnnxQuantizerTests
{
    [Fact]
    public void A_split_of_an_older_operator_set_keeps_its_sizes()
    {
        var graph = new OnnxGraphBuilder("split");
        graph.Input("x", OnnxElementType.Float32, 1, 3);
        graph.Node("Split", "a", ["x"], ("axis", 1), ("split", new long[] { 1, 2 }));
        graph.Node("Concat", "y", ["b", "a"], ("axis", 1));
        graph.Output("y", OnnxElementType.Float32, [1, 3]);
        var model = graph.Build("split");
        model.Graph.Node[0].Output.Add("b");
        model.Proto.OpsetImport[0].Version = 8;

        var raised = model.Clone();
        OnnxOperatorSet.RaiseTo13(raised);

        Assert.Equal(13, raised.Opset);
        Assert.Equal([2f, 3f, 1f], GraphRunner.Run(model, ("x", new Values([1, 2, 3], 1, 3)))["y"].Data);
        Assert.Equal([2f, 3f, 1f], GraphRunner.Run(raised, ("x", new Values([1, 2, 3], 1, 3)))["y"].Data);
    }

    [Fact]
    public void EightBitsComeCloseToThirtyTwo()
    {
        var model = QuantizableGraphs.Residual();
        var expected = GraphRunner.Run(model, ("image", QuantizableGraphs.Image))["y"];
        var quantizer = new OnnxQuantizer(model);

        var quantized = quantizer.Quantize(quantizer.Layers.ToHashSet(), QuantizableGraphs.Measure(quantizer, QuantizableGraphs.Image), sumsSaturate: true);

        var actual = GraphRunner.Run(OnnxModel.Parse(quantized.ToBytes()), ("image", QuantizableGraphs.Image))["y"];
        actual.AssertClose(expected, 0.02);
        // Rounding must show, or nothing was rounded.
        Assert.NotEqual(expected.Data, actual.Data);
        Assert.Equal(3, quantized.Graph.Initializer.Count(t => t.DataType == (int)OnnxElementType.Int8 && t.Dims.Count == 4));
    }

    [Fact]
    public void ActivationsThatTheCodesReplaceAndNormalizationsAreGone()
    {
        var quantizer = new OnnxQuantizer(QuantizableGraphs.Residual());
        var quantized = quantizer.Quantize(quantizer.Layers.ToHashSet(), QuantizableGraphs.Measure(quantizer, QuantizableGraphs.Image), sumsSaturate: true);

        var operators = quantized.Graph.Node.Select(n => n.OpType).ToList();
        Assert.DoesNotContain("Clip", operators);
        Assert.DoesNotContain("Relu", operators);
        Assert.DoesNotContain("BatchNormalization", operators);
        // The image, two activations, the pooled one, the last convolution and the sum.
        Assert.Equal(6, operators.Count(o => o == "QuantizeLinear"));
    }

    [Fact]
    public void MaxPoolingKeepsTheCodesOfItsInput()
    {
        var quantizer = new OnnxQuantizer(QuantizableGraphs.Residual());
        var quantized = quantizer.Quantize(quantizer.Layers.ToHashSet(), QuantizableGraphs.Measure(quantizer, QuantizableGraphs.Image), sumsSaturate: true);

        Assert.Equal(Scale("a1"), Scale("p1"));

        float Scale(string tensor)
        {
            var node = quantized.Graph.Node.Single(n => n.OpType == "QuantizeLinear" && n.Input[0] == tensor);
            return OnnxTensorData.ReadFloats(quantized.Graph.Initializer.Single(t => t.Name == node.Input[1]))[0];
        }
    }

    [Theory]
    [InlineData("n1")]
    [InlineData("c2")]
    [InlineData("c3")]
    public void ALayerCanStayInFloat(string layer)
    {
        var model = QuantizableGraphs.Residual();
        var expected = GraphRunner.Run(model, ("image", QuantizableGraphs.Image))["y"];
        var quantizer = new OnnxQuantizer(model);
        Assert.Equal(["n1", "c2", "c3"], quantizer.Layers);

        var quantized = quantizer.Quantize(quantizer.Layers.Where(l => l != layer).ToHashSet(), QuantizableGraphs.Measure(quantizer, QuantizableGraphs.Image), sumsSaturate: true);

        GraphRunner.Run(quantized, ("image", QuantizableGraphs.Image))["y"].AssertClose(expected, 0.02);
        Assert.Equal(2, quantized.Graph.Initializer.Count(t => t.DataType == (int)OnnxElementType.Int8 && t.Dims.Count == 4));
    }

    [Fact]
    public void ARoundedOutputKeepsItsName()
    {
        var model = QuantizableGraphs.Residual();
        OnnxGraphEditor.Cut(model, "c3");
        var expected = GraphRunner.Run(model, ("image", QuantizableGraphs.Image))["c3"];
        var quantizer = new OnnxQuantizer(model);

        var quantized = quantizer.Quantize(quantizer.Layers.ToHashSet(), QuantizableGraphs.Measure(quantizer, QuantizableGraphs.Image), sumsSaturate: true);

        Assert.Equal("c3", Assert.Single(quantized.Outputs).Name);
        GraphRunner.Run(quantized, ("image", QuantizableGraphs.Image))["c3"].AssertClose(expected, 0.03);
    }

    [Fact]
    public void BatchNormalizationFoldsIntoTheConvolution()
    {
        var model = QuantizableGraphs.Residual();
        var expected = GraphRunner.Run(model, ("image", QuantizableGraphs.Image))["y"];

        Assert.Equal(1, OnnxBatchNormFold.Fold(model));

        Assert.DoesNotContain(model.Graph.Node, n => n.OpType == "BatchNormalization");
        GraphRunner.Run(model, ("image", QuantizableGraphs.Image))["y"].AssertClose(expected, 1e-5);
    }

    [Fact]
    public void ANormalizationThatIsNotAloneStays()
    {
        var model = QuantizableGraphs.Residual();
        OnnxGraphEditor.Promote(model, "c1");
        Assert.Equal(0, OnnxBatchNormFold.Fold(model));
    }

    [Fact]
    public void OldOperatorSetsAreTranslated()
    {
        var model = QuantizableGraphs.Residual(normalized: false);
        var expected = GraphRunner.Run(model, ("image", QuantizableGraphs.Image))["y"];
        var clip = model.Graph.Node.Single(n => n.OpType == "Clip");
        clip.Input.RemoveAt(2);
        clip.Input.RemoveAt(1);
        clip.Attribute.Add(NodeAttributes.Make("min", 0f));
        clip.Attribute.Add(NodeAttributes.Make("max", 6f));
        model.Proto.OpsetImport[0].Version = 9;
        model.Proto.IrVersion = 3;
        foreach (var tensor in model.Graph.Initializer)
            model.Graph.Input.Add(new OnnxValue(tensor.Name, OnnxElementType.Float32, [.. tensor.Dims.Select(d => (OnnxDim)d)]).ToProto());

        OnnxOperatorSet.RaiseTo13(model);

        Assert.Equal(13, model.Opset);
        Assert.Single(model.Graph.Input);
        GraphRunner.Run(OnnxModel.Parse(model.ToBytes()), ("image", QuantizableGraphs.Image))["y"].AssertClose(expected, 1e-6);
    }

    [Fact]
    public void AnOldNodeWithoutTranslationIsNamed()
    {
        var model = QuantizableGraphs.Residual();
        model.Proto.OpsetImport[0].Version = 9;
        model.Graph.Node.Single(n => n.Name == "pooled").OpType = "Upsample";
        var before = model.ToBytes();

        var error = Assert.Throws<NotSupportedException>(() => new OnnxQuantizer(model));

        Assert.Contains("Upsample 'pooled'", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, model.ToBytes());
    }
}
