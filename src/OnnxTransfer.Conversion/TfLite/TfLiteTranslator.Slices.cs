namespace OnnxTransfer.Conversion.TfLite;

/// <summary>Operators that take parts of a tensor or put tensors beside each other.</summary>
internal sealed partial class TfLiteTranslator
{
    /// <summary>A run of positions along one axis, or a single one whose axis goes.</summary>
    private readonly record struct AxisSlice(int From, int Count, int Step, bool Drops)
    {
        public bool TakesAll(int side) => From == 0 && Count == side && Step == 1 && !Drops;
    }

    /// <summary>The slices that begin, end, strides and masks stand for; null for the masks that add axes or leave some open.</summary>
    private static AxisSlice[]? SliceBounds(TfLiteOperator op, int[] shape, double[] begin, double[] end, double[] strides)
    {
        var options = op.Options;
        int Mask(int slot) => options?.Int32(slot) ?? 0;
        if (begin.Length != end.Length || begin.Length != strides.Length || begin.Length > shape.Length || Mask(2) != 0 || Mask(3) != 0 || options?.Bool(5) == true) return null;
        var slices = new AxisSlice[shape.Length];
        for (var axis = 0; axis < shape.Length; axis++)
        {
            var side = shape[axis];
            slices[axis] = new AxisSlice(0, side, 1, false);
            if (axis >= begin.Length) continue;
            var step = (int)strides[axis];
            bool Set(int slot) => (Mask(slot) & (1 << axis)) != 0;
            if (step == 0) return null;
            int Clamped(double value, int least, int most) => (int)Math.Clamp(value < 0 ? value + side : value, least, most);
            if (Set(4))
            {
                var at = Set(0) ? 0 : begin[axis] < 0 ? begin[axis] + side : begin[axis];
                if (at < 0 || at >= side) return null;
                slices[axis] = new AxisSlice((int)at, 1, 1, true);
                continue;
            }

            var from = Set(0) ? (step > 0 ? 0 : side - 1) : step > 0 ? Clamped(begin[axis], 0, side) : Clamped(begin[axis], -1, side - 1);
            var to = Set(1) ? (step > 0 ? side : -1) : step > 0 ? Clamped(end[axis], 0, side) : Clamped(end[axis], -1, side - 1);
            slices[axis] = new AxisSlice(from, (int)Math.Max(0, Math.Ceiling((to - from) / (double)step)), step, false);
        }

        return slices;
    }

