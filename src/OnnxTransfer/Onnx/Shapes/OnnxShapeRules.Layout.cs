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
        add(SpaceToDepth, ["SpaceToDepth"]);
        add(Range, ["Range"]);
        add(TopK, ["TopK"]);
        add(Tile, ["Tile"]);
        add(Einsum, ["Einsum"]);
        add((node, shapes) => [shapes.Dims(node.InputAt(1))], ["GatherElements"]);
        add((_, _) => [[]], ["Size"]);
    }

    private static IReadOnlyList<OnnxDim>?[] Reshape(NodeProto node, OnnxShapes shapes)
    {
        var x = shapes.Dims(node.InputAt(0));
        OnnxDim[]? target = node.Ints("shape") is { } old ? [.. old.Select(v => (OnnxDim)v)] : Target(node.InputAt(1), shapes);
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
        // The same axis on both sides cancels even if nothing is known about it but its symbol.
        var left = x.Where(dim => dim.IsKnown || dim.Symbol is null || !others.Remove(dim)).ToList();
        return Product(left) / Product(others);
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
        // A free batch of one image would lose its axis too, but then its length stays right.
        return [x.All(d => d.IsKnown || d.Symbol is not null) ? [.. x.Where(d => d.Size != 1)] : null];
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
            var joined = result[axis] + dims[axis];
            for (var i = 0; i < result.Length; i++)
            {
                if (!result[i].IsKnown && dims[i].IsKnown) result[i] = dims[i];
            }

            result[axis] = joined;
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
        var starts = Values(node, "starts", 1, shapes);
        var ends = Values(node, "ends", 2, shapes);
        if (starts is null || ends is null || starts.Length != ends.Length) return [null];
        long[]? axes = node.Ints("axes") is not null || node.InputAt(3) is not null ? Numbers(node, "axes", 3, shapes) : [.. Enumerable.Range(0, starts.Length).Select(i => (long)i)];
        var steps = node.Ints("steps") is not null || node.InputAt(4) is not null ? Values(node, "steps", 4, shapes) : [.. Enumerable.Repeat((OnnxDim)1, starts.Length)];
        if (axes is null || steps is null || axes.Length != starts.Length || steps.Length != starts.Length) return [null];
        var result = x.ToArray();
        for (var i = 0; i < axes.Length; i++)
        {
            var axis = axes[i] < 0 ? axes[i] + x.Count : axes[i];
            if (axis < 0 || axis >= x.Count || steps[i].Size == 0) return [null];
            result[axis] = SliceCount(x[(int)axis], starts[i], ends[i], steps[i]);
        }

        return [result];
    }

    private static OnnxDim SliceCount(OnnxDim dim, OnnxDim start, OnnxDim end, OnnxDim step)
    {
        // The whole axis, whatever its size.
        if (start.Size == 0 && step.Size == 1 && (end.Size >= int.MaxValue || (end == dim && dim.Symbol is not null))) return dim;
        return dim.Size is { } size && start.Size is { } from && end.Size is { } to && step.Size is { } by ? SliceCount(size, from, to, by) : OnnxDim.Unknown;
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
        if (shapes.Dims(node.InputAt(0)) is not { } x) return [null];
        long[]? axes = node.InputAt(3) is null ? [.. Enumerable.Range(0, x.Count).Select(i => (long)i)] : Numbers(node, "axes", 3, shapes);
        // The number of axes stays, whatever is added to them.
        if (axes is null || Values(node, "pads", 1, shapes) is not { } pads || pads.Length != 2 * axes.Length) return [[.. x.Select(_ => OnnxDim.Unknown)]];
        var result = x.ToArray();
        for (var i = 0; i < axes.Length; i++)
        {
            var axis = axes[i] < 0 ? axes[i] + x.Count : axes[i];
            if (axis < 0 || axis >= x.Count) return [null];
            var added = pads[i] + pads[i + axes.Length];
            result[axis] = x[(int)axis] + added;
        }

        return [result];
    }

    private static IReadOnlyList<OnnxDim>?[] Resize(NodeProto node, OnnxShapes shapes)
    {
        if (shapes.Dims(node.InputAt(0)) is not { } x) return [null];
        if (node.InputAt(3) is { } sizes) return [Target(sizes, shapes) is { } target && target.Length == x.Count ? target : null];
        // Upsample, the older name, has its scales as second input; Resize has a region of interest before them.
        var scales = node.InputAt(node.OpType == "Resize" && node.Input.Count > 2 ? 2 : 1);
        var factors = node.Attribute.FirstOrDefault(a => a.Name == "scales") is { } old ? [.. old.Floats]
            : shapes.Constant(scales) is { Dims: [> 0 and <= 8] } constant ? OnnxTensorData.ReadFloats(constant) : null;
        if (factors?.Length != x.Count) return [[.. x.Select(_ => OnnxDim.Unknown)]];
        return [[.. x.Select((dim, i) => factors[i] == 1 ? dim : dim.Size is { } size ? (long)Math.Floor((double)(size * factors[i])) : OnnxDim.Unknown)]];
    }

    private static IReadOnlyList<OnnxDim>?[] Expand(NodeProto node, OnnxShapes shapes) =>
        [Broadcast(shapes.Dims(node.InputAt(0)), Target(node.InputAt(1), shapes))];

    private static IReadOnlyList<OnnxDim>?[] Range(NodeProto node, OnnxShapes shapes)
    {
        var (start, limit, delta) = (Single(0), Single(1), Single(2));
        return [[start is { } from && limit is { } to && delta is { } step and not 0 ? (long)Math.Max(0, Math.Ceiling((to - from) / step)) : OnnxDim.Unknown]];

        double? Single(int input) => shapes.Contents(node.InputAt(input)) is [{ Size: { } size }] ? size
            : shapes.Constant(node.InputAt(input)) is { DataType: (int)OnnxElementType.Float32 or (int)OnnxElementType.Float64 } constant && constant.Dims.All(dim => dim == 1)
                ? OnnxTensorData.ReadFloats(constant)[0] : null;
    }

    private static IReadOnlyList<OnnxDim>?[] TopK(NodeProto node, OnnxShapes shapes)
    {
        if (shapes.Dims(node.InputAt(0)) is not { } x || !TryAxis(node, x.Count, -1, out var axis)) return [null];
        var result = x.ToArray();
        result[axis] = node.IntOrNull("k") is { } old ? old : shapes.Contents(node.InputAt(1)) is [var k] ? k : OnnxDim.Unknown;
        return [result, result];
    }

    private static IReadOnlyList<OnnxDim>?[] Tile(NodeProto node, OnnxShapes shapes) =>
        [shapes.Dims(node.InputAt(0)) is { } x ? Target(node.InputAt(1), shapes) is { } times && times.Length == x.Count ? [.. x.Zip(times, (a, b) => a * b)] : [.. x.Select(_ => OnnxDim.Unknown)] : null];

    /// <summary>Sums of products in Einstein's notation, without an ellipsis.</summary>
    private static IReadOnlyList<OnnxDim>?[] Einsum(NodeProto node, OnnxShapes shapes)
    {
        var text = node.Text("equation", "").Replace(" ", "", StringComparison.Ordinal);
        if (text.Contains('.', StringComparison.Ordinal) || text.Split("->") is not [var left, var right]) return [null];
        var sizes = new Dictionary<char, OnnxDim>();
        foreach (var (letters, i) in left.Split(',').Select((letters, i) => (letters, i)))
        {
            if (shapes.Dims(node.InputAt(i)) is not { } dims || dims.Count != letters.Length) return [null];
            for (var axis = 0; axis < dims.Count; axis++)
            {
                if (!sizes.TryGetValue(letters[axis], out var known) || known == OnnxDim.Unknown || known.Size == 1) sizes[letters[axis]] = dims[axis];
            }
        }

        return [right.All(sizes.ContainsKey) ? [.. right.Select(letter => sizes[letter])] : null];
    }

    private static IReadOnlyList<OnnxDim>?[] SpaceToDepth(NodeProto node, OnnxShapes shapes)
    {
        var block = node.Int("blocksize", 1);
        if (block < 1 || shapes.Dims(node.InputAt(0)) is not [var n, { Size: { } c }, { Size: { } h }, { Size: { } w }]) return [null];
        return [[n, c * block * block, h / block, w / block]];
    }

    private static IReadOnlyList<OnnxDim>?[] DepthToSpace(NodeProto node, OnnxShapes shapes)
    {
        var block = node.Int("blocksize", 1);
        if (block < 1 || shapes.Dims(node.InputAt(0)) is not [var n, { Size: { } c }, { Size: { } h }, { Size: { } w }]) return [null];
        return [[n, c / (block * block), h * block, w * block]];
    }

    private static long[]? Numbers(NodeProto node, string attribute, int input, OnnxShapes shapes) =>
        Values(node, attribute, input, shapes) is { } contents && contents.All(c => c.IsKnown) ? [.. contents.Select(c => c.Size!.Value)] : null;

    /// <summary>Numbers that older operator sets have as an attribute and newer ones as an input; null if not even their count is known.</summary>
    private static OnnxDim[]? Values(NodeProto node, string attribute, int input, OnnxShapes shapes) =>
        node.Ints(attribute) is { } old ? [.. old.Select(value => (OnnxDim)value)] : Target(node.InputAt(input), shapes);

    private static bool TryAxis(NodeProto node, int rank, long otherwise, out int axis)
    {
        var given = node.Int("axis", otherwise);
        if (given < 0) given += rank;
        axis = (int)Math.Clamp(given, 0, Math.Max(0, rank - 1));
        return axis == given && rank > 0;
    }

    /// <summary>The product of axes: a size, a multiple of the one symbol, or unknown.</summary>
    private static OnnxDim Product(IEnumerable<OnnxDim> dims)
    {
        var product = dims.Aggregate((OnnxDim)1, (all, dim) => all * dim);
        // More elements than any tensor has are a damaged file's.
        return product.Size is < 0 or > 1L << 48 ? OnnxDim.Unknown : product;
    }
}
