using OnnxTransfer.Onnx.Editing;

namespace OnnxTransfer.Conversion.TfLite;

/// <summary>Operators that move, join and resize.</summary>
internal sealed partial class TfLiteTranslator
{
    private void Reshape(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        int[] target;
        if (op.Inputs.Length > 1 && op.Inputs[1] >= 0) target = Integers(op, 1, "target sizes");
        else if (op.Options?.Ints(0) is { Length: > 0 } stated) target = stated;
        else target = _model.Tensors[op.Outputs[0]].Shape;
        WriteReshape(op, x, Completed(op, x, target));
    }

    private void Squeeze(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        var axes = op.Options is { } options ? options.Ints(0).Select(a => a < 0 ? a + x.Rank : a).ToHashSet() : [];
        if (axes.Any(a => a < 0 || a >= x.Rank || x.Shape[a] != 1)) Throw.OperatorMalformed(_model.Source, op, $"it squeezes axes {string.Join(",", axes)} of [{string.Join(",", x.Shape)}]");
        // Without a list every axis of size one goes, except here the batch, which must stay free.
        WriteReshape(op, x, [.. x.Shape.Where((side, i) => axes.Count > 0 ? !axes.Contains(i) : i == 0 || side != 1)]);
    }

    private void ExpandDims(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        var axis = Axis(op, Integers(op, 1, "axis"), x.Rank + 1);
        if (axis == 0) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], "its new axis stands before the batch");
        WriteReshape(op, x, [.. x.Shape.Take(axis), 1, .. x.Shape.Skip(axis)]);
    }

    /// <summary>A target shape with its -1 filled in.</summary>
    private int[] Completed(TfLiteOperator op, Activation x, int[] target)
    {
        var count = x.Shape.Aggregate(1L, (product, side) => product * side);
        var stated = target.Where(side => side != -1).Aggregate(1L, (product, side) => side < 1 || product > int.MaxValue ? -1 : product * side);
        var open = target.Count(side => side == -1);
        if (stated < 1 || open > 1 || count % stated != 0 || (open == 0 && count != stated))
            Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], $"[{string.Join(",", x.Shape)}] at this input size does not become [{string.Join(",", target)}]");
        return [.. target.Select(side => side == -1 ? (int)(count / stated) : side)];
    }

    private void WriteReshape(TfLiteOperator op, Activation x, int[] target)
    {
        var output = _names[op.Outputs[0]];
        if (target.Length == 0 || target[0] != x.Shape[0]) Throw.OperatorUnsupported(_model.Source, op, output, $"it takes [{string.Join(",", x.Shape)}] to [{string.Join(",", target)}], which does not keep the batch axis first");
        // With one pixel an image is in both orders at once, and the next convolution wants [N,C,1,1].
        var isNchw = target is [_, 1, 1, _];
        var input = x.SameInBothOrders ? x.Name : InOwnOrder(x);
        _graph.Node("Reshape", output, [input, ShapeConstant(isNchw ? [target[0], target[3], 1, 1] : target)]);
        Write(op, target, isNchw);
    }

    private void Transpose(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        var order = Integers(op, 1, "axes").Select(a => a < 0 ? a + x.Rank : a).ToArray();
        if (!order.Order().SequenceEqual(Enumerable.Range(0, x.Rank))) Throw.OperatorMalformed(_model.Source, op, $"it orders {x.Rank} axes as {string.Join(",", order)}");
        if (x.Rank == 0 || order[0] != 0) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], $"it moves the batch axis: {string.Join(",", order)}");
        // Where the tensor stands in ONNX's order, both moves become one, and often none.
        int[] from = x.IsNchw ? [.. order.Select(NchwAxis)] : order;
        WriteTransposed(_names[op.Outputs[0]], x.Name, from);
        Write(op, [.. order.Select(axis => x.Shape[axis])], isNchw: false);
    }

    private void WriteTransposed(string output, string input, int[] order)
    {
        if (order.SequenceEqual(Enumerable.Range(0, order.Length))) _graph.Node("Identity", output, [input]);
        else _graph.Node("Transpose", output, [input], ("perm", order));
    }

    private void Tile(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        var times = Integers(op, 1, "multiples");
        if (times.Length != x.Rank || Array.Exists(times, t => t is < 1 or > TfLiteOptions.LargestSide)) Throw.OperatorMalformed(_model.Source, op, $"it repeats [{string.Join(",", x.Shape)}] {string.Join(",", times)} times");
        if (times[0] != 1) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], "it repeats the batch");
        _graph.Node("Tile", _names[op.Outputs[0]], [InOwnOrder(x), Longs("repeats", [.. times.Select(t => (long)t)])]);
        Write(op, [.. x.Shape.Select((side, i) => Capped((long)side * times[i]))], isNchw: false);
    }

    private static int Capped(long side) => (int)Math.Min(int.MaxValue, side);

    private void BroadcastTo(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        var target = Integers(op, 1, "sizes");
        if (target.Length != x.Rank || target.Where((side, i) => side < 1 || (x.Shape[i] != side && x.Shape[i] != 1)).Any()) Throw.OperatorMalformed(_model.Source, op, $"it spreads [{string.Join(",", x.Shape)}] over [{string.Join(",", target)}]");
        if (target[0] != x.Shape[0]) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], "it repeats the batch");
        // Expand by a 1 leaves the number of images as it is.
        _graph.Node("Expand", _names[op.Outputs[0]], [InOwnOrder(x), Longs("sizes", [1, .. target.Skip(1).Select(side => (long)side)])]);
        Write(op, target, isNchw: false);
    }

    /// <summary>
    /// Cuts an image into every b-th pixel, each cut as an image of its own in the batch. The number of images stays free: the batch of
    /// the result is b x b times that of the input, in TFLite's order with the cuts outermost.
    /// </summary>
    private void SpaceToBatch(TfLiteOperator op)
    {
        var x = ReadRank4(op, Input(op, 0));
        if ((Integers(op, 1, "block sizes"), Integers(op, 2, "paddings")) is not ([> 0 and <= TfLiteOptions.LargestSide and var v, > 0 and <= TfLiteOptions.LargestSide and var h], [var top, var bottom, var left, var right])
            || new[] { top, bottom, left, right }.Any(p => p is < 0 or > TfLiteOptions.LargestSide))
        {
            Throw.OperatorMalformed(_model.Source, op, "its blocks and paddings are not those of two axes");
            return;
        }

        var (height, width) = (x.Shape[1] + top + bottom, x.Shape[2] + left + right);
        if (height % v != 0 || width % h != 0) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], $"at this input size {height}x{width} is not a multiple of {v}x{h}");
        var output = _names[op.Outputs[0]];
        var (c, rows, columns) = (x.Shape[3], height / v, width / h);
        var padded = top + bottom + left + right == 0 ? InNchw(x) : _graph.Node("Pad", _names.Fresh(output + "/padded"), [InNchw(x), Longs("pads", [0, 0, top, left, 0, 0, bottom, right])]);
        var cut = _graph.Node("Reshape", _names.Fresh(output + "/cut"), [padded, Longs("shape", [-1, c, rows, v, columns, h])]);
        // [N,C,rows,v,columns,h] -> [v,h,N,C,rows,columns]
        var apart = _graph.Node("Transpose", _names.Fresh(output + "/apart"), [cut], ("perm", new[] { 3, 5, 0, 1, 2, 4 }));
        _graph.Node("Reshape", output, [apart, Longs("shape", [-1, c, rows, columns])]);
        Write(op, [Capped((long)x.Shape[0] * v * h), rows, columns, c], isNchw: true);
    }

    private void BatchToSpace(TfLiteOperator op)
    {
        var x = ReadRank4(op, Input(op, 0));
        if ((Integers(op, 1, "block sizes"), Integers(op, 2, "crops")) is not ([> 0 and <= TfLiteOptions.LargestSide and var v, > 0 and <= TfLiteOptions.LargestSide and var h], [var top, var bottom, var left, var right])
            || new[] { top, bottom, left, right }.Any(p => p is < 0 or > TfLiteOptions.LargestSide))
        {
            Throw.OperatorMalformed(_model.Source, op, "its blocks and crops are not those of two axes");
            return;
        }

        var output = _names[op.Outputs[0]];
        var (c, rows, columns) = (x.Shape[3], x.Shape[1], x.Shape[2]);
        if (x.Shape[0] % (v * h) != 0) Throw.OperatorUnsupported(_model.Source, op, output, $"its batch of {x.Shape[0]} is not a multiple of {v}x{h}: no SPACE_TO_BATCH_ND stands before it");
        var (height, width) = (Capped(((long)rows * v) - top - bottom), Capped(((long)columns * h) - left - right));
        var apart = _graph.Node("Reshape", _names.Fresh(output + "/apart"), [InNchw(x), Longs("shape", [v, h, -1, c, rows, columns])]);
        // [v,h,N,C,rows,columns] -> [N,C,rows,v,columns,h]
        var woven = _graph.Node("Transpose", _names.Fresh(output + "/woven"), [apart], ("perm", new[] { 2, 3, 4, 0, 5, 1 }));
        var crops = top + bottom + left + right > 0;
        var whole = _graph.Node("Reshape", crops ? _names.Fresh(output + "/whole") : output, [woven, Longs("shape", [-1, c, (long)rows * v, (long)columns * h])]);
        if (crops) _graph.Node("Slice", output, [whole, Longs("starts", [top, left]), Longs("ends", [(long)top + height, (long)left + width]), Longs("axes", [2, 3])]);
        Write(op, [x.Shape[0] / (v * h), height, width, c], isNchw: true);
    }

    /// <summary>Moves between channels and pixels. Both formats count the channels of a block as (row, column, channel).</summary>
    private void DepthToSpace(TfLiteOperator op)
    {
        var x = ReadRank4(op, Input(op, 0));
        var block = Options(op).Int32(0);
        if (block is < 1 or > TfLiteOptions.LargestSide || x.Shape[3] % (block * (long)block) != 0) Throw.OperatorMalformed(_model.Source, op, $"its block is {block} for {x.Shape[3]} channels");
        _graph.Node("DepthToSpace", _names[op.Outputs[0]], [InNchw(x)], ("blocksize", block), ("mode", "DCR"));
        Write(op, [x.Shape[0], Capped((long)x.Shape[1] * block), Capped((long)x.Shape[2] * block), x.Shape[3] / (block * block)], isNchw: true);
    }

    private void SpaceToDepth(TfLiteOperator op)
    {
        var x = ReadRank4(op, Input(op, 0));
        var block = Options(op).Int32(0);
        if (block is < 1 or > TfLiteOptions.LargestSide || x.Shape[1] % block != 0 || x.Shape[2] % block != 0) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], $"at this input size {x.Shape[1]}x{x.Shape[2]} is not a multiple of {block}");
        _graph.Node("SpaceToDepth", _names[op.Outputs[0]], [InNchw(x)], ("blocksize", block));
        Write(op, [x.Shape[0], x.Shape[1] / block, x.Shape[2] / block, Capped((long)x.Shape[3] * block * block)], isNchw: true);
    }

    /// <param name="op">The operator.</param>
    /// <param name="mode">ONNX's name for what stands in the padding.</param>
    private void Pad(TfLiteOperator op, string mode)
    {
        var x = Read(Input(op, 0));
        var pads = Integers(op, 1, "paddings");
        if (pads.Length != 2 * x.Rank || Array.Exists(pads, p => p is < 0 or > TfLiteOptions.LargestSide)) Throw.OperatorMalformed(_model.Source, op, $"it pads [{string.Join(",", x.Shape)}] by {string.Join(",", pads)}");
        if (pads[0] != 0 || pads[1] != 0) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], "it pads the batch");
        if (mode == "reflect" && Options(op).UInt8(0) != 0) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], "it mirrors the pixel at the border as well (SYMMETRIC)");
        if (mode == "reflect" && pads.Where((p, i) => p >= x.Shape[i / 2]).Any()) Throw.OperatorMalformed(_model.Source, op, $"it mirrors {string.Join(",", pads)} pixels of [{string.Join(",", x.Shape)}]");
        // TFLite lists (before, after) by axis; ONNX all befores, then all afters.
        var written = new long[pads.Length];
        for (var axis = 0; axis < x.Rank; axis++)
        {
            var at = x.IsNchw ? NchwAxis(axis) : axis;
            written[at] = pads[2 * axis];
            written[at + x.Rank] = pads[(2 * axis) + 1];
        }

        List<string> inputs = [x.Name, Longs("pads", written)];
        if (mode == "constant")
        {
            if ((op.Code == TfLiteOp.PadV2 ? Floats(op, RequiredConstant(op, 2, "padding values")) : [0f]) is not [var value]) { Throw.OperatorMalformed(_model.Source, op, "its padding value is not one number"); return; }
            var feedsMaximum = _model.Operators.Any(o => o.Code == TfLiteOp.MaxPool2D && o.Inputs.Contains(op.Outputs[0]));
            if (value != 0 || feedsMaximum) inputs.Add(Scalar(value == 0 ? OnnxPadding.BeforeMaximum : value));
        }

        _graph.Node("Pad", _names[op.Outputs[0]], inputs, ("mode", mode));
        Write(op, [.. x.Shape.Select((side, i) => side + pads[2 * i] + pads[(2 * i) + 1])], x.IsNchw);
    }

    private void Resize(TfLiteOperator op, string mode)
    {
        var x = ReadRank4(op, Input(op, 0));
        if (Integers(op, 1, "sizes") is not [> 0 and <= TfLiteOptions.LargestSide and var height, > 0 and <= TfLiteOptions.LargestSide and var width])
        {
            Throw.OperatorMalformed(_model.Source, op, "its size is not a height and a width");
            return;
        }

        // The bilinear options begin with two fields that are no longer used.
        var first = mode == "linear" ? 2 : 0;
        var (corners, centers) = (op.Options?.Bool(first) ?? false, op.Options?.Bool(first + 1) ?? false);
        float[] scales = [1, 1, Scale(x.Shape[1], height), Scale(x.Shape[2], width)];
        var constant = Once($"scales_{string.Join("_", scales)}", name => _graph.Constant(name, [4], scales));
        _graph.Node(
            "Resize",
            _names[op.Outputs[0]],
            [InNchw(x), "", constant],
            ("mode", mode),
            ("coordinate_transformation_mode", corners ? "align_corners" : centers ? "half_pixel" : "asymmetric"),
            // TFLite rounds a center or corner to the nearest pixel, but a plain product down.
            ("nearest_mode", corners || centers ? "round_prefer_ceil" : "floor"));
        Write(op, [x.Shape[0], height, width, x.Shape[3]], isNchw: true);
    }

    /// <summary>The ratio of sides, as the smallest float32 from which the runtime's floor(from * scale) gives the wanted side again.</summary>
    private static float Scale(int from, int to)
    {
        var scale = (float)((double)to / from);
        while ((int)MathF.Floor(from * scale) < to) scale = MathF.BitIncrement(scale);
        return scale;
    }
}
