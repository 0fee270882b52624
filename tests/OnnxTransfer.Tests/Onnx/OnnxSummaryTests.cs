using OnnxTransfer.Onnx;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Onnx;

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

        // 300 million multiply-adds and 3.4 million parameters (Sandler et al. 2018, table 4); the file has 1001 classes.
        Assert.InRange(summary.MultiplyAdds!.Value, 299_000_000, 303_000_000);
        Assert.InRange(summary.Parameters, 3_400_000, 3_520_000);
    }

    [Theory]
    [InlineData(OnnxPooling.Average)]
    [InlineData(OnnxPooling.Max)]
    [InlineData(OnnxPooling.Flatten)]
    internal void CuttingAtEveryLayerGivesTheListedDimension(OnnxPooling pooling)
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
            float[] pooled = pooling == OnnxPooling.Flatten ? all.Data : [.. all.Data.Chunk(pixels).Select(c => pooling == OnnxPooling.Max ? c.Max() : c.Average())];
            new Values(pooled, 2, pooled.Length / 2).AssertClose(values, 1e-6);
            Assert.Equal(features.Dim, pooled.Length / 2);
            if (pooling != OnnxPooling.Flatten) Assert.Equal(layer.FeatureDim, features.Dim);
        }
    }

    [Fact]
    public void SeveralLayersAreJoinedInTheOrderGiven()
    {
        var model = SmallGraphs.Classifier();
        model.SetMetadata("kept", "yes");

        var features = OnnxGraphEditor.CutToFeatures(model, ["scores", "relu"]);
        var values = GraphRunner.Run(model, ("image", SmallGraphs.Image))["features"];

        Assert.Equal(new OnnxFeatureTensor("features", 9, false), features);
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
    public void LayersOfARealModelCutToTheListedDimensionAndValues()
    {
        var model = OnnxModel.Load(Repository.SharedPath(Real));
        var layers = OnnxSummary.Of(model).Layers;
        var image = Values.Random(5, 1, 224, 224, 3);
        var whole = model.Clone();
        // Every tenth: each is a session of its own. The order and dimension of all are checked by inference.
        var some = layers.Where((_, i) => i % 10 == 3).ToList();
        foreach (var layer in some) OnnxGraphEditor.Promote(whole, layer.Value.Name);
        var expected = GraphRunner.Run(whole, ("input", image));

        Assert.True(some.Count > 5);
        foreach (var layer in some)
        {
            var cut = model.Clone();
            var features = OnnxGraphEditor.CutToFeatures(cut, [layer.Value.Name], OnnxPooling.Flatten);
            var values = GraphRunner.Run(cut, ("input", image))[features.Tensor];
            (expected[layer.Value.Name] with { Shape = values.Shape }).AssertClose(values, 1e-5);
            var pooled = model.Clone();
            Assert.Equal(layer.FeatureDim, OnnxGraphEditor.CutToFeatures(pooled, [layer.Value.Name]).Dim);
        }
    }
}
