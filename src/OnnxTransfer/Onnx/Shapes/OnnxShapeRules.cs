using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Shapes;

/// <summary>The output shapes of the operators, after their specification; a rule gives null if its inputs do not determine the shape.</summary>
internal static partial class OnnxShapeRules
{
    private delegate IReadOnlyList<OnnxDim>?[] Rule(NodeProto node, OnnxShapes shapes);

    private static readonly Dictionary<string, Rule> s_rules = Build();

    private static readonly Dictionary<string, Rule> s_runtimeRules = BuildOfRuntime();

    public static bool TryInfer(NodeProto node, OnnxShapes shapes, out IReadOnlyList<OnnxDim>?[] results)
    {
        results = [];
        var rules = node.IsStandard() ? s_rules : node.IsOfRuntime() ? s_runtimeRules : null;
        if (rules is null || !rules.TryGetValue(node.OpType, out var rule)) return false;
        results = rule(node, shapes);
        return true;
    }

    public static OnnxElementType ElementType(NodeProto node, int output, OnnxShapes shapes) => node.OpType switch
    {
        "Cast" => (OnnxElementType)node.Int("to", 0),
        "Shape" or "Size" or "ArgMax" or "ArgMin" or "NonZero" => OnnxElementType.Int64,
        "TopK" when output == 1 => OnnxElementType.Int64,
        "Equal" or "Greater" or "GreaterOrEqual" or "Less" or "LessOrEqual" or "And" or "Or" or "Not" => OnnxElementType.Bool,
        "Constant" or "ConstantOfShape" when node.Tensor("value") is { } tensor => (OnnxElementType)tensor.DataType,
        "Constant" when node.Ints("value_ints") is not null => OnnxElementType.Int64,
        "Constant" or "ConstantOfShape" => OnnxElementType.Float32,
        "QuantizeLinear" => node.InputAt(2) is { } zeroPoint ? shapes[zeroPoint].ElementType : OnnxElementType.UInt8,
        "DynamicQuantizeLinear" => output == 1 ? OnnxElementType.Float32 : OnnxElementType.UInt8,
        "DequantizeLinear" or "Where" => shapes[node.InputAt(1) ?? ""].ElementType,
        "QLinearConv" or "QLinearMatMul" => shapes[node.InputAt(7) ?? ""].ElementType,
        "ConvInteger" or "MatMulInteger" => OnnxElementType.Int32,
        "DynamicQuantizeMatMul" or "MatMulIntegerToFloat" => OnnxElementType.Float32,
        "QGemm" => node.InputAt(8) is { } zero ? shapes[zero].ElementType : OnnxElementType.Float32,
        "Dropout" when output == 1 => OnnxElementType.Bool,
        _ => shapes[node.InputAt(0) ?? ""].ElementType,
    };

