using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Onnx.Editing;

/// <summary>
/// Frees the batch axis of a graph. It follows the axis through every node that reads the images, rewrites the constants that repeat the
/// old size, and refuses a node that mixes images.
/// </summary>
/// <param name="model">The graph, whose input axis is free already; changed in place.</param>
/// <param name="size">The old size of the batch.</param>
internal sealed class OnnxBatchAxis(OnnxModel model, long size)
{
    /// <summary>The symbol of the free axis.</summary>
    internal const string Symbol = "N";

    private readonly List<NodeProto> _nodes = [];
    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);

    /// <summary>The batch on an axis of <c>Outer * N * Inner</c> elements, in this order.</summary>
    private readonly record struct Place(int Axis, long Outer = 1, long Inner = 1);

    /// <summary>Whether a constant had to be rewritten.</summary>
    internal bool Changed { get; private set; }

    /// <summary>Whether a node was found that computes across the images.</summary>
    internal bool MixesImages { get; private set; }

    /// <summary>Frees the batch.</summary>
    /// <exception cref="NotSupportedException">A node mixes the images or fixes their number; it is named.</exception>
    /// <exception cref="InvalidDataException">A node mixes the images of a batch of several, so that no image has features of its own.</exception>
    internal void Free(OnnxImageInput image)
    {
        var shapes = OnnxShapes.Begin(model, image.Sizes(model));
        _places[image.Tensor] = new Place(0);
        foreach (var node in model.Graph.Node)
        {
            var readsImages = node.Input.Any(_places.ContainsKey);
            if (readsImages && node.OpType == "Reshape" && node.IsStandard()) RewriteReshape(node, shapes);
            if (readsImages && node.OpType == "Concat" && node.IsStandard()) RepeatConstants(node, shapes);
            Add(node, shapes);
            foreach (var output in node.Output.Where(output => readsImages && output.Length > 0))
            {
                if (PlaceOf(node, output, shapes) is { } place) _places[output] = place;
            }
        }

        model.Graph.Node.Clear();
        model.Graph.Node.AddRange(_nodes);
    }

    private void Add(NodeProto node, OnnxShapes shapes)
    {
        _nodes.Add(node);
        shapes.Visit(node);
    }

    /// <summary>A target of constants that repeats the old size: the batch becomes the number that is left over.</summary>
    private void RewriteReshape(NodeProto node, OnnxShapes shapes)
    {
        if (node.Input.Count != 2 || !_places.TryGetValue(node.Input[0], out var place) || shapes.Dims(node.Input[0]) is not { } x) return;
        if (shapes.Contents(node.Input[1]) is not { Length: > 0 } contents || Array.Exists(contents, dim => !dim.IsKnown)) return;
        var target = contents.Select(dim => dim.Size!.Value).ToArray();
        var copies = node.Int("allowzero", 0) == 0;
        for (var i = 0; copies && i < target.Length; i++)
        {
            if (target[i] != 0 || i >= x.Count) continue;
            if (i == place.Axis && x[i].Symbol == Symbol) target[i] = size * x[i].Factor;
            else if (x[i].Size is { } same) target[i] = same;
            else return;
        }

        var written = contents.Select(dim => dim.Size!.Value).ToArray();
        if (Sizes.Product(x.Take(place.Axis)) * place.Outer is not { } before || Sizes.Product(x.Skip(place.Axis + 1)) * place.Inner is not { } after)
        {
            // Sizes are free: only a target that begins with the batch and leaves another number open can be read.
            if (place != new Place(0) || written[0] != size || !written.Contains(-1)) return;
            Write(node, shapes, [0, .. written.Skip(1)]);
            return;
        }

        var open = Array.IndexOf(target, -1);
        var others = target.Where((_, i) => i != open).Aggregate(1L, Sizes.Product);
        var all = Sizes.Product(Sizes.Product(before, size), after);
        if (others <= 0 || all < 0 || (open < 0 ? others != all : all % others != 0)) return;
        if (open >= 0) target[open] = all / others;

        var axes = Enumerable.Range(0, target.Length).Where(axis => Split(target, axis, before, after) is not null).ToList();
        if (axes.Count == 0) return;
        var axis = axes.FindIndex(one => Split(target, one, before, after) == (1, 1)) is >= 0 and var whole ? axes[whole] : axes[0];
        // The file's own -1 or 0 follows the batch already.
        if (axis == open || (copies && written[axis] == 0)) return;
        var copied = copies && axis < x.Count && axis == place.Axis && x[axis] == OnnxDim.Named(Symbol) && Split(target, axis, before, after) == (1, 1);
        var result = copied ? written : target;
        result[axis] = copied ? 0 : -1;
        Write(node, shapes, result);
    }

    /// <summary>What stands before and behind the images within an axis of a target, if the elements of each image stay together there.</summary>
    private (long Outer, long Inner)? Split(long[] target, int axis, long before, long after)
    {
        var (left, right) = (target.Take(axis).Aggregate(1L, Sizes.Product), target.Skip(axis + 1).Aggregate(1L, Sizes.Product));
        if (left <= 0 || right <= 0 || before % left != 0 || after % right != 0) return null;
        var (outer, inner) = (before / left, after / right);
        return Sizes.Product(Sizes.Product(outer, size), inner) == target[axis] ? (outer, inner) : null;
    }

    private void Write(NodeProto node, OnnxShapes shapes, long[] target)
    {
        node.Input[1] = Constant(node.Input[1] + "/batch", shapes, target);
        Changed = true;
    }

    private string Constant(string wanted, OnnxShapes shapes, params long[] values)
    {
        var constant = OnnxTensorData.Make(OnnxGraphEditor.FreeName(model, wanted), [values.Length], values);
        model.Graph.Initializer.Add(constant);
        shapes.SetConstant(constant.Name, constant);
        return constant.Name;
    }

    /// <summary>Repeats what is joined to each image, such as a class token that the exporter wrote out for the old size.</summary>
    private void RepeatConstants(NodeProto node, OnnxShapes shapes)
    {
        var images = node.Input.First(_places.ContainsKey);
        if (_places[images] is not { Outer: 1, Inner: 1 } place || shapes.Dims(images) is not { } dims) return;
        var joined = node.Int("axis", 0);
        if ((joined < 0 ? joined + dims.Count : joined) == place.Axis) return;
        for (var i = 0; i < node.Input.Count; i++)
        {
            if (_places.ContainsKey(node.Input[i]) || shapes.Dims(node.Input[i]) is not { } own || own.Count != dims.Count || own[place.Axis].Size != 1 || size != 1) continue;
            var wanted = node.Input[i] + "/repeated";
            var (shape, batch, target, repeated) = (Free("/shape"), Free("/size"), Free("/target"), Free(""));
            Add(OnnxGraphEditor.MakeNode(model, "Shape", [images], shape), shapes);
            Add(OnnxGraphEditor.MakeNode(model, "Gather", [shape, Constant(wanted + "/axis", shapes, place.Axis)], batch), shapes);
            string[] parts = [Constant(wanted + "/before", shapes, [.. Enumerable.Repeat(1L, place.Axis)]), batch, Constant(wanted + "/after", shapes, [.. Enumerable.Repeat(1L, dims.Count - place.Axis - 1)])];
            Add(OnnxGraphEditor.MakeNode(model, "Concat", parts, target, ("axis", 0)), shapes);
            Add(OnnxGraphEditor.MakeNode(model, "Expand", [node.Input[i], target], repeated), shapes);
            node.Input[i] = repeated;
            Changed = true;

            string Free(string end) => OnnxGraphEditor.FreeName(model, $"{wanted}{end}{_nodes.Count}");
        }
    }

    /// <summary>Where the batch is in what a node computes; null for integers, which are shapes on their way to a Reshape.</summary>
    private Place? PlaceOf(NodeProto node, string output, OnnxShapes shapes)
    {
        if (shapes[output].ElementType is OnnxElementType.Int64 or OnnxElementType.Bool) return null;
        if (shapes.WhyUnknown(output) is { } why)
        {
            Throw.OnnxBatchFixed(model.Source, node.OpType, node.Name, output, why);
        }

        var dims = shapes.Dims(output)!;
        // The scale of numbers that are quantized while the network runs is one for all images.
        if (dims.Count == 0 && node.OpType == "DynamicQuantizeLinear") return null;
        var axes = Enumerable.Range(0, dims.Count).Where(axis => dims[axis].Symbol == Symbol).ToList();
        if (axes.Count != 1)
        {
            // All sizes are known and none is the batch: the images were reduced to one value.
            MixesImages = axes.Count == 0 && node.OpType != "Reshape" && dims.All(dim => dim.IsKnown);
            if (MixesImages && size > 1) Throw.OnnxBatchMixed(model.Source, node.OpType, node.Name, size);
            Throw.OnnxBatchFixed(model.Source, node.OpType, node.Name, output,
                $"its shape becomes {shapes[output].ShapeText}, which {(axes.Count == 0 ? "does not have the batch" : "has the batch twice")}");
        }

        var factor = dims[axes[0]].Factor;
        var inputs = node.Input.Where(_places.ContainsKey).Select(input => (Dims: shapes.Dims(input)!, Place: _places[input])).ToList();
        MixesImages = Mixes(node, inputs[0].Place, inputs[0].Dims.Count);
        if (MixesImages && size > 1) Throw.OnnxBatchMixed(model.Source, node.OpType, node.Name, size);
        if (!MixesImages && Moved(node, dims, axes[0], factor, inputs) is { } place) return place;
        Throw.OnnxBatchFixed(model.Source, node.OpType, node.Name, output, "it mixes the images of a batch");
        return null;
    }

    private static Place? Moved(NodeProto node, IReadOnlyList<OnnxDim> dims, int axis, long factor, List<(IReadOnlyList<OnnxDim> Dims, Place Place)> inputs)
    {
        var (x, place) = inputs[0];
        switch (node.OpType)
        {
            case "Reshape" or "Flatten":
                // The elements keep their order: those before the images and those behind them are as many as they were.
                if (Sizes.Product(x.Take(place.Axis)) * place.Outer is not { } before || Sizes.Product(dims.Take(axis)) is not { } left)
                    return place == new Place(0) && axis == 0 && factor == 1 ? place : null;
                return left > 0 && before % left == 0 && factor % (before / left) == 0 ? new Place(axis, before / left, factor / (before / left)) : null;
            case "Transpose":
                var turned = node.Ints("perm") is { Length: > 0 } order ? Array.IndexOf(order, place.Axis) : x.Count - 1 - place.Axis;
                return turned == axis ? place with { Axis = axis } : null;
            case "Concat" when factor != place.Outer * place.Inner:
                return inputs.TrueForAll(input => input.Place == new Place(axis)) && factor == inputs.Count ? new Place(axis, factor) : null;
            default:
                return inputs.TrueForAll(input => (input.Place.Outer, input.Place.Inner) == (place.Outer, place.Inner)) && factor == place.Outer * place.Inner
                    ? place with { Axis = axis }
                    : null;
        }
    }

    /// <summary>Whether an operator that keeps the shape computes across the images.</summary>
    private bool Mixes(NodeProto node, Place place, int rank)
    {
        long At(string attribute, long otherwise) => node.Int(attribute, otherwise) is var axis && axis < 0 ? axis + rank : axis;
        return node.OpType switch
        {
            "Softmax" or "LogSoftmax" or "Hardmax" when model.Opset < 13 => At("axis", 1) <= place.Axis,
            "Softmax" or "LogSoftmax" or "Hardmax" or "LpNormalization" or "TopK" => At("axis", -1) == place.Axis,
            "LayerNormalization" or "RMSNormalization" => At("axis", -1) <= place.Axis,
            "CumSum" or "MeanVarianceNormalization" or "ScatterND" or "ScatterElements" or "If" or "Loop" or "Scan" => true,
            "Conv" or "ConvTranspose" or "QLinearConv" or "ConvInteger" or "BatchNormalization" or "InstanceNormalization" or "GroupNormalization" or "LRN"
                or "MaxPool" or "AveragePool" or "GlobalAveragePool" or "GlobalMaxPool" => place.Axis != 0,
            _ => false,
        };
    }
}