    private void StridedSlice(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        double[] Bounds(int input, string role) => [.. Integers(op, input, role).Select(v => (double)v)];
        var slices = SliceBounds(op, x.Shape, Bounds(1, "begins"), Bounds(2, "ends"), Bounds(3, "strides"));
        if (slices is null) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], "it adds axes, leaves axes open, or takes what lies outside of its input");
        WriteSlice(op, 0, x, slices);
    }

    private void Slice(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        var (begin, size) = (Integers(op, 1, "begins"), Integers(op, 2, "sizes"));
        if (begin.Length != x.Rank || size.Length != x.Rank) Throw.OperatorMalformed(_model.Source, op, $"it slices [{string.Join(",", x.Shape)}] from {string.Join(",", begin)} by {string.Join(",", size)}");
        var slices = new AxisSlice[x.Rank];
        for (var axis = 0; axis < x.Rank; axis++)
        {
            var count = size[axis] == -1 ? x.Shape[axis] - begin[axis] : size[axis];
            if (begin[axis] < 0 || count < 1 || begin[axis] + (long)count > x.Shape[axis])
                Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], $"at this input size it takes {count} from {begin[axis]} of {x.Shape[axis]}");
            slices[axis] = new AxisSlice(begin[axis], count, 1, false);
        }

        WriteSlice(op, 0, x, slices);
    }

    private void Split(TfLiteOperator op)
    {
        var x = Read(Input(op, 1));
        var axis = Axis(op, Integers(op, 0, "axis"), x.Rank);
        if (op.Outputs.Length == 0 || x.Shape[axis] % op.Outputs.Length != 0) Throw.OperatorMalformed(_model.Source, op, $"it splits {x.Shape[axis]} into {op.Outputs.Length} parts");
        WriteParts(op, x, axis, [.. Enumerable.Repeat(x.Shape[axis] / op.Outputs.Length, op.Outputs.Length)], drops: false);
    }

    private void SplitV(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        var (sizes, axis) = (Integers(op, 1, "sizes"), Axis(op, Integers(op, 2, "axis"), x.Rank));
        if (Array.IndexOf(sizes, -1) is >= 0 and var open) sizes[open] = (int)(x.Shape[axis] - sizes.Where((_, i) => i != open).Sum(s => (long)s));
        if (sizes.Length != op.Outputs.Length || Array.Exists(sizes, s => s < 1) || sizes.Sum(s => (long)s) != x.Shape[axis]) Throw.OperatorMalformed(_model.Source, op, $"it splits {x.Shape[axis]} into {string.Join(",", sizes)}");
        WriteParts(op, x, axis, sizes, drops: false);
    }

    private void Unpack(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        var axis = Axis(op, [Options(op).Int32(1)], x.Rank);
        if (op.Outputs.Length != x.Shape[axis]) Throw.OperatorMalformed(_model.Source, op, $"it unpacks {x.Shape[axis]} into {op.Outputs.Length} tensors");
        WriteParts(op, x, axis, [.. Enumerable.Repeat(1, op.Outputs.Length)], drops: true);
    }

    private int Axis(TfLiteOperator op, int[] stated, int rank)
    {
        if (stated is not [var axis] || axis < -rank || axis >= rank)
        {
            Throw.OperatorMalformed(_model.Source, op, $"its axis is {string.Join(",", stated)} of {rank}");
            return -1;
        }

        return axis < 0 ? axis + rank : axis;
    }

    private void WriteParts(TfLiteOperator op, Activation x, int axis, int[] sizes, bool drops)
    {
        for (int i = 0, from = 0; i < sizes.Length; from += sizes[i++])
        {
            AxisSlice[] slices = [.. x.Shape.Select(side => new AxisSlice(0, side, 1, false))];
            slices[axis] = new AxisSlice(from, sizes[i], 1, drops);
            WriteSlice(op, i, x, slices);
        }
    }

    private void WriteSlice(TfLiteOperator op, int output, Activation x, AxisSlice[] slices)
    {
        var name = _names[op.Outputs[output]];
        if (x.Rank == 0 || !slices[0].TakesAll(x.Shape[0])) Throw.OperatorUnsupported(_model.Source, op, name, "it takes a part of the batch");
        int[] shape = [.. slices.Select(s => s.Count)];
        int[] kept = [.. slices.Where(s => !s.Drops).Select(s => s.Count)];
        var drops = Array.Exists(slices, s => s.Drops);
        var source = drops ? InOwnOrder(x) : x.Name;
        var isNchw = x.IsNchw && !drops;
        int[] cut = [.. Enumerable.Range(0, x.Rank).Where(axis => !slices[axis].TakesAll(x.Shape[axis]))];
        long[] Each(Func<AxisSlice, long> f) => [.. cut.Select(axis => f(slices[axis]))];
        // Where a negative step ends before the first element, ONNX wants a number below every index.
        string[] inputs =
        [
            source,
            Longs("starts", Each(s => s.From)),
            Longs("ends", Each(s => s.From + ((long)s.Count * s.Step) is var end && end < 0 ? int.MinValue : end)),
            Longs("axes", [.. cut.Select(axis => (long)(isNchw ? NchwAxis(axis) : axis))]),
            Longs("steps", Each(s => s.Step)),
        ];
        if (Array.Exists(shape, side => side < 1)) Throw.OperatorUnsupported(_model.Source, op, name, $"at this input size its result would have the shape [{string.Join(",", shape)}]");
        if (cut.Length == 0) _graph.Node("Identity", name, [source]);
        else if (!drops) _graph.Node("Slice", name, inputs);
        else _graph.Node("Reshape", name, [_graph.Node("Slice", _names.Fresh(name + "/slice"), inputs), ShapeConstant(kept)]);
        Write(op, kept, isNchw, output);
    }

    private string Longs(string role, long[] values) => Once($"{role}_{string.Join("_", values)}", name => _graph.Constant(name, [values.Length], values));

    /// <summary>The target of a Reshape; the 0 in front copies the number of images, whatever it is when the model runs.</summary>
    private string ShapeConstant(int[] shape) => Longs("shape", [0, .. shape.Skip(1).Select(side => (long)side)]);

    private void Concatenation(TfLiteOperator op)
    {
        var options = Options(op);
        WriteConcatenation(op, AllInputs(op), options.Int32(0), (TfLiteActivation)options.UInt8(1));
    }

    private List<Activation> AllInputs(TfLiteOperator op)
    {
        if (Array.Exists(op.Inputs, i => i < 0)) Throw.OperatorMalformed(_model.Source, op, "one of its inputs is missing");
        if (op.Inputs.Length == 0) Throw.OperatorMalformed(_model.Source, op, "it reads nothing");
        return [.. op.Inputs.Select(Read)];
    }

    private void WriteConcatenation(TfLiteOperator op, List<Activation> parts, int stated, TfLiteActivation activation)
    {
        var rank = parts[0].Rank;
        var axis = stated < 0 ? stated + rank : stated;
        if (axis < 0 || axis >= rank || parts.Exists(p => p.Rank != rank || p.Shape.Where((side, i) => i != axis && side != parts[0].Shape[i]).Any()))
            Throw.OperatorMalformed(_model.Source, op, $"it joins {string.Join(" and ", parts.Select(p => $"[{string.Join(",", p.Shape)}]"))} along axis {axis}");
        if (axis == 0) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], "it joins along the batch");
        var isNchw = rank == 4 && parts.Exists(p => p.IsNchw);
        var shape = (int[])parts[0].Shape.Clone();
        shape[axis] = (int)Math.Min(int.MaxValue, parts.Sum(p => (long)p.Shape[axis]));
        var inputs = parts.Select(p => isNchw ? InNchw(p) : InOwnOrder(p)).ToList();
        Fused(op, activation, name => _graph.Node("Concat", name, inputs, ("axis", isNchw ? NchwAxis(axis) : axis)));
        Write(op, shape, isNchw);
    }

    /// <summary>Puts tensors beside each other along a new axis.</summary>
    private void Pack(TfLiteOperator op)
    {
        var parts = AllInputs(op);
        var rank = parts[0].Rank + 1;
        var axis = Axis(op, [Options(op).Int32(1)], rank);
        if (axis == 0) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], "its new axis stands before the batch");
        int[] With(Activation p) => [.. p.Shape.Take(axis), 1, .. p.Shape.Skip(axis)];
        var widened = parts.ConvertAll(p => new Activation(_graph.Node("Reshape", _names.Fresh(_names[op.Outputs[0]] + "/part"), [InOwnOrder(p), ShapeConstant(With(p))]), With(p), false));
        WriteConcatenation(op, widened, axis, TfLiteActivation.None);
    }

    private void Gather(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        var axis = Axis(op, [op.Options?.Int32(0) ?? 0], x.Rank);
        if (ConstantOf(Input(op, 1)) is not { } constant) { Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], "its indices are not constant"); return; }
        var indices = Integers(op, 1, "indices");
        if (axis == 0 || op.Options?.Int32(1) is not (null or 0)) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], "it picks images out of the batch");
        if (Array.Exists(indices, i => i < 0 || i >= x.Shape[axis])) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], $"at this input size it picks {indices.Max()} of {x.Shape[axis]}");
        var isNchw = x.IsNchw && constant.Shape.Length == 1;
        var picked = Once($"{_names[constant.Index]}/indices", name => _graph.Constant(name, constant.Shape.Select(s => (long)s), [.. indices.Select(i => (long)i)]));
        _graph.Node("Gather", _names[op.Outputs[0]], [isNchw ? x.Name : InOwnOrder(x), picked], ("axis", isNchw ? NchwAxis(axis) : axis));
        Write(op, [.. x.Shape.Take(axis), .. constant.Shape, .. x.Shape.Skip(axis + 1)], isNchw);
    }

    private void Reverse(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        var axes = Integers(op, 1, "axes").Select(a => Axis(op, [a], x.Rank)).ToHashSet();
        if (axes.Contains(0)) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], "it turns the batch around");
        WriteSlice(op, 0, x, [.. x.Shape.Select((side, axis) => axes.Contains(axis) ? new AxisSlice(side - 1, side, -1, false) : new AxisSlice(0, side, 1, false))]);
    }
}
