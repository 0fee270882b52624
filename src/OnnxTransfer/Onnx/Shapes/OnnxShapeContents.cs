using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Shapes;

/// <summary>
/// The content of the small integer tensors that graphs compute shapes with (Shape, Gather, Concat, ...), so that a Reshape
/// behind them can be followed.
/// </summary>
internal static class OnnxShapeContents
{
    /// <summary>Values of the longest tensor that is followed.</summary>
    internal const int Longest = 64;

    /// <summary>The content of the node's first output; null when it is not such a tensor.</summary>
    public static OnnxDim[]? Compute(NodeProto node, OnnxShapes shapes)
    {
        if (!node.IsStandard()) return null;
        OnnxDim[]? At(int input) => shapes.Contents(node.InputAt(input));
        switch (node.OpType)
        {
            case "Shape":
                return ShapeOf(node, shapes);
            case "Size":
                return shapes.Dims(node.InputAt(0)) is { } dims ? [dims.Aggregate((OnnxDim)1, (product, dim) => product * dim)] : null;
            case "Constant":
                return node.Tensor("value") is { } tensor && OnnxTensorData.TryReadShapeValues(tensor) is { } values ? [.. values.Select(v => (OnnxDim)v)]
                    : node.Ints("value_ints") is { Length: > 0 } ints ? [.. ints.Select(v => (OnnxDim)v)]
                    : node.IntOrNull("value_int") is { } one ? [one] : null;
            case "Identity" or "Cast" or "Squeeze" or "Unsqueeze" or "Reshape":
            // These change no whole number, and a quotient with a remainder is not known here.
            case "Floor" or "Ceil" or "Round":
                return At(0);
            case "Gather":
                return Gather(At(0), At(1));
            case "Concat":
                return Concat(node, shapes);
            case "Slice":
                return Slice(node, shapes);
            case "Add" or "Sub" or "Mul" or "Div" or "Mod" or "Equal" or "Min" or "Max":
                return Pairwise(At(0), At(1), (a, b) => Arithmetic(node.OpType, a, b, IsInteger(node, shapes)));
            case "Neg":
                return At(0)?.Select(dim => dim.Size is { } size ? -size : OnnxDim.Unknown).ToArray();
            case "Where":
                return Where(At(0), At(1), At(2));
            case "Expand":
                return Pairwise(At(0), shapes.Contents(node.InputAt(1)) is [{ Size: >= 0 and <= Longest and { } copies }] ? new OnnxDim[copies] : null, (a, _) => a);
            case "ConstantOfShape":
                return At(0) is [{ Size: >= 0 and <= Longest and { } count }] ? Filled(node, count) : null;
            case "Range":
                return Range(At(0), At(1), At(2));
            case "ReduceProd":
                return At(0) is { } factors ? [factors.Aggregate((OnnxDim)1, (product, dim) => product * dim)] : null;
            default:
                return null;
        }
    }

    private static bool IsInteger(NodeProto node, OnnxShapes shapes) =>
        shapes[node.InputAt(0) ?? ""].ElementType is OnnxElementType.Int64 or OnnxElementType.Int32;

    private static OnnxDim[]? Filled(NodeProto node, long count)
    {
        var value = node.Tensor("value") is { } tensor ? OnnxTensorData.TryReadShapeValues(tensor) is [var given] ? given : (long?)null : 0;
        return value is { } fill ? [.. Enumerable.Repeat((OnnxDim)fill, (int)count)] : null;
    }

    private static OnnxDim[]? Where(OnnxDim[]? condition, OnnxDim[]? yes, OnnxDim[]? no)
    {
        if (condition is null) return null;
        var picked = Pairwise(condition, yes, (c, a) => c.Size is null or 0 ? OnnxDim.Unknown : a);
        return Pairwise(picked, Pairwise(condition, no, (c, b) => c.Size == 0 ? b : OnnxDim.Unknown), (a, b) => a == OnnxDim.Unknown ? b : a);
    }

    private static OnnxDim[]? Range(OnnxDim[]? start, OnnxDim[]? limit, OnnxDim[]? delta)
    {
        if (start is not [{ Size: { } from }] || limit is not [{ Size: { } to }] || delta is not [{ Size: not 0 and { } step }]) return null;
        var count = Math.Max(0, ((to - from) + step - Math.Sign(step)) / step);
        return count > Longest ? null : [.. Enumerable.Range(0, (int)count).Select(i => (OnnxDim)(from + (i * step)))];
    }

