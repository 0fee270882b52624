using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Onnx.Editing;

/// <summary>Changes that make a model that was exported for one purpose usable as a backbone; the values it computes stay the same.</summary>
internal static class OnnxAdapter
{
    private const long FirstIrVersionWithFreeConstants = 4;

    /// <summary>Makes a model a backbone: its constants are no inputs, callers feed and get float32, and the batch is free where it can be.</summary>
    /// <returns>Why the batch stays fixed; null if it is free.</returns>
    public static string? MakeBackbone(OnnxModel model, OnnxImageInput image)
    {
        DropConstantInputs(model);
        UseFloat32(model);
        OnnxPadding.KeepBeforeMaximum(model);
        try
        {
            FreeBatch(model, image);
            return null;
        }
        catch (NotSupportedException exception)
        {
            // Such a network still runs with its fixed number of images, or with one if its input does not state the number.
            if (image.FixedBatch is null) SetBatch(model, image, new TensorShapeProto.Types.Dimension { DimValue = 1 });
            return exception.Message;
        }
    }

    /// <summary>
    /// Takes initializers out of the list of inputs, where files older than IR version 4 must have them. From that version
    /// on they would count as defaults that a caller may replace, and the runtime could not fold them.
    /// </summary>
    public static void DropConstantInputs(OnnxModel model)
    {
        var constants = model.Graph.Initializer.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        var inputs = model.Graph.Input.Where(i => !constants.Contains(i.Name)).ToList();
        model.Graph.Input.Clear();
        model.Graph.Input.AddRange(inputs);
        model.Proto.IrVersion = Math.Max(model.Proto.IrVersion, FirstIrVersionWithFreeConstants);
    }

    /// <summary>
    /// Frees a batch axis that the file fixes: the input's first axis, and every Reshape whose constant target repeats the
    /// old size; of a free input, a size of one. Nothing happens where all of it is free already.
    /// </summary>
    /// <exception cref="NotSupportedException">A node mixes the images of a batch or fixes their number in another way; it is
    /// named, and the model is as it was.</exception>
    public static void FreeBatch(OnnxModel model, OnnxImageInput? image = null)
    {
        image ??= OnnxImageInput.Of(model);
        if (model.Inputs.FirstOrDefault(i => i.Name == image.Tensor)?.Dims is null) return;
        var trial = model.Clone();
        SetBatch(trial, image, new TensorShapeProto.Types.Dimension { DimParam = OnnxBatchAxis.Symbol });
        // The inner shapes that the file states repeat the old size.
        trial.Graph.ValueInfo.Clear();
        trial.Graph.Output.Clear();
        var axis = new OnnxBatchAxis(trial, image.FixedBatch ?? 1);
        try
        {
            axis.Free(image);
        }
        catch (NotSupportedException) when (image.FixedBatch is null && !axis.Changed && !axis.MixesImages)
        {
            // The file says that its batch is free, and nothing speaks against it so far.
            return;
        }

        if (image.FixedBatch is null && !axis.Changed) return;
        var shapes = OnnxShapes.Infer(trial);
        foreach (var output in model.Graph.Output)
        {
            var value = OnnxValue.From(output);
            trial.Graph.Output.Add((shapes.WhyUnknown(output.Name) is null ? shapes[output.Name] : value with { Dims = null }).ToProto());
        }

        model.Replace(trial);
    }

    /// <summary>Puts casts at inputs of bytes and at inputs and outputs of 16-bit or 64-bit floating point, so that callers feed and get float32; names stay.</summary>
    public static void UseFloat32(OnnxModel model)
    {
        var casts = new List<NodeProto>();
        foreach (var input in model.Inputs.Where(i => i.ElementType is OnnxElementType.Float16 or OnnxElementType.Float64 or OnnxElementType.UInt8))
        {
            var inner = OnnxGraphEditor.FreeName(model, input.Name + "/cast");
            OnnxGraphEditor.Rename(model, input.Name, inner);
            var proto = model.Graph.Input.First(i => i.Name == inner);
            (proto.Name, proto.Type.TensorType.ElemType) = (input.Name, (int)OnnxElementType.Float32);
            if (input.ElementType != OnnxElementType.UInt8)
            {
                casts.Add(Cast(model, input.Name, inner, input.ElementType));
                continue;
            }

            // Some resizes give fractions, and some filters overshoot; a cast alone would wrap around.
            string[] names = [.. new[] { "/low", "/high", "/rounded", "/limited" }.Select(end => OnnxGraphEditor.FreeName(model, input.Name + end))];
            model.Graph.Initializer.Add(OnnxTensorData.Make(names[0], [], [0f]));
            model.Graph.Initializer.Add(OnnxTensorData.Make(names[1], [], [255f]));
            casts.Add(OnnxGraphEditor.MakeNode(model, "Round", [input.Name], names[2]));
            casts.Add(OnnxGraphEditor.MakeNode(model, "Clip", [names[2], names[0], names[1]], names[3]));
            casts.Add(Cast(model, names[3], inner, input.ElementType));
        }

        var shapes = OnnxShapes.Infer(model);
        foreach (var output in model.Outputs)
        {
            var type = output.ElementType == OnnxElementType.Unknown ? shapes[output.Name].ElementType : output.ElementType;
            if (type is not (OnnxElementType.Float16 or OnnxElementType.Float64)) continue;
            var inner = OnnxGraphEditor.FreeName(model, output.Name + "/cast");
            OnnxGraphEditor.Rename(model, output.Name, inner);
            var proto = model.Graph.Output.First(o => o.Name == inner);
            (proto.Name, proto.Type) = (output.Name, (output with { ElementType = OnnxElementType.Float32 }).ToProto().Type);
            model.Graph.Node.Add(Cast(model, inner, output.Name, OnnxElementType.Float32));
        }

        for (var i = 0; i < casts.Count; i++) model.Graph.Node.Insert(i, casts[i]);
    }

    private static void SetBatch(OnnxModel model, OnnxImageInput image, TensorShapeProto.Types.Dimension size)
    {
        foreach (var input in model.Graph.Input.Where(i => i.Name == image.Tensor)) input.Type.TensorType.Shape.Dim[0] = size;
    }

    private static NodeProto Cast(OnnxModel model, string input, string output, OnnxElementType to) =>
        OnnxGraphEditor.MakeNode(model, "Cast", [input], output, ("to", (int)to));
}
