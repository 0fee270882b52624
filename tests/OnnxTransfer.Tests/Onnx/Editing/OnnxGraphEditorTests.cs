using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Tests.Onnx.Editing;

public sealed class OnnxGraphEditorTests
{
    [Fact]
    public void PromotingKeepsTheOtherOutputs()
    {
        var model = SmallGraphs.Classifier();
        var before = GraphRunner.Run(model, ("image", SmallGraphs.Image));

        OnnxGraphEditor.Promote(model, "flat");
        OnnxGraphEditor.Promote(model, "flat");
        var after = GraphRunner.Run(model, ("image", SmallGraphs.Image));

        Assert.Equal(["classes", "flat"], model.Outputs.Select(o => o.Name));
        Assert.Equal("[N,4]", model.Outputs[1].ShapeText);
        Assert.Equal(before["classes"].Data, after["classes"].Data);
        Assert.Equal([2L, 4L], after["flat"].Shape);
    }

    [Fact]
    public void CuttingKeepsOnlyWhatTheTensorsNeed()
    {
        var model = SmallGraphs.Classifier();
        model.SetMetadata("kept", "yes");
        OnnxGraphEditor.Promote(model, "flat");
        var whole = GraphRunner.Run(model, ("image", SmallGraphs.Image));

        OnnxGraphEditor.Cut(model, "flat");

        Assert.Equal(["Conv", "Relu", "GlobalAveragePool", "Flatten"], model.Graph.Node.Select(n => n.OpType));
        Assert.Equal(["conv/w", "conv/b"], model.Graph.Initializer.Select(i => i.Name));
        Assert.Equal(["flat"], model.Outputs.Select(o => o.Name));
        Assert.Equal("yes", model.Metadata["kept"]);
        Assert.Equal(whole["flat"].Data, GraphRunner.Run(model, ("image", SmallGraphs.Image))["flat"].Data);
    }

    [Fact]
    public void CuttingAtSeveralTensorsGivesThemInTheOrderAskedFor()
    {
        var model = SmallGraphs.Classifier();

        OnnxGraphEditor.Cut(model, "scores", "relu");

        Assert.Equal(["scores", "relu"], model.Outputs.Select(o => o.Name));
        Assert.DoesNotContain(model.Graph.Node, n => n.OpType is "Mul" or "Softmax");
    }

    [Fact]
    public void CuttingKeepsWhatAnInnerGraphTakesFromTheOuterOne()
    {
        var model = SmallGraphs.Classifier();
        var branch = new GraphProto { Name = "branch", Node = { new NodeProto { OpType = "Identity", Input = { "flat" }, Output = { "inner" } } } };
        branch.Output.Add(new OnnxValue("inner", OnnxElementType.Float32, null).ToProto());
        var choice = new NodeProto { OpType = "If", Input = { "condition" }, Output = { "chosen" } };
        choice.Attribute.Add(new AttributeProto { Name = "then_branch", G = branch, Type = AttributeProto.Types.AttributeType.Graph });
        model.Graph.Node.Add(choice);

        OnnxGraphEditor.Cut(model, "chosen");

        Assert.Contains(model.Graph.Node, n => n.Output.Contains("flat"));
        Assert.DoesNotContain(model.Graph.Node, n => n.Output.Contains("scores"));
    }

    [Fact]
    public void AnUnknownTensorListsTheNearestNames()
    {
        var error = Assert.Throws<ArgumentException>(() => OnnxGraphEditor.Cut(SmallGraphs.Classifier(), "flatt"));

        Assert.Contains("'flatt'", error.Message, StringComparison.Ordinal);
        Assert.Contains("names are flat,", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FeaturePooling.Average, 17)]
    [InlineData(FeaturePooling.Average, 18)]
    [InlineData(FeaturePooling.Max, 17)]
    internal void PoolingIsTheSameInBothLayouts(FeaturePooling pooling, int opset)
    {
        var model = SmallGraphs.Classifier();
        model.Proto.OpsetImport[0].Version = opset;
        model.Graph.Node.Add(new NodeProto { OpType = "Transpose", Input = { "relu" }, Output = { "relu/last" }, Attribute = { NodeAttributes.Make("perm", new long[] { 0, 2, 3, 1 }) } });

        OnnxGraphEditor.AppendPooling(model, "relu", TensorLayout.Nchw, pooling, "first");
        OnnxGraphEditor.AppendPooling(model, "relu/last", TensorLayout.Nhwc, pooling, "last");
        OnnxGraphEditor.Cut(model, "first", "last", "relu");
        var result = GraphRunner.Run(model, ("image", SmallGraphs.Image));

        Assert.All(model.Outputs.Take(2), o => Assert.Equal("[N,4]", o.ShapeText));
        var expected = result["relu"].Data.Chunk(64).Select(c => pooling == FeaturePooling.Max ? c.Max() : c.Average()).ToArray();
        new Values(expected, 2, 4).AssertClose(result["first"], 1e-6);
        result["first"].AssertClose(result["last"], 1e-6);
    }

