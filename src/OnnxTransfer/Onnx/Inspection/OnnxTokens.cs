using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Onnx.Inspection;

/// <summary>The tokens of a transformer's tensor <c>[N,T,D]</c>: those before the patches, and the patches.</summary>
/// <param name="Prefix">
/// Tokens that stand for no part of the image: the class token first, then a distillation token or registers; 0 for a network without.
/// </param>
/// <param name="Patches">Tokens of places of the image, after the others.</param>
internal sealed record OnnxTokens(int Prefix, int Patches)
{
    /// <summary>More tokens before the patches than any network has.</summary>
    private const int MostPrefix = 16;

    /// <summary>Counts the tokens of a tensor; null if it has no tokens, or their meaning is not clear.</summary>
    /// <param name="shapes">The shapes at the size of the images.</param>
    /// <param name="tensor">The tensor.</param>
    internal static OnnxTokens? Of(OnnxShapes shapes, string tensor)
    {
        if (shapes.Dims(tensor) is not [_, { Size: > 1 and var count }, { Size: > 0 }] || GridOf(shapes) is not { } grid) return null;
        var prefix = count - grid;
        if (prefix is > 0 and <= MostPrefix) return PatchesAreLast(shapes, grid) ? new OnnxTokens((int)prefix, (int)grid) : null;
        return prefix <= 0 && IsMerged(grid, count) ? new OnnxTokens(0, (int)count) : null;
    }

    /// <summary>Whether the patches were merged, which halves both sides several times, or not at all.</summary>
    private static bool IsMerged(long grid, long count)
    {
        while (grid > count && grid % 4 == 0) grid /= 4;
        return grid == count;
    }

    /// <summary>The number of places where a map of the image becomes a row of tokens.</summary>
    private static long? GridOf(OnnxShapes shapes)
    {
        foreach (var node in shapes.Model.Graph.Node.Where(node => node.OpType is "Reshape" or "Flatten" && node.Output.Count > 0))
        {
            if (shapes.Dims(node.InputAt(0)) is not [_, { } a, { Size: { } b }, { } c] || shapes.Dims(node.Output[0]) is not { Count: 3 } row) continue;
            if (c.Size is { } width && row[2].Size == b * width && b * width > 1) return b * width;
            if (a.Size is { } height && row[1].Size == height * b && height * b > 1) return height * b;
        }

        return null;
    }

    /// <summary>Whether nothing is joined behind the patches.</summary>
    private static bool PatchesAreLast(OnnxShapes shapes, long grid) => !shapes.Model.Graph.Node.Any(node =>
        node.OpType == "Concat" && node.Output.Count > 0 && shapes.Dims(node.Output[0]) is [_, { } all, _] && all.Size >= grid && all.Size <= grid + MostPrefix
        && node.Int("axis", 0) is 1 or -2 && node.Input.Any(input => shapes.Dims(input) is [_, { } own, _] && own.Size >= grid)
        && shapes.Dims(node.Input[^1]) is [_, { } last, _] && last.Size < grid);
}