    private static OnnxDim[]? ShapeOf(NodeProto node, OnnxShapes shapes)
    {
        if (shapes.Dims(node.InputAt(0)) is not { } dims) return null;
        var start = Clamp(node.Int("start", 0), dims.Count);
        var end = Clamp(node.Int("end", dims.Count), dims.Count);
        return [.. dims.Skip(start).Take(Math.Max(0, end - start))];
    }

    private static OnnxDim[]? Gather(OnnxDim[]? data, OnnxDim[]? indices)
    {
        if (data is null || indices is null) return null;
        var picked = new OnnxDim[indices.Length];
        for (var i = 0; i < picked.Length; i++)
        {
            if (indices[i].Size is not { } index) return null;
            if (index < 0) index += data.Length;
            if (index < 0 || index >= data.Length) return null;
            picked[i] = data[index];
        }

        return picked;
    }

    private static OnnxDim[]? Concat(NodeProto node, OnnxShapes shapes)
    {
        var all = new List<OnnxDim>();
        foreach (var input in node.Input)
        {
            if (shapes.Contents(input) is not { } part || all.Count > 64) return null;
            all.AddRange(part);
        }

        return [.. all];
    }

    private static OnnxDim[]? Slice(NodeProto node, OnnxShapes shapes)
    {
        if (shapes.Contents(node.InputAt(0)) is not { } data) return null;
        var start = node.Ints("starts")?.FirstOrDefault() ?? Single(shapes.Contents(node.InputAt(1)));
        var end = node.Ints("ends")?.FirstOrDefault() ?? Single(shapes.Contents(node.InputAt(2)));
        var step = node.InputAt(4) is { } steps ? Single(shapes.Contents(steps)) : 1;
        if (start is null || end is null) return null;
        // The whole list backward is how exporters turn a list of paddings.
        if (step == -1 && start == -1 && end < -data.Length) return [.. data.Reverse()];
        if (step != 1) return null;
        var from = Clamp(start.Value, data.Length);
        return [.. data.Skip(from).Take(Math.Max(0, Clamp(end.Value, data.Length) - from))];
    }

    private static OnnxDim[]? Pairwise(OnnxDim[]? left, OnnxDim[]? right, Func<OnnxDim, OnnxDim, OnnxDim> apply)
    {
        if (left is null || right is null || (left.Length != right.Length && left.Length != 1 && right.Length != 1)) return null;
        if (left.Length == 0 || right.Length == 0) return [];
        return [.. Enumerable.Range(0, Math.Max(left.Length, right.Length)).Select(i => apply(left[left.Length == 1 ? 0 : i], right[right.Length == 1 ? 0 : i]))];
    }

    private static OnnxDim Arithmetic(string op, OnnxDim a, OnnxDim b, bool isInteger) => (op, a.Size, b.Size) switch
    {
        ("Add", _, _) => a + b,
        ("Sub", { } x, { } y) => x - y,
        ("Sub", _, _) when a.Symbol is not null && a == b => 0,
        ("Sub", _, 0) => a,
        ("Mul", _, _) => a * b,
        ("Div", { } x, not 0 and { } y) when isInteger => x / y,
        ("Div", _, _) => a / b,
        ("Mod", { } x, > 0 and { } y) when x >= 0 => x % y,
        ("Mod", _, > 0 and { } y) when a.Symbol is not null && a.Factor % y == 0 => 0,
        ("Min", { } x, { } y) => Math.Min(x, y),
        ("Max", { } x, { } y) => Math.Max(x, y),
        ("Equal", { } x, { } y) => x == y ? 1 : 0,
        // A free size is at least 1.
        ("Equal", <= 0, null) when b.Symbol is not null => 0,
        ("Equal", null, <= 0) when a.Symbol is not null => 0,
        ("Equal", null, null) when a.Symbol is not null && a == b => 1,
        _ => OnnxDim.Unknown,
    };

    private static long? Single(OnnxDim[]? contents) => contents is [var only] ? only.Size : null;

    private static int Clamp(long index, int length) => (int)Math.Clamp(index < 0 ? index + length : index, 0, length);
}
