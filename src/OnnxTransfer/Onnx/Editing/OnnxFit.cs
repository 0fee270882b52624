using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Onnx.Editing;

/// <summary>
/// Whether a graph takes images of a size that it leaves open. Some graphs have a free input size and still fit only one size: a dense
/// layer behind them needs the features of that size, or a pooling window is larger than the remaining map.
/// </summary>
internal static class OnnxFit
{
    /// <param name="model">A graph cut to <paramref name="features"/>.</param>
    /// <param name="image">The image input with the size that will be fed.</param>
    /// <param name="features">The tensor that is read.</param>
    /// <param name="dim">Its numbers for one image, as promised.</param>
    /// <exception cref="InvalidDataException">The size does not fit; the node or tensor is named.</exception>
    public static void Check(OnnxModel model, OnnxImageInput image, string features, int dim)
    {
        var shapes = OnnxShapes.Infer(model, image.Sizes(model));
        var size = $"{image.Width}x{image.Height}";
        foreach (var node in model.Graph.Node)
        {
            if (WhyNot(node, shapes) is { } why) Throw.OnnxSizeDoesNotFit(model.Source, size, node.OpType, node.Name, why);
        }

        var value = shapes[features];
        if (value.RowLength is { } length && length != dim) Throw.OnnxFeaturesDoNotFit(model.Source, size, features, value.ShapeText, length, dim);
    }

    private static string? WhyNot(NodeProto node, OnnxShapes shapes)
    {
        if (node.OpType is "Gemm" or "MatMul" && shapes.Dims(node.InputAt(0)) is { Count: > 1 } x && shapes.Dims(node.InputAt(1)) is { Count: > 1 } w)
        {
            var given = (node.Int("transA", 0) == 0 ? x[^1] : x[^2]).Size;
            var wanted = (node.Int("transB", 0) == 0 ? w[^2] : w[^1]).Size;
            return given is not null && wanted is not null && given != wanted ? $"takes {wanted} numbers for each image, but this size gives {given}" : null;
        }

        var isWindow = node.OpType is "Conv" or "QLinearConv" or "ConvInteger" or "MaxPool" or "AveragePool" or "LpPool";
        return isWindow && node.Output.Count > 0 && shapes.Dims(node.Output[0]) is null && shapes.Dims(node.InputAt(0)) is [_, _, { IsKnown: true }, { IsKnown: true }]
            ? $"has a window that is larger than the remaining image, {shapes[node.Input[0]].ShapeText}"
            : null;
    }
}
