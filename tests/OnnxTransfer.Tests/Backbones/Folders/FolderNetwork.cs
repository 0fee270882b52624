using System.Globalization;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Tests.Backbones.Folders;

/// <summary>A network as an export of transformers or timm writes it: a patch convolution, a mean, a classifier; no card.</summary>
internal static class FolderNetwork
{
    internal const int Dim = 10;
    internal const int Classes = 3;

    /// <param name="path">The file to write.</param>
    /// <param name="height">The input's height; null for an axis without a size.</param>
    /// <param name="width">The input's width; null for an axis without a size.</param>
    internal static void Write(string path, int? height = 16, int? width = 16)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var random = new Random(7);
        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 2) - 1))];
        var free = OnnxDim.Named("batch_size");
        OnnxDim Side(int? side, string name) => side is { } size ? size : OnnxDim.Named(name);
        var builder = new OnnxGraphBuilder("exported");
        builder.Input("pixel_values", OnnxElementType.Float32, free, 3, Side(height, "height"), Side(width, "width"));
        builder.Constant("patches", [Dim, 3, 4, 4], Numbers(Dim * 48));
        builder.Node("Conv", "embedded", ["pixel_values", "patches"], ("strides", new long[] { 4, 4 }));
        builder.Node("Relu", "activated", ["embedded"]);
        builder.Node("GlobalAveragePool", "pooled", ["activated"]);
        builder.Node("Flatten", "vector", ["pooled"]);
        builder.Constant("classifier", [Dim, Classes], Numbers(Dim * Classes));
        builder.Constant("bias", [Classes], Numbers(Classes));
        builder.Node("Gemm", "logits", ["vector", "classifier", "bias"]);
        builder.Output("logits", OnnxElementType.Float32, [free, Classes]);
        builder.Build("exported").Save(path);
    }

    /// <summary>A processor's configuration for a square side.</summary>
    internal static string Processor(int side) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"image_processor_type":"ViTImageProcessor","size":{"height":{{side}},"width":{{side}}},"resample":2,"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}""");

    internal static string Config { get; } = """{"model_type":"vit","id2label":{"1":"bee","0":"ant","2":"cat"}}""";
}
