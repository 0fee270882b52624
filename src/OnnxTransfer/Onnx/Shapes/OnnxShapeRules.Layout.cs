using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Shapes;

/// <summary>The operators that move, cut and regroup axes.</summary>
internal static partial class OnnxShapeRules
{
    private static void AddShapeRules(Action<Rule, string[]> add)
    {
        add(Reshape, ["Reshape"]);
        add(Flatten, ["Flatten"]);
        add(Squeeze, ["Squeeze"]);
        add(Unsqueeze, ["Unsqueeze"]);
        add(Transpose, ["Transpose"]);
        add(Concat, ["Concat"]);
        add(Split, ["Split"]);
        add(Slice, ["Slice"]);
        add(Gather, ["Gather"]);
        add(Pad, ["Pad"]);
        add(Resize, ["Resize", "Upsample"]);
        add(Expand, ["Expand"]);
        add(DepthToSpace, ["DepthToSpace"]);
    }

    private static IReadOnlyList<OnnxDim>?[] Reshape(NodeProto node, OnnxShapes shapes)
    {
        var x = shapes.Dims(node.InputAt(0));
        var target = node.Ints("shape") is { } old ? [.. old.Select(v => (OnnxDim)v)] : shapes.Contents(node.InputAt(1));
        if (target is null) return [null];
        var result = (OnnxDim[])target.Clone();
        var free = -1;
        for (var i = 0; i < result.Length; i++)
        {
            if (result[i].Size == 0 && node.Int("allowzero", 0) == 0)
            {
                if (x is null || i >= x.Count) return [null];
                result[i] = x[i];
            }
            else if (result[i].Size == -1)
            {
                if (free >= 0) return [null];
                free = i;
            }
        }

        if (free < 0) return [result];
        result[free] = x is null ? OnnxDim.Unknown : Remaining(x, result, free);
        return [result];
    }

    /// <summary>The size of the axis written as -1: what is left of the input once sizes and symbols on both sides have been canceled.</summary>
    private static OnnxDim Remaining(IReadOnlyList<OnnxDim> x, OnnxDim[] result, int free)
    {
        var others = result.Where((_, i) => i != free).ToList();
        var symbols = new List<OnnxDim>();
        long have = 1;
        foreach (var dim in x)
        {
            if (dim.Size is { } size) have = Sizes.Product(have, size);
            else if (dim.Symbol is null || !others.Remove(dim)) symbols.Add(dim);
        }

        long used = 1;
        foreach (var dim in others)
        {
            if (dim.Size is not { } size) return OnnxDim.Unknown;
            used = Sizes.Product(used, size);
        }

        if (used <= 0 || have < 0 || have % used != 0) return OnnxDim.Unknown;
        return symbols.Count == 0 ? have / used
            : symbols.Count == 1 && have == used ? symbols[0]
            : OnnxDim.Unknown;
    }

    private static IReadOnlyList<OnnxDim>?[] Flatten(NodeProto node, OnnxShapes shapes)
    {
        if (shapes.Dims(node.InputAt(0)) is not { } x) return [null];
        var axis = node.Int("axis", 1);
        if (axis < 0) axis += x.Count;
        return axis < 0 || axis > x.Count ? [null] : [[Product(x.Take((int)axis)), Product(x.Skip((int)axis))]];
    }

    private static IReadOnlyList<OnnxDim>?[] Squeeze(NodeProto node, OnnxShapes shapes)
    {
        if (shapes.Dims(node.InputAt(0)) is not { } x) return [null];
        var axes = Axes(node, shapes, 1, out var stated);
        if (stated && axes is null) return [null];
        if (axes is not null) return [Without(x, axes, keep: false)];
        return [x.All(d => d.IsKnown) ? [.. x.Where(d => d.Size != 1)] : null];
    }

    private static IReadOnlyList<OnnxDim>?[] Unsqueeze(NodeProto node, OnnxShapes shapes)
    {
        if (shapes.Dims(node.InputAt(0)) is not { } x || Axes(node, shapes, 1, out _) is not { } axes) return [null];
        var rank = x.Count + axes.Length;
        var added = axes.Select(a => a < 0 ? a + rank : a).ToHashSet();
        if (added.Count != axes.Length || added.Any(a => a < 0 || a >= rank)) return [null];
        var kept = new Queue<OnnxDim>(x);
        return [[.. Enumerable.Range(0, rank).Select(i => added.Contains(i) ? 1 : kept.Dequeue())]];
    }

