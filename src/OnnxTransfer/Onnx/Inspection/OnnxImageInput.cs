using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Onnx.Inspection;

/// <summary>The image input. Height and width are null if they are free; so is the batch size.</summary>
internal sealed record OnnxImageInput(string Tensor, OnnxElementType ElementType, TensorLayout Layout, int? Channels, int? Height, int? Width, int? FixedBatch)
{
    /// <summary>The name that Hugging Face gives to the images in each of its exports.</summary>
    private const string HuggingFaceName = "pixel_values";

    /// <summary>The shape of this input with its height and width, where the graph leaves them free; for <see cref="OnnxShapes.Infer"/>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<OnnxDim>> Sizes(OnnxModel model)
    {
        var dims = model.Inputs.FirstOrDefault(i => i.Name == Tensor)?.Dims?.ToArray() ?? [OnnxDim.Unknown, OnnxDim.Unknown, OnnxDim.Unknown, OnnxDim.Unknown];
        if (dims.Length != 4) return new Dictionary<string, IReadOnlyList<OnnxDim>>();
        var (channels, first) = Layout == TensorLayout.Nchw ? (1, 2) : (3, 1);
        if (!dims[channels].IsKnown) dims[channels] = Channels ?? 3;
        if (!dims[first].IsKnown && Height is { } height) dims[first] = height;
        if (!dims[first + 1].IsKnown && Width is { } width) dims[first + 1] = width;
        return new Dictionary<string, IReadOnlyList<OnnxDim>>(StringComparer.Ordinal) { [Tensor] = dims };
    }

    /// <summary>The input that takes the images; <see cref="InvalidDataException"/> where there is none.</summary>
    internal static OnnxImageInput Of(OnnxModel model)
    {
        foreach (var input in model.Inputs.OrderByDescending(i => i.Name == HuggingFaceName))
        {
            if (input.Dims is not (null or { Count: 4 }) || input.ElementType is OnnxElementType.Int64 or OnnxElementType.Bool or OnnxElementType.String) continue;
            var (read, channels) = Reader(model, input.Name);
            if ((BySizes(input) ?? read ?? (input.Name == HuggingFaceName ? TensorLayout.Nchw : null)) is { } layout) return Of(input, layout, channels);
        }

        Throw.OnnxNoImageInput(model.Source, string.Join(", ", model.Inputs.Select(i => $"'{i.Name}' {i.ShapeText}")));
        return null;
    }

    /// <summary>The input of that name, which a card says takes the images in that layout.</summary>
    internal static OnnxImageInput Of(OnnxModel model, string tensor, TensorLayout layout)
    {
        var input = model.Inputs.FirstOrDefault(i => i.Name == tensor);
        if (input is null) Throw.OnnxInputUnknown(model.Source, tensor, model.Inputs.Select(i => i.Name));
        if (input.Dims is { Count: not 4 }) Throw.OnnxInputNotAnImage(model.Source, tensor, input.ShapeText);
        return Of(input, layout, null);
    }

    /// <summary>Whether a graph takes pixels as bytes.</summary>
    /// <param name="model">The graph, before its input is made float32.</param>
    /// <param name="tensor">The image input; null to find it.</param>
    internal static bool IsBytes(OnnxModel model, string? tensor) =>
        (tensor is null ? Of(model).ElementType : model.Inputs.FirstOrDefault(input => input.Name == tensor)?.ElementType) == OnnxElementType.UInt8;

    private static OnnxImageInput Of(OnnxValue input, TensorLayout layout, int? channels)
    {
        var (c, h, w) = layout == TensorLayout.Nchw ? (1, 2, 3) : (3, 1, 2);
        int? Size(int axis) => (int?)input.Dims?[axis].Size;
        return new OnnxImageInput(input.Name, input.ElementType, layout, Size(c) ?? channels, Size(h), Size(w), Size(0));
    }

    /// <summary>Three or so channels stand on axis 1 or axis 3.</summary>
    private static TensorLayout? BySizes(OnnxValue input) =>
        input.Dims is null ? null : input.Dims[1].Size is 1 or 3 or 4 ? TensorLayout.Nchw : input.Dims[3].Size is 1 or 3 or 4 ? TensorLayout.Nhwc : null;

    /// <summary>Where sizes do not tell, the first convolution, pooling or transpose behind the input does.</summary>
    private static (TensorLayout? Layout, int? Channels) Reader(OnnxModel model, string input)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal) { input };
        foreach (var node in model.Graph.Node.Where(n => n.InputAt(0) is { } x && (reached.Contains(x) || n.Input.Any(reached.Contains))))
        {
            switch (node.OpType)
            {
                case "Conv" or "ConvInteger" or "QLinearConv" or "FusedConv" or "ConvTranspose":
                    var weights = model.Graph.Initializer.FirstOrDefault(t => t.Name == node.InputAt(node.OpType == "QLinearConv" ? 3 : 1));
                    var channels = weights?.Dims is [_, var perGroup, _, _] ? perGroup * node.Int("group", 1) : 0;
                    return (TensorLayout.Nchw, channels is 1 or 3 or 4 && node.OpType != "ConvTranspose" ? (int)channels : null);
                case "BatchNormalization" or "InstanceNormalization" or "MaxPool" or "AveragePool" or "GlobalAveragePool" or "GlobalMaxPool" or "LRN" or "SpaceToDepth":
                    return (TensorLayout.Nchw, null);
                case "Transpose":
                    var order = node.Ints("perm");
                    if (order is [0, 3, 1, 2] or [0, 2, 3, 1]) return (order is [0, 3, 1, 2] ? TensorLayout.Nhwc : TensorLayout.Nchw, null);
                    break;
                case "Cast" or "CastLike" or "Identity" or "Add" or "Sub" or "Mul" or "Div" or "Neg" or "Clip" or "Pad" or "Resize" or "Upsample" or "Slice" or "Gather" or "Concat"
                    or "Relu" or "QuantizeLinear" or "DequantizeLinear" or "DynamicQuantizeLinear":
                    reached.Add(node.Output[0]);
                    break;
            }
        }

        return (null, null);
    }
}
