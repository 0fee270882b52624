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

        if (node.OpType is "Add" or "Sub" or "Mul" or "Div" or "Where" && node.Output.Count > 0 && shapes.Dims(node.Output[0]) is null && node.Input.All(input => shapes.Dims(input) is not null))
            return $"joins {string.Join(" and ", node.Input.Select(input => shapes[input].ShapeText))}, which do not fit together";
        if (node.OpType == "Reshape" && node.IsStandard() && node.Output.Count > 0 && shapes.Dims(node.InputAt(0)) is { } from && shapes.Dims(node.Output[0]) is { } to && Lengths(from, to) is var (have, made) && have != made)
            return $"makes {shapes[node.Output[0]].ShapeText} of {shapes[node.Input[0]].ShapeText}, which has another number of elements";
        var isWindow = node.OpType is "Conv" or "QLinearConv" or "ConvInteger" or "MaxPool" or "AveragePool" or "LpPool";
        return isWindow && node.Output.Count > 0 && shapes.Dims(node.Output[0]) is null && shapes.Dims(node.InputAt(0)) is [_, _, { IsKnown: true }, { IsKnown: true }]
            ? $"has a window that is larger than the remaining image, {shapes[node.Input[0]].ShapeText}"
            : null;
    }

    /// <summary>The numbers of elements of two shapes of the same batch; null if they are not known.</summary>
    private static (long Left, long Right)? Lengths(IReadOnlyList<OnnxDim> left, IReadOnlyList<OnnxDim> right)
    {
        var (a, b) = (left.Aggregate((OnnxDim)1, (all, dim) => all * dim), right.Aggregate((OnnxDim)1, (all, dim) => all * dim));
        return a.Size is { } x && b.Size is { } y ? (x, y) : a.Symbol is { } symbol && b.Symbol == symbol ? (a.Factor, b.Factor) : null;
    }

    /// <summary>
    /// The size of square images that a graph takes although it leaves height and width free; null if it takes any size, or if no size is
    /// known. Position embeddings and dense layers fix a size that the input does not state.
    /// </summary>
    internal static int? OnlySize(OnnxModel model, OnnxImageInput image)
    {
        if (Fits(224) && Fits(320)) return null;
        // Sides of whole patches; a single patch would fit anything.
        var patch = (int)Math.Clamp(model.Graph.Node.FirstOrDefault(node => node.OpType == "Conv")?.Ints("strides")?[0] ?? 1, 1, 64);
        for (var side = 2 * patch; side <= 1024; side += patch)
        {
            if (Fits(side)) return side;
        }

        return null;

        bool Fits(int side)
        {
            var shapes = OnnxShapes.Infer(model, (image with { Height = side, Width = side }).Sizes(model));
            return model.Graph.Node.All(node => WhyNot(node, shapes) is null);
        }
    }
}
