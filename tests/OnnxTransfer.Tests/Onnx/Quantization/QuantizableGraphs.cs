using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Quantization;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Tests.Onnx.Quantization;

/// <summary>Networks with what quantization must handle, and statistics for them.</summary>
internal static class QuantizableGraphs
{
    public static readonly Values Image = Values.Random(11, 3, 3, 12, 12);

    /// <summary>A residual network: strided 3x3, batch normalization, ReLU6, max pooling, depthwise 3x3, 1x1 without bias, addition, ReLU, pooling to y [N,8].</summary>
    public static OnnxModel Residual(bool normalized = true)
    {
        var graph = new OnnxGraphBuilder("residual");
        graph.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 12, 12);
        graph.Constant("zero", [], [0f]);
        graph.Constant("six", [], [6f]);
        Constant("w1", 1, 8, 3, 3, 3);
        Constant("b1", 2, 8);
        Constant("w2", 3, 8, 1, 3, 3);
        Constant("b2", 4, 8);
        Constant("w3", 5, 8, 8, 1, 1);
        graph.Node("Conv", "c1", ["image", "w1", "b1"], ("kernel_shape", new[] { 3, 3 }), ("pads", new[] { 1, 1, 1, 1 }));
        if (normalized)
        {
            Constant("gamma", 6, 8);
            Constant("beta", 7, 8);
            Constant("mean", 8, 8);
            graph.Constant("variance", [8], Array.ConvertAll(Values.Random(9, 8).Data, v => 1.5f + v));
            graph.Node("BatchNormalization", "n1", ["c1", "gamma", "beta", "mean", "variance"], ("epsilon", 0.01f));
        }

        graph.Node("Clip", "a1", [normalized ? "n1" : "c1", "zero", "six"]);
        graph.Node("MaxPool", "p1", ["a1"], ("kernel_shape", new[] { 2, 2 }), ("strides", new[] { 2, 2 }));
        graph.Node("Conv", "c2", ["p1", "w2", "b2"], ("kernel_shape", new[] { 3, 3 }), ("pads", new[] { 1, 1, 1, 1 }), ("group", 8));
        graph.Node("Relu", "a2", ["c2"]);
        graph.Node("Conv", "c3", ["a2", "w3"]);
        graph.Node("Add", "sum", ["c3", "p1"]);
        graph.Node("Relu", "a3", ["sum"]);
        graph.Node("GlobalAveragePool", "pooled", ["a3"]);
        graph.Node("Flatten", "y", ["pooled"]);
        graph.Output("y", OnnxElementType.Float32, [OnnxDim.Named("N"), 8]);
        return graph.Build("residual.onnx");

        void Constant(string name, int seed, params long[] dims) => graph.Constant(name, dims, Values.Random(seed, dims).Data);
    }

    /// <summary>Statistics of the quantizer's activations on <see cref="Image"/>.</summary>
    public static Dictionary<string, ActivationStatistics> Measure(OnnxQuantizer quantizer, Values image)
    {
        var watched = quantizer.Float.Clone();
        foreach (var tensor in quantizer.Activations.Where(t => t != "image")) OnnxGraphEditor.Promote(watched, tensor);
        var values = GraphRunner.Run(watched, ("image", image));
        values["image"] = image;
        return quantizer.Activations.ToDictionary(t => t, t => new ActivationStatistics(new ValueRange(values[t].Data.Min(), values[t].Data.Max()), Means(values[t])));
    }

    private static float[] Means(Values values)
    {
        var (images, channels) = ((int)values.Shape[0], (int)values.Shape[1]);
        var area = values.Data.Length / images / channels;
        return [.. Enumerable.Range(0, channels).Select(c => Enumerable.Range(0, images).SelectMany(n => values.Data.Skip(((n * channels) + c) * area).Take(area)).Average())];
    }
}
