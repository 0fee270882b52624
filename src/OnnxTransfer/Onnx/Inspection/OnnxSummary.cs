using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Onnx.Inspection;

/// <summary>A tensor that can serve as a feature.</summary>
/// <param name="Value">Name, element type and shape for the given input.</param>
/// <param name="OpType">The operator that computes it.</param>
/// <param name="Layout">The order of its axes when it has four; null otherwise.</param>
/// <param name="ParametersSoFar">Numbers of weights that it and all nodes before it in the file read.</param>
/// <param name="MultiplyAddsSoFar">Multiplications with addition per image, of convolutions and matrix products up to here; null past a node whose shapes are not known.</param>
internal sealed record OnnxLayer(OnnxValue Value, string OpType, TensorLayout? Layout, long ParametersSoFar, long? MultiplyAddsSoFar)
{
    public bool IsSpatial => Value.Dims is [_, _, _, _];

    /// <summary>The tokens of a transformer's <c>[N,T,D]</c>; null if it has none, or their meaning is not clear.</summary>
    public OnnxTokens? Tokens { get; init; }

    /// <summary>D after pooling the spatial axes, if there are any; null if it is not known.</summary>
    public int? FeatureDim => (int?)(IsSpatial ? Value.Dims![Layout == TensorLayout.Nhwc ? 3 : 1] : Value.Dims![^1]).Size;
}

/// <summary>The layers of a graph, and their costs.</summary>
/// <param name="Layers">In the order in which they are computed.</param>
/// <param name="Parameters">Numbers of weights that the graph's nodes read; shapes and other integers are not weights.</param>
/// <param name="MultiplyAdds">Per image, of convolutions and matrix products; a floating-point operation count is twice that. Null if a shape on the way is not known.</param>
internal sealed record OnnxSummary(IReadOnlyList<OnnxLayer> Layers, long Parameters, long? MultiplyAdds)
{
    /// <param name="model">The graph.</param>
    /// <param name="image">The image input, with the size to assume where the graph leaves it free; null to read it from the graph.</param>
    public static OnnxSummary Of(OnnxModel model, OnnxImageInput? image = null)
    {
        image ??= OnnxImageInput.Of(model);
        var shapes = OnnxShapes.Infer(model, image.Sizes(model));
        var layouts = new Dictionary<string, TensorLayout>(StringComparer.Ordinal) { [image.Tensor] = image.Layout };
        var constants = new Dictionary<string, TensorProto>(StringComparer.Ordinal);
        foreach (var tensor in model.Graph.Initializer) constants[tensor.Name] = tensor;
        var fromImage = new HashSet<string>(StringComparer.Ordinal) { image.Tensor };
        var layers = new List<OnnxLayer>();
        long parameters = 0;
        long? multiplyAdds = 0;
        foreach (var node in model.Graph.Node)
        {
            if (node.OpType == "Constant" && node.Tensor("value") is { } value) constants[node.Output.FirstOrDefault("")] = value;
            for (var i = 0; i < node.Input.Count; i++)
            {
                if (constants.TryGetValue(node.Input[i], out var constant) && IsWeight(node, i, constant) && constants.Remove(node.Input[i])) parameters += Count(constant);
            }

            if (!node.Input.Any(fromImage.Contains)) continue;
            multiplyAdds += MultiplyAddsOf(node, shapes, image.FixedBatch ?? 1);
            foreach (var output in node.Output) fromImage.Add(output);
            if (node.Output.Count > 0 && LayoutBehind(node, layouts, shapes) is { } layout) layouts[node.Output[0]] = layout;
            if (node.Output.Count > 0 && CanBeFeature(shapes[node.Output[0]], image))
            {
                var output = shapes[node.Output[0]];
                layers.Add(new OnnxLayer(output, node.OpType, output.Dims!.Count == 4 && layouts.TryGetValue(output.Name, out var order) ? order : null, parameters, multiplyAdds)
                {
                    Tokens = OnnxTokens.Of(shapes, output.Name),
                });
            }
        }

        return new OnnxSummary(layers, parameters, multiplyAdds);
    }

    /// <summary>One vector, map or row of tokens of real numbers per image: anything else cannot be fed to a head.</summary>
    private static bool CanBeFeature(OnnxValue value, OnnxImageInput image) =>
        value.ElementType is OnnxElementType.Float32 or OnnxElementType.Float16
        && value.Dims is [var batch, ..] and { Count: >= 2 and <= 4 }
        && (image.FixedBatch is { } size ? batch.Size == size : !batch.IsKnown && batch.Factor == 1);