    private static Dictionary<string, Rule> Build()
    {
        var rules = new Dictionary<string, Rule>(StringComparer.Ordinal);
        void Add(Rule rule, params string[] operators)
        {
            foreach (var name in operators) rules.Add(name, rule);
        }

        Add(SameAsInput,
            "Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Clip", "Sigmoid", "HardSigmoid", "HardSwish", "Softplus", "Softsign", "Tanh", "Erf", "Gelu", "Mish",
            "Exp", "Log", "Sqrt", "Reciprocal", "Neg", "Abs", "Floor", "Ceil", "Round", "Sign", "Not", "Identity", "Cast", "Dropout", "Softmax", "LogSoftmax", "Hardmax",
            "BatchNormalization", "InstanceNormalization", "LayerNormalization", "GroupNormalization", "LpNormalization", "LRN", "MeanVarianceNormalization",
            "QuantizeLinear", "DequantizeLinear", "CumSum", "ThresholdedRelu", "Swish", "RMSNormalization", "IsNaN", "IsInf", "Sin", "Cos", "Trilu",
            "ScatterND", "ScatterElements", "Scatter");
        Add((node, shapes) => [shapes.Dims(node.InputAt(0)), [], []], "DynamicQuantizeLinear");
        Add(Broadcast, "Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Sum", "Mean", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Where", "Mod");
        Add((node, shapes) => Convolution(node, shapes, weightInput: 1), "Conv", "ConvInteger");
        Add((node, shapes) => Convolution(node, shapes, weightInput: 3), "QLinearConv");
        Add(TransposedConvolution, "ConvTranspose");
        Add(Pool, "MaxPool", "AveragePool", "LpPool");
        Add(GlobalPool, "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool");
        Add(Gemm, "Gemm");
        Add((node, shapes) => MatMul(shapes.Dims(node.InputAt(0)), shapes.Dims(node.InputAt(1))), "MatMul", "MatMulInteger");
        Add((node, shapes) => MatMul(shapes.Dims(node.InputAt(0)), shapes.Dims(node.InputAt(3))), "QLinearMatMul");
        Add(Reduce, "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceSumSquare");
        Add(ArgReduce, "ArgMax", "ArgMin");
        Add(Constant, "Constant");
        Add(ConstantOfShape, "ConstantOfShape");
        Add((node, shapes) => [shapes.Dims(node.InputAt(0)) is { } dims ? [(OnnxDim)dims.Count] : null], "Shape");
        AddShapeRules(Add);
        return rules;
    }

    /// <summary>The operators that ONNX Runtime's own optimizer and quantizer write.</summary>
    private static Dictionary<string, Rule> BuildOfRuntime()
    {
        var rules = new Dictionary<string, Rule>(StringComparer.Ordinal);
        void Add(Rule rule, params string[] operators)
        {
            foreach (var name in operators) rules.Add(name, rule);
        }

        Add(SameAsInput,
            "Gelu", "FastGelu", "QuickGelu", "BiasGelu", "BiasSoftmax", "SkipLayerNormalization", "SimplifiedLayerNormalization", "LayerNormalization", "QuantizeLinear",
            "DequantizeLinear", "QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax", "MultiHeadAttention", "GroupNorm");
        Add((node, shapes) => [Broadcast(shapes.Dims(node.InputAt(0)), shapes.Dims(node.InputAt(3)))], "QLinearAdd", "QLinearMul");
        Add((node, shapes) => Convolution(node, shapes, weightInput: 1), "FusedConv");
        Add(Pool, "QLinearAveragePool");
        Add(GlobalPool, "QLinearGlobalAveragePool");
        Add(FusedMatMul, "FusedMatMul");
        Add(Gemm, "FusedGemm");
        Add((node, shapes) => Gemm(node, shapes.Dims(node.InputAt(0)), shapes.Dims(node.InputAt(3))), "QGemm");
        Add((node, shapes) => MatMul(shapes.Dims(node.InputAt(0)), shapes.Dims(node.InputAt(1))), "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "GemmFastGelu");
        Add((node, shapes) => [shapes.Dims(node.InputAt(0)) is { Count: > 0 } x ? [.. x.SkipLast(1), node.Int("N", -1)] : null], "MatMulNBits");
        return rules;
    }

    private static IReadOnlyList<OnnxDim>?[] SameAsInput(NodeProto node, OnnxShapes shapes) => [.. node.Output.Select(_ => shapes.Dims(node.InputAt(0)))];

    private static IReadOnlyList<OnnxDim>?[] Broadcast(NodeProto node, OnnxShapes shapes)
    {
        IReadOnlyList<OnnxDim>? result = [];
        foreach (var input in node.Input)
        {
            result = Broadcast(result, shapes.Dims(input));
            if (result is null) break;
        }

        return [result];
    }

    /// <summary>Numpy's rule: axes are matched from the right, and a size of 1 gives way.</summary>
    private static OnnxDim[]? Broadcast(IReadOnlyList<OnnxDim>? left, IReadOnlyList<OnnxDim>? right)
    {
        if (left is null || right is null) return null;
        var result = new OnnxDim[Math.Max(left.Count, right.Count)];
        for (var i = 1; i <= result.Length; i++)
        {
            var a = i <= left.Count ? left[^i] : 1;
            var b = i <= right.Count ? right[^i] : 1;
            if (a.Size is > 1 && b.Size is > 1 && a != b) return null;
            result[^i] = (a == b && (a.IsKnown || a.Symbol is not null)) || b.Size == 1 ? a
                : a.Size == 1 ? b
                : a.IsKnown ? a
                : b.IsKnown ? b
                : OnnxDim.Unknown;
        }

        return result;
    }

    private static IReadOnlyList<OnnxDim>?[] Convolution(NodeProto node, OnnxShapes shapes, int weightInput)
    {
        if (shapes.Dims(node.InputAt(0)) is not { Count: >= 3 } x || shapes.Dims(node.InputAt(weightInput)) is not { } w || w.Count != x.Count) return [null];
        var spatial = SlidingWindow(node, x, [.. w.Skip(2)]);
        return [spatial is null ? null : [x[0], w[0], .. spatial]];
    }

    private static IReadOnlyList<OnnxDim>?[] TransposedConvolution(NodeProto node, OnnxShapes shapes)
    {
        if (shapes.Dims(node.InputAt(0)) is not { Count: >= 3 } x || shapes.Dims(node.InputAt(1)) is not { } w || w.Count != x.Count) return [null];
        var axes = x.Count - 2;
        if (node.Text("auto_pad", "NOTSET") != "NOTSET" || node.Ints("output_shape") is not null || w[1].Size is not { } perGroup) return [null];
        if (!TryWindow(node, axes, out var strides, out var dilations, out var pads)) return [null];
        var extra = node.Ints("output_padding") ?? new long[axes];
        if (extra.Length != axes) return [null];
        var result = new List<OnnxDim> { x[0], perGroup * node.Int("group", 1) };
        for (var i = 0; i < axes; i++)
        {
            if (x[i + 2].Size is { } size && w[i + 2].Size is { } kernel)
                result.Add(strides[i] * (size - 1) + extra[i] + ((kernel - 1) * dilations[i]) + 1 - pads[i] - pads[i + axes]);
            else result.Add(OnnxDim.Unknown);
        }

        return [result];
    }

    private static IReadOnlyList<OnnxDim>?[] Pool(NodeProto node, OnnxShapes shapes)
    {
        if (shapes.Dims(node.InputAt(0)) is not { Count: >= 3 } x || node.Ints("kernel_shape") is not { } kernel || kernel.Length != x.Count - 2) return [null];
        var spatial = SlidingWindow(node, x, [.. kernel.Select(k => (OnnxDim)k)]);
        return [spatial is null ? null : [x[0], x[1], .. spatial]];
    }

    private static IReadOnlyList<OnnxDim>?[] GlobalPool(NodeProto node, OnnxShapes shapes) =>
        [shapes.Dims(node.InputAt(0)) is { Count: >= 3 } x ? [x[0], x[1], .. Enumerable.Repeat((OnnxDim)1, x.Count - 2)] : null];

    private static OnnxDim[]? SlidingWindow(NodeProto node, IReadOnlyList<OnnxDim> x, OnnxDim[] kernel)
    {
        var axes = kernel.Length;
        if (!TryWindow(node, axes, out var strides, out var dilations, out var pads)) return null;
        var automatic = node.Text("auto_pad", "NOTSET");
        var ceiling = node.Int("ceil_mode", 0) != 0;
        var result = new OnnxDim[axes];
        for (var i = 0; i < axes; i++)
        {
            if (x[i + 2].Size is not { } size || kernel[i].Size is not { } side)
            {
                result[i] = OnnxDim.Unknown;
                continue;
            }

            var stride = strides[i];
            if (automatic is "SAME_UPPER" or "SAME_LOWER")
            {
                result[i] = (size + stride - 1) / stride;
                continue;
            }

            var padded = automatic == "VALID" ? size : size + pads[i] + pads[i + axes];
            var room = padded - (((side - 1) * dilations[i]) + 1);
            if (room < 0) return null;
            var count = (ceiling ? (room + stride - 1) / stride : room / stride) + 1;
            // The last window of a rounded-up pooling must begin inside the image or its leading padding.
            if (ceiling && (count - 1) * stride >= size + pads[i]) count--;
            result[i] = count;
        }

        return result;
    }

    private static bool TryWindow(NodeProto node, int axes, out long[] strides, out long[] dilations, out long[] pads)
    {
        strides = node.Ints("strides") is { Length: > 0 } s ? s : [.. Enumerable.Repeat(1L, axes)];
        dilations = node.Ints("dilations") is { Length: > 0 } d ? d : [.. Enumerable.Repeat(1L, axes)];
        pads = node.Ints("pads") is { Length: > 0 } p ? p : new long[2 * axes];
        return strides.Length == axes && dilations.Length == axes && pads.Length == 2 * axes && Array.TrueForAll(strides, v => v > 0);
    }

    private static IReadOnlyList<OnnxDim>?[] Gemm(NodeProto node, OnnxShapes shapes) => Gemm(node, shapes.Dims(node.InputAt(0)), shapes.Dims(node.InputAt(1)));

    private static IReadOnlyList<OnnxDim>?[] Gemm(NodeProto node, IReadOnlyList<OnnxDim>? left, IReadOnlyList<OnnxDim>? right)
    {
        if (left is not { Count: 2 } a || right is not { Count: 2 } b) return [null];
        return [[node.Int("transA", 0) != 0 ? a[1] : a[0], node.Int("transB", 0) != 0 ? b[0] : b[1]]];
    }

    private static IReadOnlyList<OnnxDim>?[] FusedMatMul(NodeProto node, OnnxShapes shapes)
    {
        if (node.Int("transBatchA", 0) != 0 || node.Int("transBatchB", 0) != 0) return [null];
        return MatMul(Turned(shapes.Dims(node.InputAt(0)), node.Int("transA", 0)), Turned(shapes.Dims(node.InputAt(1)), node.Int("transB", 0)));

        static IReadOnlyList<OnnxDim>? Turned(IReadOnlyList<OnnxDim>? dims, long turn) => turn == 0 || dims is not { Count: >= 2 } ? dims : [.. dims.SkipLast(2), dims[^1], dims[^2]];
    }

    private static IReadOnlyList<OnnxDim>?[] MatMul(IReadOnlyList<OnnxDim>? a, IReadOnlyList<OnnxDim>? b)
    {
        if (a is not { Count: >= 2 } || b is not { Count: >= 2 }) return [null];
        var batch = Broadcast([.. a.Take(a.Count - 2)], [.. b.Take(b.Count - 2)]);
        return [batch is null ? null : [.. batch, a[^2], b[^1]]];
    }

    private static IReadOnlyList<OnnxDim>?[] Reduce(NodeProto node, OnnxShapes shapes)
    {
        if (shapes.Dims(node.InputAt(0)) is not { } x) return [null];
        var axes = Axes(node, shapes, 1, out var stated);
        if (stated && axes is null) return [null];
        if (axes is not { Length: > 0 } && node.Int("noop_with_empty_axes", 0) != 0) return [x];
        return [Without(x, axes is { Length: > 0 } ? axes : [.. Enumerable.Range(0, x.Count).Select(i => (long)i)], node.Int("keepdims", 1) != 0)];
    }

    private static IReadOnlyList<OnnxDim>?[] ArgReduce(NodeProto node, OnnxShapes shapes) =>
        [shapes.Dims(node.InputAt(0)) is { } x ? Without(x, [node.Int("axis", 0)], node.Int("keepdims", 1) != 0) : null];

    private static OnnxDim[]? Without(IReadOnlyList<OnnxDim> x, long[] axes, bool keep)
    {
        var reduced = new bool[x.Count];
        foreach (var axis in axes)
        {
            var at = axis < 0 ? axis + x.Count : axis;
            if (at < 0 || at >= x.Count) return null;
            reduced[at] = true;
        }

        return [.. x.Select((dim, i) => reduced[i] ? 1 : dim).Where((_, i) => keep || !reduced[i])];
    }

    private static IReadOnlyList<OnnxDim>?[] Constant(NodeProto node, OnnxShapes shapes)
    {
        if (node.Tensor("value") is { } tensor) return [[.. tensor.Dims.Select(d => (OnnxDim)d)]];
        if (node.Ints("value_ints") is { } ints) return [[ints.Length]];
        return [[]];
    }

    private static IReadOnlyList<OnnxDim>?[] ConstantOfShape(NodeProto node, OnnxShapes shapes) => [Target(node.InputAt(0), shapes)];

    /// <summary>A shape that a tensor holds; where only its length is known, that many unknown axes.</summary>
    private static OnnxDim[]? Target(string? tensor, OnnxShapes shapes) =>
        shapes.Contents(tensor) ?? (shapes.Dims(tensor) is [{ Size: >= 0 and <= OnnxShapeContents.Longest and { } rank }] ? [.. Enumerable.Repeat(OnnxDim.Unknown, (int)rank)] : null);

    /// <summary>Axes as an attribute (older operator sets) or as a constant input (newer ones).</summary>
    private static long[]? Axes(NodeProto node, OnnxShapes shapes, int input, out bool stated)
    {
        var attribute = node.Ints("axes");
        stated = attribute is not null || node.InputAt(input) is not null;
        if (attribute is not null || !stated) return attribute;
        return shapes.Contents(node.InputAt(input)) is { } contents && Array.TrueForAll(contents, c => c.IsKnown)
            ? [.. contents.Select(c => c.Size!.Value)]
            : null;
    }
}
