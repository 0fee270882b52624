using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Shapes;

/// <summary>
/// The content of the small integer tensors that graphs compute shapes with (Shape, Gather, Concat, ...), so that a Reshape
/// behind them can be followed.
/// </summary>
internal static class OnnxShapeContents
{
    /// <summary>The content of the node's first output; null when it is not such a tensor.</summary>
    public static OnnxDim[]? Compute(NodeProto node, OnnxShapes shapes)
    {
        switch (node.OpType)
        {
            case "Shape":
                return ShapeOf(node, shapes);
            case "Constant":
                return node.Tensor("value") is { } tensor && OnnxTensorData.TryReadShapeValues(tensor) is { } values ? [.. values.Select(v => (OnnxDim)v)]
                    : node.Ints("value_ints") is { Length: > 0 } ints ? [.. ints.Select(v => (OnnxDim)v)] : null;
            case "Identity" or "Cast" or "Squeeze" or "Unsqueeze" or "Reshape":
                return shapes.Contents(node.InputAt(0));
            case "Gather":
                return Gather(shapes.Contents(node.InputAt(0)), shapes.Contents(node.InputAt(1)));
            case "Concat":
                return Concat(node, shapes);
            case "Slice":
                return Slice(node, shapes);
            case "Add" or "Sub" or "Mul" or "Div":
                return Arithmetic(node.OpType, shapes.Contents(node.InputAt(0)), shapes.Contents(node.InputAt(1)));
            default:
                return null;
        }
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
        if (start is null || end is null || step != 1) return null;
        var from = Clamp(start.Value, data.Length);
        return [.. data.Skip(from).Take(Math.Max(0, Clamp(end.Value, data.Length) - from))];
    }

    private static OnnxDim[]? Arithmetic(string op, OnnxDim[]? left, OnnxDim[]? right)
    {
        if (left is null || right is null || (left.Length != right.Length && left.Length != 1 && right.Length != 1)) return null;
        var result = new OnnxDim[Math.Max(left.Length, right.Length)];
        for (var i = 0; i < result.Length; i++)
        {
            var (a, b) = (left[left.Length == 1 ? 0 : i].Size, right[right.Length == 1 ? 0 : i].Size);
            result[i] = (op, a, b) switch
            {
                (_, null, _) or (_, _, null) => OnnxDim.Unknown,
                ("Add", _, _) => a.Value + b.Value,
                ("Sub", _, _) => a.Value - b.Value,
                ("Mul", _, _) => a.Value * b.Value,
                (_, _, 0) => OnnxDim.Unknown,
                _ => a.Value / b.Value,
            };
        }

        return result;
    }

    private static long? Single(OnnxDim[]? contents) => contents is [var only] ? only.Size : null;

    private static int Clamp(long index, int length) => (int)Math.Clamp(index < 0 ? index + length : index, 0, length);
}
