using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Tests.Onnx.Editing;

public sealed class OnnxGraphJoinTests
{
    [Fact]
    public void The_joined_graph_computes_both_and_keeps_names_apart()
    {
        // Both have a tensor 'a' and a constant 'w'.
        var front = Graph("w", 10, "Mul", input: "x", output: "a");
        var model = Graph("w", 3, "Add", input: "image", output: "a");
        model.SetMetadata("license", "MIT");

        OnnxGraphJoin.Prepend(model, front, "image");

        Assert.Equal(["x"], model.Inputs.Select(input => input.Name));
        Assert.Equal(["a"], model.Outputs.Select(output => output.Name));
        Assert.Equal("MIT", model.Metadata["license"]);
        Assert.Equal([13f, 23f], GraphRunner.Run(OnnxModel.Parse(model.ToBytes()), ("x", new Values([1, 2], 2)))["a"].Data);
        // The front stays as it was.
        Assert.Equal([10f, 20f], GraphRunner.Run(front, ("x", new Values([1, 2], 2)))["a"].Data);
    }

    [Fact]
    public void The_same_graphs_give_the_same_bytes()
    {
        byte[] Join()
        {
            var model = Graph("w", 3, "Add", "image", "a");
            OnnxGraphJoin.Prepend(model, Graph("w", 10, "Mul", "x", "a"), "image");
            return model.ToBytes();
        }

        Assert.Equal(Join(), Join());
    }

    [Fact]
    public void Graphs_that_do_not_fit_are_refused_and_left_alone()
    {
        var model = Graph("w", 3, "Add", "image", "a");
        var before = model.ToBytes();
        Assert.Throws<ArgumentException>(() => OnnxGraphJoin.Prepend(model, Graph("w", 10, "Mul", "x", "a"), "picture"));
        var wider = Assert.Throws<ArgumentException>(() => OnnxGraphJoin.Prepend(model, Graph("w", 10, "Mul", "x", "a", size: 3), "image"));
        Assert.Matches(@"it gives a \[3\], but .* needs image \[2\]\.", wider.Message);
        var older = Graph("w", 10, "Mul", "x", "a");
        older.Proto.OpsetImport[0].Version = 8;
        Assert.Contains("operator set 8", Assert.Throws<ArgumentException>(() => OnnxGraphJoin.Prepend(model, older, "image")).Message, StringComparison.Ordinal);
        Assert.Equal(before, model.ToBytes());
    }

    private static OnnxModel Graph(string constant, float value, string op, string input, string output, int size = 2)
    {
        var graph = new OnnxGraphBuilder(op);
        graph.Input(input, OnnxElementType.Float32, size);
        graph.Constant(constant, [1], [value]);
        graph.Node(op, output, [input, constant]);
        graph.Output(output, OnnxElementType.Float32, [size]);
        return graph.Build($"the graph {op}");
    }
}
