using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Editing;

/// <summary>
/// Normalization inside the graph, so that a caller feeds bytes. This is a quarter of the memory to copy, and the caller cannot make a
/// mistake in the normalization.
/// </summary>
internal static class OnnxPixelInput
{
    private const int Channels = 3;

    /// <summary>
    /// Replaces a float32 image input by one of pixels, uint8 <c>[N,H,W,3]</c> in the order R, G, B, with
    /// <c>x = (pixel * rescale - mean) / std</c> and the change of layout and channel order computed by the graph. The factors
    /// are computed in double and rounded once to one multiplication and one addition, as the preprocessing does it outside.
    /// </summary>
    /// <param name="model">The graph; changed in place. Its batch axis stays as free or fixed as it was.</param>
    /// <param name="input">The float32 input to replace.</param>
    /// <param name="pixels">The name of the new input; may be that of the old one.</param>
    /// <param name="layout">The layout of the old input.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="rescale">The factor on a pixel of 0 to 255.</param>
    /// <param name="mean">Subtracted after the rescale; three numbers in the old input's channel order.</param>
    /// <param name="std">Divided by last; three numbers in the old input's channel order.</param>
    /// <param name="bgr">Whether the old input's channels are B, G, R.</param>
    /// <exception cref="ArgumentException">No such input, it is no float32 image of that size, the name is taken, or a number is unusable.</exception>
    public static void Prepend(
        OnnxModel model, string input, string pixels, TensorLayout layout, int height, int width,
        double rescale, IReadOnlyList<double> mean, IReadOnlyList<double> std, bool bgr)
    {
        var (scale, offset) = Affine(rescale, mean, std);
        var batch = CheckInput(model, input, layout, height, width);
        if (pixels != input && OnnxGraphEditor.IsTaken(model, pixels)) Throw.OnnxTensorNameTaken(model.Source, pixels);

        var normalized = OnnxGraphEditor.FreeName(model, input + "/normalised");
        OnnxGraphEditor.Rename(model, input, normalized);
        var proto = model.Graph.Input.First(i => i.Name == normalized);
        var index = model.Graph.Input.IndexOf(proto);
        model.Graph.Input[index] = new OnnxValue(pixels, OnnxElementType.UInt8, [batch, height, width, Channels]).ToProto();

        var nodes = new List<NodeProto>();
        var x = pixels;
        if (bgr)
        {
            // R, G, B to B, G, R along the last axis of NHWC.
            var order = Free("/order");
            model.Graph.Initializer.Add(OnnxTensorData.Make(order, [Channels], [2L, 1, 0]));
            x = Node("Gather", [x, order], Free("/bgr"), ("axis", 3));
        }

        // NHWC to NCHW while a value is still one byte.
        if (layout == TensorLayout.Nchw) x = Node("Transpose", [x], Free("/nchw"), ("perm", new long[] { 0, 3, 1, 2 }));
        x = Node("Cast", [x], Free("/float"), ("to", (int)OnnxElementType.Float32));
        x = Node("Mul", [x, PerChannel("/scale", scale)], Free("/scaled"));
        Node("Add", [x, PerChannel("/offset", offset)], normalized);
        for (var i = 0; i < nodes.Count; i++) model.Graph.Node.Insert(i, nodes[i]);

        string Free(string suffix) => OnnxGraphEditor.FreeName(model, pixels + suffix);

        string Node(string opType, IEnumerable<string> inputs, string output, params (string Name, object Value)[] attributes)
        {
            nodes.Add(OnnxGraphEditor.MakeNode(model, opType, inputs, output, attributes));
            return output;
        }

        string PerChannel(string suffix, float[] values)
        {
            var name = Free(suffix);
            // NHWC: a whole row, because the runtime repeats three numbers at a time much more slowly.
            if (layout == TensorLayout.Nchw) model.Graph.Initializer.Add(OnnxTensorData.Make(name, [1, Channels, 1, 1], values));
            else model.Graph.Initializer.Add(OnnxTensorData.Make(name, [1, 1, width, Channels], [.. Enumerable.Repeat(values, width).SelectMany(v => v)]));
            return name;
        }
    }

    /// <summary>Undoes <see cref="Prepend"/>: the float32 input is back, under its name, and the values behind it are computed as before.</summary>
    /// <param name="model">A graph that <see cref="Prepend"/> changed.</param>
    /// <param name="input">The name of the float32 input.</param>
    /// <param name="layout">Its layout.</param>
    /// <exception cref="InvalidDataException">The graph has no pixel input.</exception>
    public static void Remove(OnnxModel model, string input, TensorLayout layout)
    {
        var pixels = model.Inputs.SingleOrDefault(i => i.ElementType == OnnxElementType.UInt8);
        if (pixels is not { Dims: [var batch, var height, var width, _] }) throw Throw.OnnxNoPixelInput(model.Source);
        var (x, reached) = (pixels.Name, false);
        while (!reached)
        {
            var node = model.Graph.Node.FirstOrDefault(n => n.Input.Contains(x));
            if (node is null || node.OpType is not ("Gather" or "Transpose" or "Cast" or "Mul" or "Add")) throw Throw.OnnxNoPixelInput(model.Source);
            model.Graph.Node.Remove(node);
            (x, reached) = (node.Output[0], node.OpType == "Add");
        }

        var index = model.Graph.Input.IndexOf(model.Graph.Input.First(i => i.Name == pixels.Name));
        OnnxDim[] dims = layout == TensorLayout.Nchw ? [batch, Channels, height, width] : [batch, height, width, Channels];
        model.Graph.Input[index] = new OnnxValue(x, OnnxElementType.Float32, dims).ToProto();
        OnnxGraphEditor.Rename(model, x, input);
    }

    private static (float[] Scale, float[] Offset) Affine(double rescale, IReadOnlyList<double> mean, IReadOnlyList<double> std)
    {
        if (mean.Count != Channels) Throw.OnnxChannelValuesWrong(nameof(mean), mean.Count);
        if (std.Count != Channels) Throw.OnnxChannelValuesWrong(nameof(std), std.Count);
        var (scale, offset) = (new float[Channels], new float[Channels]);
        for (var c = 0; c < Channels; c++)
        {
            scale[c] = (float)(rescale / std[c]);
            offset[c] = (float)(-mean[c] / std[c]);
            if (!float.IsFinite(scale[c]) || scale[c] == 0 || !float.IsFinite(offset[c])) Throw.OnnxNormalizationUnusable(c, rescale, mean[c], std[c]);
        }

        return (scale, offset);
    }

    /// <summary>The batch axis of the input that is to be replaced.</summary>
    private static OnnxDim CheckInput(OnnxModel model, string input, TensorLayout layout, int height, int width)
    {
        var value = model.Inputs.FirstOrDefault(i => i.Name == input);
        if (value is null) Throw.OnnxInputUnknown(model.Source, input, model.Inputs.Select(i => i.Name));
        OnnxDim[] wanted = layout == TensorLayout.Nchw ? [OnnxDim.Unknown, Channels, height, width] : [OnnxDim.Unknown, height, width, Channels];
        var fits = value.ElementType == OnnxElementType.Float32 && value.Dims is null or { Count: 4 };
        for (var axis = 1; fits && value.Dims is { } dims && axis < 4; axis++)
            fits = dims[axis].Size is null || dims[axis].Size == wanted[axis].Size;
        if (!fits) Throw.OnnxInputNotThisImage(model.Source, input, value.ElementType, value.ShapeText, $"[N,{string.Join(",", wanted.Skip(1))}]");
        return value.Dims?[0] ?? OnnxDim.Unknown;
    }
}
