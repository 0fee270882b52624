using OnnxTransfer.Conversion.Internals;

namespace OnnxTransfer.Conversion.TfLite;

/// <summary>Convolutions, fully connected layers and pools.</summary>
internal sealed partial class TfLiteTranslator
{
    private SlidingWindow Slide(TfLiteOperator op, int size, int kernel, int stride, int dilation, bool same)
    {
        if (kernel < 1 || stride < 1 || dilation < 1) Throw.OperatorMalformed(_model.Source, op, $"kernel {kernel}, stride {stride} and dilation {dilation} must be positive");
        if (SlidingWindow.Place(size, kernel, stride, dilation, same) is not { } window)
        {
            Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], $"at this input size its window of {kernel} by {dilation} does not fit into {size} pixels");
            return default;
        }

        return window;
    }

    private void Convolution(TfLiteOperator op)
    {
        var x = ReadRank4(op, Input(op, 0));
        var weights = RequiredConstant(op, 1, "weights");
        if (weights.Shape is not [var count, var height, var width, var depth] || weights.Count == 0 || x.Shape[3] % depth != 0)
        {
            Throw.OperatorMalformed(_model.Source, op, $"its weights have the shape [{string.Join(",", weights.Shape)}] for {x.Shape[^1]} channels");
            return;
        }

        var options = Options(op);
        var same = options.UInt8(0) == 0;
        var v = Slide(op, x.Shape[1], height, options.Int32(2), options.Int32(5, 1), same);
        var h = Slide(op, x.Shape[2], width, options.Int32(1), options.Int32(4, 1), same);
        // OHWI -> OIHW
        WriteConvolution(op, x, new Filters(weights, [0, 3, 1, 2], [count, depth, height, width]), x.Shape[3] / depth, v, h, (TfLiteActivation)options.UInt8(3));
    }

    private void DepthwiseConvolution(TfLiteOperator op)
    {
        var x = ReadRank4(op, Input(op, 0));
        var weights = RequiredConstant(op, 1, "weights");
        if (weights.Shape is not [1, var height, var width, var count] || weights.Count == 0 || count % x.Shape[3] != 0)
        {
            Throw.OperatorMalformed(_model.Source, op, $"its weights have the shape [{string.Join(",", weights.Shape)}] for {x.Shape[^1]} channels");
            return;
        }

        var options = Options(op);
        var same = options.UInt8(0) == 0;
        var v = Slide(op, x.Shape[1], height, options.Int32(2), options.Int32(6, 1), same);
        var h = Slide(op, x.Shape[2], width, options.Int32(1), options.Int32(5, 1), same);
        // 1HWO -> O1HW: one filter per output channel, each reading one input channel.
        WriteConvolution(op, x, new Filters(weights, [3, 0, 1, 2], [count, 1, height, width]), x.Shape[3], v, h, (TfLiteActivation)options.UInt8(4));
    }

    /// <summary>Constant weights, and the order and shape in which ONNX wants them.</summary>
    private sealed record Filters(TfLiteTensor Constant, int[] Order, int[] Shape)
    {
        public int Count => Shape[0];
    }

    private void WriteConvolution(TfLiteOperator op, Activation x, Filters filters, int groups, SlidingWindow v, SlidingWindow h, TfLiteActivation activation)
    {
        (string, object)[] attributes =
        [
            ("kernel_shape", new[] { v.Kernel, h.Kernel }),
            ("strides", new[] { v.Stride, h.Stride }),
            ("dilations", new[] { v.Dilation, h.Dilation }),
            ("pads", new[] { v.Before, h.Before, v.After, h.After }),
            ("group", groups),
        ];
        if (NeedsExactResult(op) && SumsOfProducts(op, filters) is { } scales)
        {
            Fused(op, activation, name => WriteIntegerConvolution(op, InNchw(x), filters, scales, attributes, name));
        }
        else
        {
            List<string> inputs = [ReadRounded(op, InNchw(x)), WeightConstant(op, filters)];
            if (Bias(op, filters.Count) is { } bias) inputs.Add(bias);
            Fused(op, activation, name => _graph.Node("Conv", name, inputs, attributes));
        }

        Write(op, [x.Shape[0], v.Positions, h.Positions, filters.Count], isNchw: true);
    }

    private void FullyConnected(TfLiteOperator op)
    {
        var x = Read(Input(op, 0));
        var weights = RequiredConstant(op, 1, "weights");
        var options = Options(op);
        if (weights.Shape is not [var count, var dim] || weights.Count == 0) { Throw.OperatorMalformed(_model.Source, op, $"its weights have the shape [{string.Join(",", weights.Shape)}]"); return; }
        if (options.UInt8(1) != 0) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], "its weights are stored in a shuffled order");
        var perImage = x.Shape.Skip(1).Aggregate(1L, (product, side) => product * side);
        var keepsAxes = options.Bool(2) && x.Rank > 2;
        if (keepsAxes ? x.Shape[^1] != dim : perImage != dim)
            Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], $"it multiplies [{string.Join(",", x.Shape)}] by weights for {dim} numbers");

        var activation = (TfLiteActivation)options.UInt8(0);
        var bias = Bias(op, count);
        if (keepsAxes)
        {
            string[] factors = [ReadRounded(op, InOwnOrder(x)), WeightConstant(op, new Filters(weights, [1, 0], [dim, count]))];
            var product = bias is null ? null : _names.Fresh(_names[op.Outputs[0]] + "/product");
            if (product is not null) _graph.Node("MatMul", product, factors);
            Fused(op, activation, name => product is null ? _graph.Node("MatMul", name, factors) : _graph.Node("Add", name, [product, bias!]));
            Write(op, [.. x.Shape.Take(x.Rank - 1), count], isNchw: false);
            return;
        }

        var flat = x.SameInBothOrders ? x.Name : InOwnOrder(x);
        if (x.Rank != 2) flat = Once(flat + "/flat", name => _graph.Node("Flatten", name, [flat], ("axis", 1)));
        List<string> inputs = [ReadRounded(op, flat), WeightConstant(op, new Filters(weights, [0, 1], [count, dim]))];
        if (bias is not null) inputs.Add(bias);
        Fused(op, activation, name => _graph.Node("Gemm", name, inputs, ("transB", 1)));
        Write(op, [x.Shape[0], count], isNchw: false);
    }

    /// <summary>
    /// The convolution whose gradient this is, run backwards: every input pixel adds its filters around its place in the result. The file
    /// states the size of the result, from which the padding follows.
    /// </summary>
    private void TransposedConvolution(TfLiteOperator op)
    {
        var x = ReadRank4(op, Input(op, 2));
        var weights = RequiredConstant(op, 1, "weights");
        var options = Options(op);
        var (strideV, strideH) = (options.Int32(2), options.Int32(1));
        if (weights.Shape is not [var count, > 0 and var height, > 0 and var width, var depth] || weights.Count == 0 || x.Shape[3] != depth || strideV is < 1 or > TfLiteOptions.LargestSide || strideH is < 1 or > TfLiteOptions.LargestSide)
        {
            Throw.OperatorMalformed(_model.Source, op, $"its weights have the shape [{string.Join(",", weights.Shape)}] for {x.Shape[^1]} channels");
            return;
        }

        if (Integers(op, 0, "result sizes") is not [_, > 0 and <= TfLiteOptions.LargestSide and var rows, > 0 and <= TfLiteOptions.LargestSide and var columns, _])
        {
            Throw.OperatorMalformed(_model.Source, op, "the size of its result is not that of an image");
            return;
        }

        var (v, h) = (Place(x.Shape[1], height, strideV, rows), Place(x.Shape[2], width, strideH, columns));
        if (v is null || h is null) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], $"at this input size {x.Shape[1]}x{x.Shape[2]} pixels do not become {rows}x{columns}");
        // OHWI -> IOHW
        List<string> inputs = [InNchw(x), Once($"{_names[weights.Index]}/3012", name => _graph.Constant(name, [depth, count, height, width], AxisOrder.Permute(Floats(op, weights), weights.Shape, [3, 0, 1, 2])))];
        if (op.Inputs.Length > 3 && op.Inputs[3] >= 0)
        {
            var bias = RequiredConstant(op, 3, "biases");
            if (bias.Count != count) Throw.OperatorMalformed(_model.Source, op, $"it has {bias.Count} biases for {count} channels");
            inputs.Add(Once($"{_names[bias.Index]}/bias", name => _graph.Constant(name, [count], Floats(op, bias))));
        }

        Fused(op, (TfLiteActivation)options.UInt8(3), name => _graph.Node(
            "ConvTranspose", name, inputs, ("kernel_shape", new[] { height, width }), ("strides", new[] { strideV, strideH }),
            ("pads", new[] { v!.Value.Before, h!.Value.Before, v.Value.After, h.Value.After }), ("output_padding", new[] { v.Value.Beyond, h.Value.Beyond })));
        Write(op, [x.Shape[0], rows, columns, count], isNchw: true);

        // What the kernels cover, cut to the stated size: the odd pixel goes behind. A size beyond that is filled behind.
        static (int Before, int After, int Beyond)? Place(int size, int kernel, int stride, int wanted)
        {
            var cut = ((size - 1L) * stride) + kernel - wanted;
            if (cut >= 2L * kernel || -cut >= stride) return null;
            return cut < 0 ? (0, 0, (int)-cut) : ((int)(cut / 2), (int)(cut - (cut / 2)), 0);
        }
    }

    private void BatchMatMul(TfLiteOperator op)
    {
        var (left, right) = (Input(op, 0), Input(op, 1));
        var x = Read(left);
        var options = op.Options;
        var (turnsX, turnsY) = (options?.Bool(0) ?? false, options?.Bool(1) ?? false);
        var constant = ConstantOf(right);
        var y = constant is null ? Read(right) : null;
        var shapeY = y?.Shape ?? constant!.Shape;
        if (x.Rank < 2 || shapeY.Length < 2 || (y is not null && y.Rank != x.Rank) || shapeY.Length > x.Rank || x.Rank == 2 && (y is not null || turnsX))
            Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], $"it multiplies [{string.Join(",", x.Shape)}] by [{string.Join(",", shapeY)}], which mixes the images of a batch");
        int[] Turned(int[] shape, bool turns) => turns ? [.. shape[..^2], shape[^1], shape[^2]] : shape;
        var (a, b) = (Turned(x.Shape, turnsX), Turned(shapeY, turnsY));
        if (a[^1] != b[^2]) Throw.OperatorMalformed(_model.Source, op, $"it multiplies [{string.Join(",", a)}] by [{string.Join(",", b)}]");
        if (constant is not null && constant.Shape.Length == x.Rank && x.Rank > 2 && constant.Shape[0] != 1) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], "its constant has a batch of its own");
        int[] shape = [.. Broadcast(op, a[..^2], b[..^2]), a[^2], b[^1]];
        var factor = y is not null ? InOwnOrder(y) : Once($"{_names[constant!.Index]}/factor", name => _graph.Constant(name, constant.Shape.Select(s => (long)s), Floats(op, constant)));
        _graph.Node("MatMul", _names[op.Outputs[0]], [Turn(InOwnOrder(x), x.Rank, turnsX), Turn(factor, shapeY.Length, turnsY)]);
        Write(op, shape, isNchw: false);

        string Turn(string matrix, int rank, bool turns) => !turns ? matrix : Once(matrix + "/turned", name => _graph.Node(
            "Transpose", name, [matrix], ("perm", Enumerable.Range(0, rank - 2).Append(rank - 1).Append(rank - 2).ToArray())));
    }

    private void Pool(TfLiteOperator op, string kind)
    {
        var x = ReadRank4(op, Input(op, 0));
        var options = Options(op);
        var same = options.UInt8(0) == 0;
        var v = Slide(op, x.Shape[1], options.Int32(4), options.Int32(2), 1, same);
        var h = Slide(op, x.Shape[2], options.Int32(3), options.Int32(1), 1, same);
        // Neither TFLite nor ONNX, by default, counts padding in an average.
        Fused(op, (TfLiteActivation)options.UInt8(5), name =>
        {
            if (kind != "L2Pool") return Window(kind, name, InNchw(x));
            // The root of the mean of squares.
            var squares = WriteFunction("Square", _names.Fresh(name + "/squares"), InNchw(x));
            return _graph.Node("Sqrt", name, [Window("AveragePool", _names.Fresh(name + "/mean"), squares)]);
        });
        Write(op, [x.Shape[0], v.Positions, h.Positions, x.Shape[3]], isNchw: true);

        string Window(string onnxOp, string name, string input) => _graph.Node(
            onnxOp,
            name,
            [input],
            ("kernel_shape", new[] { v.Kernel, h.Kernel }),
            ("strides", new[] { v.Stride, h.Stride }),
            ("pads", new[] { v.Before, h.Before, v.After, h.After }));
    }

    private void Reduce(TfLiteOperator op, string onnxOp)
    {
        var x = Read(Input(op, 0));
        var axes = Integers(op, 1, "axes").Select(a => a < 0 ? a + x.Rank : a).Distinct().Order().ToArray();
        if (axes.Length == 0 || axes[0] < 0 || axes[^1] >= x.Rank) Throw.OperatorMalformed(_model.Source, op, $"its axes are {string.Join(",", axes)} of {x.Rank}");
        if (axes[0] == 0) Throw.OperatorUnsupported(_model.Source, op, _names[op.Outputs[0]], "it reduces over the batch");
        var keep = Options(op).Bool(0);
        var output = _names[op.Outputs[0]];
        var inNchw = x.Rank == 4 && (keep || axes is [1, 2]);
        if (onnxOp == "ReduceMean" && inNchw && axes is [1, 2])
        {
            var pooled = _graph.Node("GlobalAveragePool", keep ? output : _names.Fresh(output + "/pooled"), [InNchw(x)]);
            if (!keep) _graph.Node("Flatten", output, [pooled], ("axis", 1));
        }
        else
        {
            int[] mapped = inNchw ? [.. axes.Select(NchwAxis).Order()] : axes;
            var input = inNchw ? InNchw(x) : InOwnOrder(x);
            // Only the sum takes its axes as an input in this operator set.
            if (onnxOp == "ReduceSum") _graph.Node(onnxOp, output, [input, Longs("axes", [.. mapped.Select(a => (long)a)])], ("keepdims", keep ? 1 : 0));
            else _graph.Node(onnxOp, output, [input], ("axes", mapped), ("keepdims", keep ? 1 : 0));
        }

        Write(op, [.. x.Shape.Select((side, i) => axes.Contains(i) ? 1 : side).Where((_, i) => keep || !axes.Contains(i))], inNchw && keep);
    }

    /// <summary>The position of an axis of [N,H,W,C] in [N,C,H,W].</summary>
    private static int NchwAxis(int axis) => axis switch { 1 => 2, 2 => 3, 3 => 1, _ => axis };

    private string WeightConstant(TfLiteOperator op, Filters filters)
    {
        var weights = filters.Constant;
        var key = $"{_names[weights.Index]}/{string.Concat(filters.Order)}";
        if (KeptQuantization(weights.Index) is { } quantization)
            return Once(key, name => WriteQuantizedConstant(weights, quantization, filters.Order, filters.Shape, name));
        return Once(key, name => _graph.Constant(name, filters.Shape.Select(s => (long)s), AxisOrder.Permute(Floats(op, weights), weights.Shape, filters.Order)));
    }

    private TfLiteTensor? BiasConstant(TfLiteOperator op, int count)
    {
        if (op.Inputs.Length < 3 || op.Inputs[2] < 0) return null;
        var bias = RequiredConstant(op, 2, "biases");
        if (bias.Count != count) Throw.OperatorMalformed(_model.Source, op, $"it has {bias.Count} biases for {count} channels");
        return bias;
    }

    private string? Bias(TfLiteOperator op, int count)
    {
        if (BiasConstant(op, count) is not { } bias) return null;
        if (KeptQuantization(bias.Index) is { } quantization)
            return Once($"{_names[bias.Index]}/bias", name => WriteQuantizedConstant(bias, quantization, [0], [count], name));
        return Once($"{_names[bias.Index]}/bias", name => _graph.Constant(name, [count], Floats(op, bias)));
    }
}
