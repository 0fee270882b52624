using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Shapes;

/// <summary>The part of the image that one number of a layer depends on.</summary>
internal static class OnnxReceptiveField
{
    /// <summary>
    /// The side, in pixels of the network's input, of the square that a place of a tensor is computed from:
    /// <c>r += (k-1)·j</c> and <c>j *= s</c> behind each window of k pixels and stride s, the largest where paths join.
    /// </summary>
    /// <param name="model">The graph.</param>
    /// <param name="image">The image input.</param>
    /// <param name="tensor">A tensor computed from the image.</param>
    /// <returns>Null if something on the way looks at the whole image.</returns>
    internal static long? Of(OnnxModel model, OnnxImageInput image, string tensor)
    {
        var shapes = OnnxShapes.Infer(model, image.Sizes(model));
        var fields = new Dictionary<string, (long? Side, long Jump)>(StringComparer.Ordinal) { [image.Tensor] = (1, 1) };
        foreach (var node in model.Graph.Node)
        {
            var inputs = node.Input.Where(fields.ContainsKey).Select(input => fields[input]).ToList();
            if (inputs.Count == 0) continue;
            var field = Behind(node, Join(inputs), shapes);
            foreach (var output in node.Output) fields[output] = field;
        }

        return fields.GetValueOrDefault(tensor).Side;
    }

    private static (long? Side, long Jump) Join(List<(long? Side, long Jump)> inputs) =>
        (inputs.Exists(field => field.Side is null) ? null : inputs.Max(field => field.Side), inputs.Max(field => field.Jump));

    private static (long? Side, long Jump) Behind(NodeProto node, (long? Side, long Jump) input, OnnxShapes shapes)
    {
        switch (node.OpType)
        {
            case "Conv" or "QLinearConv" or "ConvInteger" or "MaxPool" or "AveragePool" or "LpPool":
                var weights = node.OpType == "QLinearConv" ? 3 : 1;
                var window = node.Ints("kernel_shape")?.Max() ?? shapes.Dims(node.InputAt(weights))?.Skip(2).Max(dim => dim.Size) ?? 1;
                var dilation = node.Ints("dilations")?.Max() ?? 1;
                return (input.Side + ((window - 1) * dilation * input.Jump), input.Jump * (node.Ints("strides")?.Max() ?? 1));
            case "GlobalAveragePool" or "GlobalMaxPool" or "GlobalLpPool" or "ReduceMean" or "ReduceMax" or "ReduceSum" or "Gemm" or "MatMul" or "Flatten":
                return (null, input.Jump);
            default:
                return input;
        }
    }
}
