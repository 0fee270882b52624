using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Onnx.Inspection;

/// <summary>The kind of a network's class scores.</summary>
internal enum ScoreKind
{
    /// <summary>Before the softmax: any real number.</summary>
    Logits,

    /// <summary>After the softmax: non-negative, summing to one.</summary>
    Probabilities,
}

/// <summary>The image input. Height and width are null if they are free; so is the batch size.</summary>
internal sealed record OnnxImageInput(string Tensor, OnnxElementType ElementType, TensorLayout Layout, int? Channels, int? Height, int? Width, int? FixedBatch)
{
    /// <summary>The shape of this input with its height and width, where the graph leaves them free; for <see cref="OnnxShapes.Infer"/>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<OnnxDim>> Sizes(OnnxModel model)
    {
        var dims = model.Inputs.FirstOrDefault(i => i.Name == Tensor)?.Dims?.ToArray() ?? [OnnxDim.Unknown, OnnxDim.Unknown, OnnxDim.Unknown, OnnxDim.Unknown];
        if (dims.Length != 4) return new Dictionary<string, IReadOnlyList<OnnxDim>>();
        var first = Layout == TensorLayout.Nchw ? 2 : 1;
        if (!dims[first].IsKnown && Height is { } height) dims[first] = height;
        if (!dims[first + 1].IsKnown && Width is { } width) dims[first + 1] = width;
        return new Dictionary<string, IReadOnlyList<OnnxDim>>(StringComparer.Ordinal) { [Tensor] = dims };
    }
}

/// <summary>The feature tensor. Spatial ones must be pooled before they are one vector per image; <paramref name="Dim"/> is null if it could not be inferred.</summary>
internal sealed record OnnxFeatureTensor(string Tensor, int? Dim, bool IsSpatial);

/// <summary>The class scores <c>[N,C]</c>.</summary>
internal sealed record OnnxClassOutput(string Tensor, ScoreKind Kind, int? Count);

/// <summary>The facts about a model that its graph shows.</summary>
/// <param name="Input">The image input.</param>
/// <param name="Features">The feature tensor; null if none was found, for the reason in <paramref name="WhyNoFeatures"/>.</param>
/// <param name="Classes">The class scores; null if the graph does not end in a classifier.</param>
/// <param name="WhyNoFeatures">The reason, as one sentence.</param>
internal sealed record OnnxInspection(OnnxImageInput Input, OnnxFeatureTensor? Features, OnnxClassOutput? Classes, string? WhyNoFeatures);

/// <summary>
/// Reads from a graph what a model card would say: the image input, and the features as the data input of the last
/// Gemm, MatMul or 1x1 convolution that makes class scores.
/// </summary>
internal static class OnnxInspector
{
    /// <summary>Numbers of classes by which an ImageNet classifier is recognized where no softmax shows it.</summary>
    private static readonly int[] s_imageNetCounts = [1000, 1001];

    public static OnnxInspection Inspect(OnnxModel model)
    {
        var shapes = OnnxShapes.Infer(model);
        var input = ImageInputOf(model);
        var index = new OnnxGraphIndex(model);

        foreach (var output in model.Outputs)
        {
            if (FindClassifier(output.Name, index, shapes) is not { } found) continue;
            return new OnnxInspection(input, found.Features, found.Classes, null);
        }

        foreach (var output in model.Outputs)
        {
            var dims = shapes.Dims(output.Name) ?? output.Dims;
            if (dims is not { Count: 2 or 4 }) continue;
            var dim = dims.Count == 2 ? dims[1].Size : dims[2].Size == 1 ? dims.Skip(1).FirstOrDefault(d => d.Size != 1).Size : dims[1].Size;
            var spatial = dims.Count == 4 && dims[2].Size != 1;
            return new OnnxInspection(input, new OnnxFeatureTensor(output.Name, (int?)dim, spatial), null, null);
        }

        var last = model.Outputs[0].Name;
        var why = $"The graph of {model.Source} does not end in a Gemm, MatMul or 1x1 convolution, and its output '{last}' is not [N,D]"
            + (shapes.WhyUnknown(last) is { } reason ? $" as far as can be seen: {reason}" : "")
            + "; name the feature tensor in a .model.json.";
        return new OnnxInspection(input, null, null, why);
    }

    /// <summary>The input that takes the images; <see cref="InvalidDataException"/> where there is none.</summary>
    public static OnnxImageInput ImageInputOf(OnnxModel model)
    {
        foreach (var input in model.Inputs)
        {
            if (input.Dims is { Count: 4 } && Layout(model, input) is { } layout) return ImageInputOf(input, layout);
        }

        Throw.OnnxNoImageInput(model.Source, string.Join(", ", model.Inputs.Select(i => $"'{i.Name}' {i.ShapeText}")));
        return null;
    }

    /// <summary>The input of that name, which a card says takes the images in that layout.</summary>
    public static OnnxImageInput ImageInputOf(OnnxModel model, string tensor, TensorLayout layout)
    {
        var input = model.Inputs.FirstOrDefault(i => i.Name == tensor);
        if (input is null) Throw.OnnxInputUnknown(model.Source, tensor, model.Inputs.Select(i => i.Name));
        if (input.Dims is { Count: not 4 }) Throw.OnnxInputNotAnImage(model.Source, tensor, input.ShapeText);
        return ImageInputOf(input, layout);
    }

