using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Onnx.Inspection;

public sealed class OnnxSummaryTests
{
    private const string Real = "models/mobilenet_v2_imagenet.onnx";

    [Fact]
    public void ListsLayersWithTheirShapesAndCosts()
    {
        var summary = OnnxSummary.Of(SmallGraphs.Classifier());

        Assert.Equal(["conv/out", "relu", "unused", "pooled", "flat", "scores", "classes"], summary.Layers.Select(l => l.Value.Name));
        // 4 filters of 3x3x3 with bias, one factor that a dead branch reads, and 4x5 weights.
        Assert.Equal([112L, 112, 113, 113, 113, 133, 133], summary.Layers.Select(l => l.ParametersSoFar));
        Assert.Equal((64 * 4 * 27) + 20, summary.MultiplyAdds);
        Assert.Equal(["[N,4,8,8]", "[N,4]"], summary.Layers.Where(l => l.Value.Name is "relu" or "flat").Select(l => l.Value.ShapeText));
        Assert.All(summary.Layers.Where(l => l.Value.Name is not ("scores" or "classes")), l => Assert.Equal(4, l.FeatureDim));
    }

    [SharedFact(Real)]
    public void CountsARealModelAsThePaperDoes()
    {
        var summary = OnnxSummary.Of(OnnxModel.Load(Repository.SharedPath(Real)));

        // 300 million multiply-adds (Sandler et al. 2018, table 4). Keras' summary() has 3,538,984 parameters with 1000 classes;
        // here 3 of the 4 numbers of each of 17,056 normalized channels are folded away, and there is a class more.
        Assert.InRange(summary.MultiplyAdds!.Value, 299_000_000, 303_000_000);
        Assert.Equal(3_538_984 - (3 * 17_056) + 1281, summary.Parameters);
    }

    [Theory]
    [InlineData(FeaturePooling.Average)]
    [InlineData(FeaturePooling.Max)]
    [InlineData(FeaturePooling.Flatten)]
    internal void CuttingAtEveryLayerGivesTheListedDimension(FeaturePooling pooling)
    {
        var model = SmallGraphs.Classifier();
        var layers = OnnxSummary.Of(model).Layers;
        var whole = model.Clone();
        foreach (var layer in layers) OnnxGraphEditor.Promote(whole, layer.Value.Name);
        var expected = GraphRunner.Run(whole, ("image", SmallGraphs.Image));

        foreach (var layer in layers)
        {
            var cut = model.Clone();
            var features = OnnxGraphEditor.CutToFeatures(cut, [layer.Value.Name], pooling);
            var values = GraphRunner.Run(OnnxModel.Parse(cut.ToBytes()), ("image", SmallGraphs.Image))[features.Tensor];

            var all = expected[layer.Value.Name];
            var pixels = all.Shape.Length == 4 ? (int)(all.Shape[2] * all.Shape[3]) : 1;
            float[] pooled = pooling == FeaturePooling.Flatten ? all.Data : [.. all.Data.Chunk(pixels).Select(c => pooling == FeaturePooling.Max ? c.Max() : c.Average())];
            new Values(pooled, 2, pooled.Length / 2).AssertClose(values, 1e-6);
            Assert.Equal(features.Dim, pooled.Length / 2);
            if (pooling != FeaturePooling.Flatten) Assert.Equal(layer.FeatureDim, features.Dim);
        }
    }

    [Fact]
    public void SeveralLayersAreJoinedInTheOrderGiven()
    {
        var model = SmallGraphs.Classifier();
        model.SetMetadata("kept", "yes");

        var features = OnnxGraphEditor.CutToFeatures(model, ["scores", "relu"]);
        var values = GraphRunner.Run(model, ("image", SmallGraphs.Image))["scores+relu/average"];

        Assert.Equal(new OnnxFeatureTensor("scores+relu/average", 9, false), features);
        Assert.Equal("yes", model.Metadata["kept"]);
        var parts = SmallGraphs.Classifier();
        OnnxGraphEditor.Cut(parts, "scores", "flat");
        var expected = GraphRunner.Run(parts, ("image", SmallGraphs.Image));
        new Values([.. expected["scores"].Data[..5], .. expected["flat"].Data[..4], .. expected["scores"].Data[5..], .. expected["flat"].Data[4..]], 2, 9).AssertClose(values, 1e-6);
    }

    [Fact]
    public void AnUnknownLayerListsTheNearest() =>
        Assert.Contains("names are relu,", Assert.Throws<ArgumentException>(() => OnnxGraphEditor.CutToFeatures(SmallGraphs.Classifier(), ["rel"])).Message, StringComparison.Ordinal);

    [SharedFact(Real)]
    public void CuttingARealModelAtEveryLayerGivesTheListedDimensionAndTheUncutValues()
    {
        var model = OnnxModel.Load(Repository.SharedPath(Real));
        // The network is the same at any size; a small one lets every layer have a session of its own in a second or two.
        foreach (var axis in model.Graph.Input[0].Type.TensorType.Shape.Dim.Skip(1).Take(2)) axis.DimValue = 32;
        var layers = OnnxSummary.Of(model).Layers;
        var image = Values.Random(5, 1, 32, 32, 3);
        var whole = model.Clone();
        whole.Graph.Output.Clear();
        foreach (var layer in layers) whole.Graph.Output.Add(new OnnxValue(layer.Value.Name, layer.Value.ElementType, null).ToProto());
        var expected = GraphRunner.Run(whole, ("input", image));

        Assert.True(layers.Count > 100);
        foreach (var layer in layers)
        {
            var cut = model.Clone();
            var features = OnnxGraphEditor.CutToFeatures(cut, [layer.Value.Name]);
            var values = GraphRunner.Run(cut, ("input", image))[features.Tensor];

            Assert.Equal((layer.FeatureDim, $"[1,{layer.FeatureDim}]"), (features.Dim, $"[{string.Join(",", values.Shape)}]"));
            Pooled(expected[layer.Value.Name], layer.Layout).AssertClose(values, 1e-5);
        }
    }

    /// <summary>The mean of each channel, in double.</summary>
    private static Values Pooled(Values map, TensorLayout? layout)
    {
        if (map.Shape.Length == 2) return map;
        var channels = (int)map.Shape[layout == TensorLayout.Nhwc ? 3 : 1];
        var places = map.Data.Length / channels;
        var sums = new double[channels];
        for (var i = 0; i < map.Data.Length; i++) sums[layout == TensorLayout.Nhwc ? i % channels : i / places] += map.Data[i];
        return new Values([.. sums.Select(sum => (float)(sum / places))], 1, channels);
    }
}
