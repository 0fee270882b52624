using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.TestSupport;

/// <summary>
/// A vision transformer as transformers exports it for feature extraction, small enough for a test: patches of 4x4 pixels, a class token,
/// five blocks of one head, the last normalization. A folder as the Hugging Face hub has it, with no card.
/// </summary>
internal static class TinyTransformer
{
    internal const int Dim = 8;
    internal const int Side = 16;
    internal const int Tokens = 17;

    /// <summary>Writes <c>onnx/model.onnx</c> and the two configurations.</summary>
    /// <param name="folder">The folder, which is made.</param>
    internal static void WriteFolder(string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "onnx"));
        Build().Save(Path.Combine(folder, "onnx", "model.onnx"));
        File.WriteAllText(Path.Combine(folder, "config.json"), """{"model_type":"vit","architectures":["ViTModel"],"hidden_size":8}""");
        File.WriteAllText(
            Path.Combine(folder, "preprocessor_config.json"),
            $$"""{"image_processor_type":"ViTImageProcessor","do_resize":true,"size":{"height":{{Side}},"width":{{Side}}},"resample":2,"do_rescale":true,"rescale_factor":0.00392156862745098,"do_normalize":true,"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}""");
    }

    private static OnnxModel Build()
    {
        var random = new Random(11);
        var graph = new OnnxGraphBuilder("vit");
        float[] Numbers(int count, double scale) => [.. Enumerable.Range(0, count).Select(_ => (float)(((random.NextDouble() * 2) - 1) * scale))];
        string Weights(string name, double scale, params long[] shape) => graph.Constant(name, shape, Numbers((int)shape.Aggregate(1L, (product, side) => product * side), scale));
        string Layer(string name, string x, int depth, int count) => graph.Node("Add", name, [graph.Node("MatMul", name + "/product", [x, Weights(name + ".weight", 0.6, depth, count)]), Weights(name + ".bias", 0.1, count)]);
        string Normalized(string name, string x) =>
            graph.Node("LayerNormalization", name, [x, graph.Constant(name + ".weight", [Dim], [.. Enumerable.Repeat(1f, Dim)]), Weights(name + ".bias", 0.2, Dim)], ("axis", -1), ("epsilon", 1e-6f));

        var (batch, height, width) = (OnnxDim.Named("batch_size"), OnnxDim.Named("height"), OnnxDim.Named("width"));
        graph.Input("pixel_values", OnnxElementType.Float32, batch, 3, height, width);
        graph.Node("Conv", "patches", ["pixel_values", Weights("projection.weight", 0.3, Dim, 3, 4, 4)], ("kernel_shape", new[] { 4, 4 }), ("strides", new[] { 4, 4 }));
        graph.Constant("rows", [3], new long[] { 0, Dim, -1 });
        graph.Node("Reshape", "flattened", ["patches", "rows"]);
        graph.Node("Transpose", "row", ["flattened"], ("perm", new[] { 0, 2, 1 }));
        graph.Constant("first", [1], new long[] { 0 });
        graph.Constant("token", [2], new long[] { 1, Dim });
        graph.Node("Shape", "shape", ["pixel_values"]);
        graph.Node("Gather", "batch", ["shape", "first"], ("axis", 0));
        graph.Node("Concat", "tokenShape", ["batch", "token"], ("axis", 0));
        graph.Node("Expand", "cls", [Weights("cls_token", 1, 1, 1, Dim), "tokenShape"]);
        graph.Node("Concat", "joined", ["cls", "row"], ("axis", 1));
        var x = graph.Node("Add", "embedded", ["joined", Weights("position_embeddings", 0.5, 1, Tokens, Dim)]);
        for (var block = 0; block < 5; block++)
        {
            var name = $"layer.{block}";
            var seen = Normalized(name + ".before", x);
            var (q, k, v) = (Layer(name + ".query", seen, Dim, Dim), Layer(name + ".key", seen, Dim, Dim), Layer(name + ".value", seen, Dim, Dim));
            var turned = graph.Node("Transpose", name + ".turned", [k], ("perm", new[] { 0, 2, 1 }));
            var scores = graph.Node("Mul", name + ".scaled", [graph.Node("MatMul", name + ".scores", [q, turned]), graph.Constant(name + ".scale", [], [1 / MathF.Sqrt(Dim)])]);
            var mixed = graph.Node("MatMul", name + ".mixed", [graph.Node("Softmax", name + ".attention", [scores], ("axis", -1)), v]);
            x = graph.Node("Add", name + ".attended", [Layer(name + ".output", mixed, Dim, Dim), x]);
            var wide = graph.Node("Relu", name + ".activated", [Layer(name + ".wide", Normalized(name + ".after", x), Dim, 2 * Dim)]);
            x = graph.Node("Add", name, [Layer(name + ".narrow", wide, 2 * Dim, Dim), x]);
        }

        Normalized("last_hidden_state", x);
        graph.Output("last_hidden_state", OnnxElementType.Float32, [batch, OnnxDim.Named("sequence_length"), Dim]);
        return graph.Build("vit");
    }
}