    private static OnnxImageInput ImageInputOf(OnnxValue input, TensorLayout layout)
    {
        var (c, h, w) = layout == TensorLayout.Nchw ? (1, 2, 3) : (3, 1, 2);
        int? Size(int axis) => (int?)input.Dims?[axis].Size;
        return new OnnxImageInput(input.Name, input.ElementType, layout, Size(c), Size(h), Size(w), Size(0));
    }

    /// <summary>Three or so channels stand on axis 1 or axis 3; where sizes do not tell, the first node behind the input does.</summary>
    private static TensorLayout? Layout(OnnxModel model, OnnxValue input)
    {
        if (input.Dims![1].Size is 1 or 3 or 4) return TensorLayout.Nchw;
        if (input.Dims[3].Size is 1 or 3 or 4) return TensorLayout.Nhwc;
        if (input.Dims[1].IsKnown && input.Dims[3].IsKnown) return null;
        var reader = model.Graph.Node.FirstOrDefault(n => n.InputAt(0) == input.Name);
        return reader?.OpType switch
        {
            "Transpose" => reader.Ints("perm") is [0, 3, 1, 2] ? TensorLayout.Nhwc : null,
            "Conv" or "BatchNormalization" => TensorLayout.Nchw,
            _ => null,
        };
    }

    private static (OnnxFeatureTensor Features, OnnxClassOutput Classes)? FindClassifier(
        string output, OnnxGraphIndex index, OnnxShapes shapes)
    {
        var kind = ScoreKind.Logits;
        var tensor = output;
        var throughPooling = false;
        // A graph has no cycles, but a damaged file may: no walk is longer than the graph.
        for (var steps = 0; steps <= index.NodeCount && index.Producer(tensor) is { } node; steps++)
        {
            if (Weights(node, index, shapes) is { } weights)
            {
                var (dim, count) = weights;
                // A network without a head also ends in convolution, activation and pooling, so only the form of a classifier decides.
                if (throughPooling && kind == ScoreKind.Logits && !s_imageNetCounts.Contains(count ?? 0)) return null;
                var features = Unrounded(node.Input[0], index);
                var dims = shapes.Dims(features);
                var spatial = dims is { Count: 4 } && !(dims[2].Size == 1 && dims[3].Size == 1);
                return (new OnnxFeatureTensor(features, dim, spatial), new OnnxClassOutput(output, kind, count));
            }

            if (node.InputAt(0) is not { } data) return null;
            switch (node.OpType)
            {
                case "Softmax":
                    kind = ScoreKind.Probabilities;
                    tensor = data;
                    break;
                case "Identity" or "Cast" or "Dropout" or "Flatten" or "Reshape" or "Squeeze" or "Unsqueeze" or "Transpose" or "QuantizeLinear" or "DequantizeLinear":
                    tensor = data;
                    break;
                case "GlobalAveragePool" or "AveragePool" or "ReduceMean" or "Relu" or "Clip":
                    throughPooling = true;
                    tensor = data;
                    break;
                case "Add" or "Mul" when node.Input.Count == 2 && IsConstant(node.Input[1], index):
                    tensor = data;
                    break;
                case "Add" or "Mul" when node.Input.Count == 2 && IsConstant(node.Input[0], index):
                    tensor = node.Input[1];
                    break;
                default:
                    return null;
            }
        }

        return null;
    }

    /// <summary>Dimension and number of classes of a linear layer; null when the node is not one.</summary>
    private static (int? Dim, int? Count)? Weights(NodeProto node, OnnxGraphIndex index, OnnxShapes shapes)
    {
        if (node.Input.Count < 2 || !IsConstant(node.Input[1], index)) return null;
        var w = shapes.Dims(node.Input[1]);
        switch (node.OpType)
        {
            case "Gemm":
                var transposed = node.Int("transB", 0) != 0;
                return w is { Count: 2 } ? ((int?)w[transposed ? 1 : 0].Size, (int?)w[transposed ? 0 : 1].Size) : (null, null);
            case "MatMul":
                return w is { Count: 2 } ? ((int?)w[0].Size, (int?)w[1].Size) : null;
            case "Conv" or "ConvInteger" when w is [var count, var dim, { Size: 1 }, { Size: 1 }] && node.Int("group", 1) == 1:
                return ((int?)dim.Size, (int?)count.Size);
            default:
                return null;
        }
    }

    /// <summary>The real numbers behind what an integer layer reads: rounding them is that layer's own business.</summary>
    private static string Unrounded(string tensor, OnnxGraphIndex index)
    {
        if (index.Producer(tensor) is { OpType: "DequantizeLinear" } dequantized && index.Producer(dequantized.Input[0]) is not null) tensor = dequantized.Input[0];
        return index.Producer(tensor) is { OpType: "QuantizeLinear" } quantized ? quantized.Input[0] : tensor;
    }

    /// <summary>Whether a tensor does not depend on the image: a constant, or what a chain of simple nodes makes of one.</summary>
    private static bool IsConstant(string tensor, OnnxGraphIndex index)
    {
        for (var steps = 0; steps <= index.NodeCount; steps++)
        {
            if (index.Producer(tensor) is not { } node) return !index.IsInput(tensor);
            if (node.OpType == "Constant") return true;
            if (node.OpType is not ("DequantizeLinear" or "Cast" or "Transpose" or "Identity" or "Reshape" or "Squeeze" or "Unsqueeze")) return false;
            tensor = node.InputAt(0) ?? "";
        }

        return false;
    }
}
