using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests.Inference;

public sealed class OptimizerCheckTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ANetworkThatIsOptimizedRightlyKeepsTheOptimizer()
    {
        var checkedGraph = OptimizerCheck.Apply(Network(padding: float.Epsilon), Card(), NetworkPrecision.Float32, _folder.Path);

        Assert.Equal((GraphOptimizationLevel.ORT_ENABLE_ALL, null), (checkedGraph.Optimization, checkedGraph.OptimizationNote));
        Assert.Equal("all", File.ReadAllText(Assert.Single(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories))));
    }

    [Fact]
    public void ANetworkThatIsOptimizedWronglyIsRunWithLess()
    {
        // Zeros before a maximum pool, which the adapter would change first.
        var network = Network(padding: 0);
        var checkedGraph = OptimizerCheck.Apply(network, Card(), NetworkPrecision.Float32, folder: null);

        Assert.NotEqual(GraphOptimizationLevel.ORT_ENABLE_ALL, checkedGraph.Optimization);
        using var session = new OnnxSession(checkedGraph, SessionSettings.OnCpu(1));
        Assert.Contains("optimizer", session.Provider.Reason, StringComparison.Ordinal);
        var row = new float[network.RowLength];
        session.Run(Enumerable.Repeat(-1f, 3 * 8 * 8).ToArray(), 1, row);
        Assert.Equal(0, row[0]);
    }

    [Fact]
    public void TheResultIsReadAgain()
    {
        var card = Card();
        OptimizerCheck.Apply(Network(padding: float.Epsilon), card, NetworkPrecision.Float32, _folder.Path);
        var file = Assert.Single(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
        var other = Directory.CreateDirectory(_folder.File("other", "optimizer-checks")).FullName;
        // A process that has not seen the network reads what another one found; damaged text is measured again.
        Assert.Equal(GraphOptimizationLevel.ORT_ENABLE_BASIC, OptimizerCheck.Read(Written("basic")));
        Assert.Null(OptimizerCheck.Read(Written("rubbish")));

        string Written(string text)
        {
            var path = Path.Combine(other, Path.GetFileName(file));
            File.WriteAllText(path, text);
            return path;
        }
    }

    private static OnnxTransfer.Backbones.ModelCard Card() => SmallGraphs.Card() with { Sha256 = Guid.NewGuid().ToString("N") };

    /// <summary>A map of negative numbers with a border, whose maximum is the border.</summary>
    private static NetworkGraph Network(float padding)
    {
        var graph = new OnnxGraphBuilder("padded");
        graph.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 8, 8);
        graph.Constant("pads", [8], [0L, 0, 1, 1, 0, 0, 1, 1]);
        graph.Constant("value", [], [padding]);
        graph.Constant("five", [], [-5f]);
        graph.Node("Add", "low", ["image", "five"]);
        graph.Node("Pad", "padded", ["low", "pads", "value"]);
        graph.Node("MaxPool", "pool", ["padded"], ("kernel_shape", new[] { 3, 3 }), ("strides", new[] { 2, 2 }));
        graph.Node("Flatten", "features", ["pool"]);
        graph.Output("features", OnnxElementType.Float32, null);
        return new NetworkGraph(graph.Build("padded.onnx"), "padded", "image", [3, 8, 8], "features", 48);
    }
}
