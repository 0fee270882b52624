using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Inference;

/// <summary>A valid network that never ends: the means of the channels go around a loop, for every image or for bright images alone.</summary>
internal static class LoopingBackbone
{
    internal const int Dim = 3;

    /// <summary>Writes the <c>.onnx</c> and the <c>.model.json</c> beside it.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="onlyBright">Whether only batches with an image of a mean above 0.8 of white never end.</param>
    internal static void Write(string path, bool onlyBright)
    {
        var builder = new OnnxGraphBuilder("looping");
        var free = OnnxDim.Named("N");
        builder.Input("image", OnnxElementType.Float32, free, 3, TinyBackbone.Side, TinyBackbone.Side);
        builder.Node("GlobalAveragePool", "pooled", ["image"]);
        builder.Node("Flatten", "means", ["pooled"]);
        builder.Constant("rounds", [], (ReadOnlySpan<long>)[1L << 62]);
        if (onlyBright)
        {
            builder.Node("ReduceMax", "brightest", ["means"], ("keepdims", 0L));
            builder.Constant("limit", [], (ReadOnlySpan<float>)[0.8f]);
            builder.Node("Greater", "isBright", ["brightest", "limit"]);
        }

        builder.Output("features", OnnxElementType.Float32, [free, Dim]);
        var model = builder.Build("looping");
        model.Graph.Node.Add(Loop(onlyBright ? "isBright" : ""));
        model.Graph.Node.Add(new NodeProto { OpType = "Relu", Name = "features", Input = { "looped" }, Output = { "features" } });
        model.Save(path);
        var card = TinyBackbone.Card() with { Id = "looping", Features = new("features", Dim) };
        card.Save(Path.ChangeExtension(path, ".model.json"));
    }

    private static NodeProto Loop(string condition)
    {
        var body = new GraphProto
        {
            Name = "body",
            Node =
            {
                new NodeProto { OpType = "Identity", Name = "on", Input = { "go" }, Output = { "goOn" } },
                new NodeProto { OpType = "Sigmoid", Name = "next", Input = { "before" }, Output = { "after" } },
            },
        };
        body.Input.Add(new OnnxValue("round", OnnxElementType.Int64, []).ToProto());
        body.Input.Add(new OnnxValue("go", OnnxElementType.Bool, []).ToProto());
        body.Input.Add(new OnnxValue("before", OnnxElementType.Float32, null).ToProto());
        body.Output.Add(new OnnxValue("goOn", OnnxElementType.Bool, []).ToProto());
        body.Output.Add(new OnnxValue("after", OnnxElementType.Float32, null).ToProto());
        var loop = new NodeProto { OpType = "Loop", Name = "loop", Input = { "rounds", condition, "means" }, Output = { "looped" } };
        loop.Attribute.Add(new AttributeProto { Name = "body", G = body, Type = AttributeProto.Types.AttributeType.Graph });
        return loop;
    }
}
