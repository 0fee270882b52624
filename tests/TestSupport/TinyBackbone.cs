using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.TestSupport;

/// <summary>
/// A network of one random 1x1 convolution, ReLU and global average pooling: real enough to tell colors apart, small enough
/// to be made by every test that needs a backbone.
/// </summary>
internal static class TinyBackbone
{
    internal const int Dim = 12;
    internal const int Side = 16;

    /// <summary>Writes the <c>.onnx</c> and the <c>.model.json</c> beside it.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="layout">The order of the input's axes.</param>
    /// <param name="batch">A fixed batch size; null for a free one.</param>
    internal static void Write(string path, TensorLayout layout = TensorLayout.Nchw, int? batch = null)
    {
        var random = new Random(42);
        var weights = Enumerable.Range(0, Dim * 3).Select(_ => (float)((random.NextDouble() * 2) - 1)).ToArray();
        var bias = Enumerable.Range(0, Dim).Select(_ => (float)(random.NextDouble() * 0.2)).ToArray();
        var free = batch is { } size ? (OnnxDim)size : OnnxDim.Named("N");
        var builder = new OnnxGraphBuilder("tiny");
        string image;
        if (layout == TensorLayout.Nchw)
        {
            image = builder.Input("image", OnnxElementType.Float32, free, 3, Side, Side);
        }
        else
        {
            builder.Input("image", OnnxElementType.Float32, free, Side, Side, 3);
            image = builder.Node("Transpose", "nchw", ["image"], ("perm", new long[] { 0, 3, 1, 2 }));
        }

        builder.Constant("weights", [Dim, 3, 1, 1], weights);
        builder.Constant("bias", [Dim], bias);
        builder.Node("Conv", "convolved", [image, "weights", "bias"]);
        builder.Node("Relu", "activated", ["convolved"]);
        builder.Node("GlobalAveragePool", "pooled", ["activated"]);
        builder.Node("Flatten", "features", ["pooled"]);
        builder.Output("features", OnnxElementType.Float32, [free, Dim]);
        builder.Build("tiny").Save(path);
        Card(layout).Save(Path.ChangeExtension(path, ".model.json"));
    }

    internal static ModelCard Card(TensorLayout layout = TensorLayout.Nchw) => new()
    {
        Id = "tiny",
        License = "MIT",
        Source = "made by the tests",
        Input = new ModelInput("image", layout, Side, Side),
        Features = new ModelFeatures("features", Dim),
        Preprocess = new PreprocessSpec
        {
            Filter = ResizeFilter.PillowBilinear,
            Resize = Resize.Stretch(Side, Side),
            Mean = [0.5, 0.5, 0.5],
            Std = [0.5, 0.5, 0.5],
        },
    };
}
