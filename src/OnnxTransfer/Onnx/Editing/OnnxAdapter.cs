using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Onnx.Editing;

/// <summary>Changes that make a model that was exported for one purpose usable as a backbone; the values it computes stay the same.</summary>
internal static class OnnxAdapter
{
    private const long FirstIrVersionWithFreeConstants = 4;
    private const string Batch = "N";

    /// <summary>Makes a model a backbone: its constants are no inputs, callers feed and get float32, and the batch is free where it can be.</summary>
    /// <returns>Why the batch stays fixed; null if it is free.</returns>
    public static string? MakeBackbone(OnnxModel model, OnnxImageInput image)
    {
        DropConstantInputs(model);
        UseFloat32(model);
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
        image ??= OnnxInspector.ImageInputOf(model);
        if (model.Inputs.FirstOrDefault(i => i.Name == image.Tensor)?.Dims is null) return;
        var trial = model.Clone();
        SetBatch(trial, image, new TensorShapeProto.Types.Dimension { DimParam = Batch });
        // The inner shapes that the file states repeat the old size.
        trial.Graph.ValueInfo.Clear();
        trial.Graph.Output.Clear();

        var shapes = OnnxShapes.Infer(trial);
        // A Reshape's result shows whether the next one reads a free batch, so several passes may be needed.
        var changes = image.FixedBatch is not null;
        for (; RewriteReshapes(trial, shapes, image.FixedBatch ?? 1); changes = true) shapes = OnnxShapes.Infer(trial);
        if (!changes) return;
        Verify(trial, shapes, image.Tensor);
        foreach (var output in model.Graph.Output)
        {
            var value = OnnxValue.From(output);
            trial.Graph.Output.Add((shapes.WhyUnknown(output.Name) is null ? shapes[output.Name] : value with { Dims = null }).ToProto());
        }

        model.Replace(trial);
    }

    /// <summary>Puts casts at inputs and outputs of 16-bit or 64-bit floating point, so that callers feed and get float32; names stay.</summary>
    public static void UseFloat32(OnnxModel model)
    {
        var casts = new List<NodeProto>();
        foreach (var input in model.Inputs.Where(i => i.ElementType is OnnxElementType.Float16 or OnnxElementType.Float64))
        {
            var inner = OnnxGraphEditor.FreeName(model, input.Name + "/cast");
            OnnxGraphEditor.Rename(model, input.Name, inner);
            var proto = model.Graph.Input.First(i => i.Name == inner);
            (proto.Name, proto.Type.TensorType.ElemType) = (input.Name, (int)OnnxElementType.Float32);
            casts.Add(Cast(model, input.Name, inner, input.ElementType));
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

    private static bool RewriteReshapes(OnnxModel model, OnnxShapes shapes, int size)
    {
        var changed = false;
        foreach (var node in model.Graph.Node.Where(n => n.OpType == "Reshape" && n.IsStandard() && n.Input.Count == 2))
        {
            if (shapes.Dims(node.Input[0]) is not [{ Symbol: Batch }, ..] x || shapes.Contents(node.Input[1]) is not { Length: > 0 } target) continue;
            if (target[0].Size != size || Array.Exists(target, d => d.Size is null)) continue;
            // Only where each image keeps its own elements may the first number be read as the batch.
            var perImage = Sizes.Product(x.Skip(1));
            if (!Array.Exists(target, d => d.Size == -1) && (perImage is null || Sizes.Product(target.Skip(1)) != perImage)) continue;
            var name = OnnxGraphEditor.FreeName(model, node.Input[1] + "/batch");
            // A 0 copies the batch size of the run.
            model.Graph.Initializer.Add(OnnxTensorData.Make(name, [target.Length], [0L, .. target.Skip(1).Select(d => d.Size!.Value)]));
            node.Input[1] = name;
            changed = true;
        }

        return changed;
    }

    private static void Verify(OnnxModel model, OnnxShapes shapes, string image)
    {
        var fromImage = new HashSet<string>(StringComparer.Ordinal) { image };
        foreach (var node in model.Graph.Node.Where(n => n.Input.Any(fromImage.Contains)))
        {
            foreach (var output in node.Output.Where(o => o.Length > 0))
            {
                fromImage.Add(output);
                // Integers are shapes on their way to a Reshape, not images.
                if (shapes[output].ElementType is OnnxElementType.Int64 or OnnxElementType.Int32 or OnnxElementType.Bool) continue;
                if (shapes.WhyUnknown(output) is { } why) Throw.OnnxBatchFixed(model.Source, node.OpType, node.Name, output, why);
                if (shapes.Dims(output) is not [{ Symbol: Batch }, ..])
                    Throw.OnnxBatchFixed(model.Source, node.OpType, node.Name, output, $"its shape becomes {shapes[output].ShapeText}, which does not begin with the batch");
            }
        }
    }
}