    private static IReadOnlyList<OnnxDim>?[] Transpose(NodeProto node, OnnxShapes shapes)
    {
        if (shapes.Dims(node.InputAt(0)) is not { } x) return [null];
        var order = node.Ints("perm") is { Length: > 0 } perm ? perm : [.. Enumerable.Range(0, x.Count).Reverse().Select(i => (long)i)];
        return order.Length != x.Count || order.Any(i => i < 0 || i >= x.Count) ? [null] : [[.. order.Select(i => x[(int)i])]];
    }

    private static IReadOnlyList<OnnxDim>?[] Concat(NodeProto node, OnnxShapes shapes)
    {
        if (shapes.Dims(node.InputAt(0)) is not { } first || !TryAxis(node, first.Count, 0, out var axis)) return [null];
        var result = first.ToArray();
        foreach (var input in node.Input.Skip(1))
        {
            if (shapes.Dims(input) is not { } dims || dims.Count != first.Count) return [null];
            result[axis] = result[axis].Size is { } a && dims[axis].Size is { } b ? a + b : OnnxDim.Unknown;
        }

        return [result];
    }

    private static IReadOnlyList<OnnxDim>?[] Split(NodeProto node, OnnxShapes shapes)
    {
        if (shapes.Dims(node.InputAt(0)) is not { } x || !TryAxis(node, x.Count, 0, out var axis)) return [null];
        var parts = node.Ints("split") is { } old ? [.. old.Select(v => (OnnxDim)v)] : shapes.Contents(node.InputAt(1));
        var results = new IReadOnlyList<OnnxDim>?[node.Output.Count];
        for (var i = 0; i < results.Length; i++)
        {
            var dims = x.ToArray();
            var even = x[axis].Size is { } size && size % results.Length == 0 ? size / results.Length : OnnxDim.Unknown;
            dims[axis] = parts is null ? even : i < parts.Length ? parts[i] : OnnxDim.Unknown;
            results[i] = dims;
        }

        return results;
    }

    private static IReadOnlyList<OnnxDim>?[] Slice(NodeProto node, OnnxShapes shapes)
    {
        if (shapes.Dims(node.InputAt(0)) is not { } x) return [null];
        var starts = Numbers(node, "starts", 1, shapes);
        var ends = Numbers(node, "ends", 2, shapes);
        if (starts is null || ends is null || starts.Length != ends.Length) return [null];
        var axes = Numbers(node, "axes", 3, shapes) ?? [.. Enumerable.Range(0, starts.Length).Select(i => (long)i)];
        var steps = Numbers(node, "steps", 4, shapes) ?? [.. Enumerable.Repeat(1L, starts.Length)];
        if (axes.Length != starts.Length || steps.Length != starts.Length) return [null];
        var result = x.ToArray();
        for (var i = 0; i < axes.Length; i++)
        {
            var axis = axes[i] < 0 ? axes[i] + x.Count : axes[i];
            if (axis < 0 || axis >= x.Count || steps[i] == 0) return [null];
            result[axis] = x[(int)axis].Size is { } size ? SliceCount(size, starts[i], ends[i], steps[i]) : OnnxDim.Unknown;
        }

        return [result];
    }

    private static long SliceCount(long size, long start, long end, long step)
    {
        if (start < 0) start += size;
        if (end < 0 && end > long.MinValue / 2) end += size;
        if (step > 0)
        {
            start = Math.Clamp(start, 0, size);
            return Math.Max(0, (Math.Clamp(end, 0, size) - start + step - 1) / step);
        }

        start = Math.Clamp(start, 0, size - 1);
        return Math.Max(0, (start - Math.Clamp(end, -1, size - 1) - step - 1) / -step);
    }