    /// <summary>Whether a node reads a constant as a weight: limits, scales and zero points are none, nor are lone numbers of the formula.</summary>
    private static bool IsWeight(NodeProto node, int input, TensorProto constant)
    {
        int[]? places = node.OpType switch
        {
            "Clip" or "Pad" or "Resize" or "Upsample" => [0],
            "QuantizeLinear" or "DequantizeLinear" => [0],
            "QLinearConv" => [0, 3, 8],
            "QLinearMatMul" => [0, 3],
            "ConvInteger" or "MatMulInteger" => [0, 1],
            _ => null,
        };
        if (constant.Dims.Count == 0 || (places is not null && !places.Contains(input))) return false;
        return (OnnxElementType)constant.DataType switch
        {
            OnnxElementType.Float32 or OnnxElementType.Float16 or OnnxElementType.BFloat16 or OnnxElementType.Float64 => true,
            // Elsewhere integers are shapes and indices.
            OnnxElementType.Int8 or OnnxElementType.UInt8 or OnnxElementType.Int32 => places is not null,
            _ => false,
        };
    }

    private static long Count(TensorProto tensor) => OnnxTensorData.CountElements(tensor.Name, tensor.Dims);

    /// <summary>
    /// Where the channels are behind a node: convolutions and pools have them on the second axis, linear layers and normalizations on the
    /// last one, a transpose moves them, and the rest passes them on. Null where that is not clear, as for the weights of an attention.
    /// </summary>
    private static TensorLayout? LayoutBehind(NodeProto node, Dictionary<string, TensorLayout> layouts, OnnxShapes shapes)
    {
        if (node.OpType is "Conv" or "ConvTranspose" or "QLinearConv" or "MaxPool" or "AveragePool" or "GlobalAveragePool" or "GlobalMaxPool" or "BatchNormalization") return TensorLayout.Nchw;
        var given = node.Input.FirstOrDefault(layouts.ContainsKey);
        TensorLayout? layout = given is null ? null : layouts[given];
        switch (node.OpType)
        {
            case "LayerNormalization" when node.Int("axis", -1) == -1:
                return TensorLayout.Nhwc;
            case "MatMul" or "FusedMatMul" or "MatMulInteger" or "QLinearMatMul":
                return node.Input.Count(layouts.ContainsKey) == 1 && shapes.Dims(node.Input.FirstOrDefault(input => !layouts.ContainsKey(input))) is { Count: 2 } ? TensorLayout.Nhwc : null;
            case "Transpose" when shapes.Dims(given) is { Count: var rank and >= 3 } && layout is not null && node.Ints("perm") is { } order && order.Length == rank:
                var channels = Array.IndexOf(order, layout == TensorLayout.Nchw ? 1 : rank - 1);
                return channels == rank - 1 ? TensorLayout.Nhwc : channels == 1 ? TensorLayout.Nchw : null;
            case "Transpose":
                return node.Ints("perm") is [0, 2, 3, 1] ? TensorLayout.Nhwc : TensorLayout.Nchw;
            case "Reshape" when layout is not null && shapes.Dims(given) is { Count: >= 3 } from && shapes.Dims(node.Output[0]) is { Count: >= 3 } to:
                // Only where the channels' own axis stays whole.
                return layout == TensorLayout.Nhwc ? (from[^1] == to[^1] ? layout : null) : from[1] == to[1] ? layout : null;
            default:
                return layout;
        }
    }

    private static long? MultiplyAddsOf(NodeProto node, OnnxShapes shapes, int batch)
    {
        var output = node.Output.Count > 0 ? shapes.Dims(node.Output[0]) : null;
        var depth = node.OpType switch
        {
            "Conv" or "ConvInteger" => BehindFirst(shapes.Dims(node.InputAt(1))),
            "QLinearConv" => BehindFirst(shapes.Dims(node.InputAt(3))),
            "Gemm" or "MatMul" or "MatMulInteger" or "QLinearMatMul" => shapes.Dims(node.InputAt(0)) is { Count: > 0 } x ? x[^1].Size : null,
            _ => 0,
        };
        if (depth == 0) return 0;
        return BehindFirst(output) * (output is [{ Size: { } rows }, ..] ? Math.Max(1, rows / batch) : 1) * depth;
    }

    private static long? BehindFirst(IReadOnlyList<OnnxDim>? dims) => dims is null ? null : Sizes.Product(dims.Skip(1));
}
