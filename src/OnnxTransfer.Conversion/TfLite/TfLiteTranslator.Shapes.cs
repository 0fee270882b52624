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
        long[] written = isNchw ? [0, target[3], 1, 1] : [0, .. target.Skip(1).Select(side => (long)side)];
        var input = x.SameInBothOrders ? x.Name : InOwnOrder(x);
        // A 0 copies the batch size, whatever it is when the model runs.
        var shape = Once($"shape_{string.Join("_", written)}", name => _graph.Constant(name, [written.Length], written));
        _graph.Node("Reshape", _names[op.Outputs[0]], [input, shape]);
        Write(op, target, isNchw);
    }

    private void Concatenation(TfLiteOperator op)
    {
        if (Array.Exists(op.Inputs, i => i < 0)) Throw.OperatorMalformed(_model.Source, op, "one of its inputs is missing");
        var parts = op.Inputs.Select(Read).ToList();
        if (parts.Count == 0) Throw.OperatorMalformed(_model.Source, op, "it joins nothing");
        var options = Options(op);
        var rank = parts[0].Rank;
        var axis = options.Int32(0) is var given && given < 0 ? given + rank : given;
        if (axis < 0 || axis >= rank || parts.Exists(p => p.Rank != rank || p.Shape.Where((side, i) => i != axis && side != parts[0].Shape[i]).Any()))
            Throw.OperatorMalformed(_model.Source, op, $"it joins {string.Join(" and ", parts.Select(p => $"[{string.Join(",", p.Shape)}]"))} along axis {axis}");
        if (axis == 0) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], "it joins along the batch");
        var isNchw = rank == 4 && parts.Exists(p => p.IsNchw);
        var shape = (int[])parts[0].Shape.Clone();
        shape[axis] = (int)Math.Min(int.MaxValue, parts.Sum(p => (long)p.Shape[axis]));
        var inputs = parts.Select(p => isNchw ? InNchw(p) : InOwnOrder(p)).ToList();
        Fused(op, (TfLiteActivation)options.UInt8(1), name => _graph.Node("Concat", name, inputs, ("axis", isNchw ? NchwAxis(axis) : axis)));
        Write(op, shape, isNchw);
    }

    private void Pad(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        var pads = Integers(op, 1, "paddings");
        if (pads.Length != 2 * x.Rank || Array.Exists(pads, p => p is < 0 or > TfLiteOptions.LargestSide)) Throw.OperatorMalformed(_model.Source, op, $"it pads [{string.Join(",", x.Shape)}] by {string.Join(",", pads)}");
        if (pads[0] != 0 || pads[1] != 0) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], "it pads the batch");
        // TFLite lists (before, after) by axis; ONNX all befores, then all afters.
        var written = new long[pads.Length];
        for (var axis = 0; axis < x.Rank; axis++)
        {
            var at = x.IsNchw ? NchwAxis(axis) : axis;
            written[at] = pads[2 * axis];
            written[at + x.Rank] = pads[(2 * axis) + 1];
        }

        var constant = Once($"pads_{string.Join("_", written)}", name => _graph.Constant(name, [written.Length], written));
        List<string> inputs = [x.Name, constant];
        if (_model.Operators.Any(o => o.Code == TfLiteOp.MaxPool2D && o.Inputs.Contains(op.Outputs[0]))) inputs.Add(Scalar(OnnxPadding.BeforeMaximum));
        _graph.Node("Pad", _names[op.Outputs[0]], inputs);
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