    private static IReadOnlyList<OnnxDim>?[] Gather(NodeProto node, OnnxShapes shapes)
    {
        if (shapes.Dims(node.InputAt(0)) is not { } x || shapes.Dims(node.InputAt(1)) is not { } indices || !TryAxis(node, x.Count, 0, out var axis)) return [null];
        return [[.. x.Take(axis), .. indices, .. x.Skip(axis + 1)]];
    }

    private static IReadOnlyList<OnnxDim>?[] Pad(NodeProto node, OnnxShapes shapes)
    {
        if (shapes.Dims(node.InputAt(0)) is not { } x || Numbers(node, "pads", 1, shapes) is not { } pads) return [null];
        var axes = Numbers(node, "axes", 3, shapes) ?? [.. Enumerable.Range(0, x.Count).Select(i => (long)i)];
        if (pads.Length != 2 * axes.Length) return [null];
        var result = x.ToArray();
        for (var i = 0; i < axes.Length; i++)
        {
            var axis = axes[i] < 0 ? axes[i] + x.Count : axes[i];
            if (axis < 0 || axis >= x.Count) return [null];
            var added = pads[i] + pads[i + axes.Length];
            if (added != 0) result[axis] = x[(int)axis].Size is { } size ? size + added : OnnxDim.Unknown;
        }

        return [result];
    }

    private static IReadOnlyList<OnnxDim>?[] Resize(NodeProto node, OnnxShapes shapes)
    {
        if (shapes.Dims(node.InputAt(0)) is not { } x) return [null];
        if (node.InputAt(3) is { } sizes) return [shapes.Contents(sizes) is { } target && target.Length == x.Count ? target : null];
        // Upsample, the older name, has its scales as second input; Resize has a region of interest before them.
        var scales = node.InputAt(node.OpType == "Resize" && node.Input.Count > 2 ? 2 : 1);
        if (shapes.Model.Graph.Initializer.FirstOrDefault(t => t.Name == scales) is not { Dims: [> 0 and <= 8] } constant) return [null];
        var factors = OnnxTensorData.ReadFloats(constant);
        if (factors.Length != x.Count) return [null];
        return [[.. x.Select((dim, i) => factors[i] == 1 ? dim : dim.Size is { } size ? (long)Math.Floor((double)(size * factors[i])) : OnnxDim.Unknown)]];
    }

    private static IReadOnlyList<OnnxDim>?[] Expand(NodeProto node, OnnxShapes shapes) =>
        [Broadcast(shapes.Dims(node.InputAt(0)), shapes.Contents(node.InputAt(1)))];

    private static IReadOnlyList<OnnxDim>?[] DepthToSpace(NodeProto node, OnnxShapes shapes)
    {
        var block = node.Int("blocksize", 1);
        if (block < 1 || shapes.Dims(node.InputAt(0)) is not [var n, { Size: { } c }, { Size: { } h }, { Size: { } w }]) return [null];
        return [[n, c / (block * block), h * block, w * block]];
    }

    private static long[]? Numbers(NodeProto node, string attribute, int input, OnnxShapes shapes)
    {
        if (node.Ints(attribute) is { } old) return old;
        return shapes.Contents(node.InputAt(input)) is { } contents && Array.TrueForAll(contents, c => c.IsKnown)
            ? [.. contents.Select(c => c.Size!.Value)]
            : null;
    }

    private static bool TryAxis(NodeProto node, int rank, long otherwise, out int axis)
    {
        var given = node.Int("axis", otherwise);
        if (given < 0) given += rank;
        axis = (int)Math.Clamp(given, 0, Math.Max(0, rank - 1));
        return axis == given && rank > 0;
    }

    /// <summary>The product of axes: a size, the one symbol among ones, or unknown.</summary>
    private static OnnxDim Product(IEnumerable<OnnxDim> dims)
    {
        long known = 1;
        var free = new List<OnnxDim>();
        foreach (var dim in dims)
        {
            if (dim.Size is { } size) known = Sizes.Product(known, size);
            else free.Add(dim);
        }

        return free.Count == 0 ? known < 0 ? OnnxDim.Unknown : known
            : free.Count == 1 && known == 1 ? free[0]
            : OnnxDim.Unknown;
    }
}