    [Theory]
    [InlineData("flat")]
    [InlineData("pooled")]
    [InlineData("pooled/last")]
    public void AHeadComputesLogitsAndProbabilities(string features)
    {
        var model = SmallGraphs.Classifier();
        model.Graph.Node.Add(new NodeProto { OpType = "Transpose", Input = { "pooled" }, Output = { "pooled/last" }, Attribute = { NodeAttributes.Make("perm", new long[] { 0, 2, 3, 1 }) } });
        OnnxGraphEditor.Promote(model, "flat");
        var (weights, bias) = (Values.Random(8, 4, 3).Data, Values.Random(9, 3).Data);

        OnnxGraphEditor.AppendHead(model, features, Linear(weights, bias));
        var result = GraphRunner.Run(OnnxModel.Parse(model.ToBytes()), ("image", SmallGraphs.Image));

        var x = result["flat"].Data;
        var logits = new float[2 * 3];
        for (var n = 0; n < 2; n++)
            for (var c = 0; c < 3; c++)
                logits[(n * 3) + c] = bias[c] + Enumerable.Range(0, 4).Sum(d => x[(n * 4) + d] * weights[(d * 3) + c]);
        new Values(logits, 2, 3).AssertClose(result["logits"], 1e-6);
        for (var n = 0; n < 2; n++)
        {
            var e = logits.Skip(n * 3).Take(3).Select(MathF.Exp).ToArray();
            for (var c = 0; c < 3; c++) Assert.Equal(e[c] / e.Sum(), result["probabilities"].Data[(n * 3) + c], 1e-6);
        }

        Assert.Equal(["classes", "flat", "logits", "probabilities"], model.Outputs.Select(o => o.Name));
    }

    [Fact]
    public void AHeadOfTheWrongSizeIsRefused()
    {
        var wrongDim = Assert.Throws<ArgumentException>(() => OnnxGraphEditor.AppendHead(SmallGraphs.Classifier(), "flat", Linear(new float[15], new float[3])));
        Assert.Contains("[N,4]", wrongDim.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => OnnxGraphEditor.AppendHead(SmallGraphs.Classifier(), "flat", Linear(new float[13], new float[3])));
        Assert.Throws<ArgumentException>(() => OnnxGraphEditor.AppendHead(SmallGraphs.Classifier(), "flat", Linear([], [])));
    }

    [Fact]
    public void AHeadOnAnImageIsRefused() =>
        Assert.Contains("pool the tensor first", Assert.Throws<ArgumentException>(() => OnnxGraphEditor.AppendHead(SmallGraphs.Classifier(), "relu", Linear(new float[8], new float[2]))).Message, StringComparison.Ordinal);

    [Fact]
    public void ATakenNameIsRefused() =>
        Assert.Contains("'flat'", Assert.Throws<ArgumentException>(() => OnnxGraphEditor.AppendGlobalAveragePool(SmallGraphs.Classifier(), "relu", TensorLayout.Nchw, "flat")).Message, StringComparison.Ordinal);

    [Fact]
    public void RenamingReachesEveryUse()
    {
        var model = SmallGraphs.Classifier();
        var before = GraphRunner.Run(model, ("image", SmallGraphs.Image))["classes"];

        OnnxGraphEditor.Rename(model, "image", "input");
        OnnxGraphEditor.Rename(model, "relu", "activation");
        OnnxGraphEditor.Rename(model, "conv/w", "kernel");
        OnnxGraphEditor.Rename(model, "classes", "output");

        Assert.Equal(before.Data, GraphRunner.Run(model, ("input", SmallGraphs.Image))["output"].Data);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(11)]
    [InlineData(13)]
    [InlineData(18)]
    [InlineData(22)]
    public void WhatIsAppendedIsValidInEveryOperatorSet(int opset)
    {
        var model = SmallGraphs.Classifier();
        model.Proto.OpsetImport[0].Version = opset;
        if (opset == 22) model.Proto.IrVersion = 10;
        model.Graph.Node.Add(new NodeProto { OpType = "Transpose", Input = { "relu" }, Output = { "relu/last" }, Attribute = { NodeAttributes.Make("perm", new long[] { 0, 2, 3, 1 }) } });
        OnnxGraphEditor.AppendGlobalAveragePool(model, "relu/last", TensorLayout.Nhwc, "mean");
        OnnxGraphEditor.AppendPooling(model, "relu", TensorLayout.Nchw, FeaturePooling.Max, "max");
        OnnxGraphEditor.AppendHead(model, "mean", Linear(Values.Random(8, 4, 3).Data, Values.Random(9, 3).Data));

        OnnxGraphEditor.Cut(model, "probabilities", "max");
        var result = GraphRunner.Run(model, ("image", SmallGraphs.Image));

        Assert.Equal(1, result["probabilities"].Data[..3].Sum(), 1e-5);
        Assert.Equal([2L, 4L], result["max"].Shape);
    }

    private static OnnxHead Linear(float[] weights, float[] bias) => new([new OnnxDense(weights, bias, "Softmax")]);
}
