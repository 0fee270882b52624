namespace OnnxTransfer.Onnx;

/// <summary>A tensor that can serve as a feature.</summary>
/// <param name="Value">Name, element type and shape for the given input.</param>
/// <param name="OpType">The operator that computes it.</param>
/// <param name="Layout">The order of its axes when it has four; null otherwise.</param>
/// <param name="ParametersSoFar">Numbers of weights that it and all nodes before it in the file read.</param>
/// <param name="MultiplyAddsSoFar">Multiplications with addition per image, of convolutions and matrix products up to here; null past a node whose shapes are not known.</param>
internal sealed record OnnxLayer(OnnxValue Value, string OpType, OnnxImageLayout? Layout, long ParametersSoFar, long? MultiplyAddsSoFar)
{
    public bool IsSpatial => Value.Dims is [_, _, _, _];

    /// <summary>D after pooling the spatial axes, if there are any; null where it is not known.</summary>
    public int? FeatureDim => (int?)(IsSpatial ? Value.Dims![Layout == OnnxImageLayout.Nhwc ? 3 : 1] : Value.Dims![^1]).Size;
}

/// <summary>What a graph consists of: its layers, and what they cost.</summary>
/// <param name="Layers">In the order in which they are computed.</param>
/// <param name="Parameters">Numbers of weights that the graph's nodes read; shapes and other integers are not weights.</param>
/// <param name="MultiplyAdds">Per image, of convolutions and matrix products; a floating-point operation count is twice that. Null where a shape on the way is not known.</param>
internal sealed record OnnxSummary(IReadOnlyList<OnnxLayer> Layers, long Parameters, long? MultiplyAdds)
{
    /// <param name="model">The graph.</param>
    /// <param name="height">A height in pixels for an input that leaves it free.</param>
    /// <param name="width">A width in pixels for an input that leaves it free.</param>
    public static OnnxSummary Of(OnnxModel model, int? height = null, int? width = null)
    {
        var image = OnnxInspector.ImageInput(model);
        var shapes = OnnxShapes.Infer(model, Sized(model, image, height, width));
        var layouts = new Dictionary<string, OnnxImageLayout>(StringComparer.Ordinal) { [image.Tensor] = image.Layout };
        var weights = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var tensor in model.Graph.Initializer.Where(IsWeight)) weights[tensor.Name] = Count(tensor);
        var fromImage = new HashSet<string>(StringComparer.Ordinal) { image.Tensor };
        var layers = new List<OnnxLayer>();
        long parameters = 0;
        long? multiplyAdds = 0;
        foreach (var node in model.Graph.Node)
        {
            foreach (var input in node.Input)
                if (weights.Remove(input, out var count)) parameters += count;
            if (node.OpType == "Constant" && node.Tensor("value") is { } constant && IsWeight(constant)) parameters += Count(constant);
            if (!node.Input.Any(fromImage.Contains)) continue;
            multiplyAdds += MultiplyAddsOf(node, shapes, image.FixedBatch ?? 1);
            foreach (var output in node.Output) fromImage.Add(output);
            if (LayoutBehind(node, layouts) is { } layout) layouts[node.Output[0]] = layout;
            if (node.Output.Count > 0 && CanBeFeature(shapes[node.Output[0]], image))
            {
                var value = shapes[node.Output[0]];
                layers.Add(new OnnxLayer(value, node.OpType, value.Dims!.Count == 4 ? layouts.GetValueOrDefault(value.Name) : null, parameters, multiplyAdds));
            }
        }

        return new OnnxSummary(layers, parameters, multiplyAdds);
    }

    /// <summary>The image input's shape with its free height and width filled in, for <see cref="OnnxShapes.Infer"/>.</summary>
    internal static Dictionary<string, IReadOnlyList<OnnxDim>> Sized(OnnxModel model, OnnxImageInput image, int? height, int? width)
    {
        var dims = model.Inputs.First(i => i.Name == image.Tensor).Dims!.ToArray();
        var first = image.Layout == OnnxImageLayout.Nchw ? 2 : 1;
        if (!dims[first].IsKnown && height is { } h) dims[first] = h;
        if (!dims[first + 1].IsKnown && width is { } w) dims[first + 1] = w;
        return new Dictionary<string, IReadOnlyList<OnnxDim>>(StringComparer.Ordinal) { [image.Tensor] = dims };
    }

    /// <summary>One vector or map of real numbers per image: anything else cannot be fed to a head.</summary>
    private static bool CanBeFeature(OnnxValue value, OnnxImageInput image) =>
        value.ElementType is OnnxElementType.Float32 or OnnxElementType.Float16
        && value.Dims is [var batch, ..] and { Count: 2 or 4 }
        && (image.FixedBatch is { } size ? batch.Size == size : !batch.IsKnown);

    private static bool IsWeight(TensorProto tensor) =>
        (OnnxElementType)tensor.DataType is OnnxElementType.Float32 or OnnxElementType.Float16 or OnnxElementType.BFloat16 or OnnxElementType.Float64 or OnnxElementType.Int8 or OnnxElementType.UInt8;

    private static long Count(TensorProto tensor) => OnnxTensorData.CountElements(tensor.Name, tensor.Dims);

    /// <summary>The axis order behind a node: convolutions and pools fix it, a transpose turns it, the rest passes it on.</summary>
    private static OnnxImageLayout? LayoutBehind(NodeProto node, Dictionary<string, OnnxImageLayout> layouts)
    {
        if (node.OpType is "Conv" or "ConvTranspose" or "QLinearConv" or "MaxPool" or "AveragePool" or "GlobalAveragePool" or "GlobalMaxPool" or "BatchNormalization") return OnnxImageLayout.Nchw;
        if (node.OpType == "Transpose") return node.Ints("perm") is [0, 2, 3, 1] ? OnnxImageLayout.Nhwc : OnnxImageLayout.Nchw;
        foreach (var input in node.Input)
            if (layouts.TryGetValue(input, out var layout)) return layout;
        return null;
    }

    private static long? MultiplyAddsOf(NodeProto node, OnnxShapes shapes, int batch)
    {
        var output = node.Output.Count > 0 ? shapes.Dims(node.Output[0]) : null;
        var depth = node.OpType switch
        {
            "Conv" or "ConvInteger" => Product(shapes.Dims(node.InputAt(1))?.Skip(1)),
            "QLinearConv" => Product(shapes.Dims(node.InputAt(3))?.Skip(1)),
            "Gemm" or "MatMul" or "MatMulInteger" or "QLinearMatMul" => shapes.Dims(node.InputAt(0)) is { Count: > 0 } x ? x[^1].Size : null,
            _ => 0,
        };
        if (depth == 0) return 0;
        return Product(output?.Skip(1)) * (output is [{ Size: { } rows }, ..] ? Math.Max(1, rows / batch) : 1) * depth;
    }

    private static long? Product(IEnumerable<OnnxDim>? dims)
    {
        if (dims is null) return null;
        long product = 1;
        foreach (var dim in dims)
        {
            if (dim.Size is not { } size || size < 0 || (size > 0 && product > (1L << 48) / size)) return null;
            product *= size;
        }

        return product;
    }
}
