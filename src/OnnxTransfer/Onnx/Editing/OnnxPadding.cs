using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Editing;

/// <summary>Zeros around a map in front of a maximum pool, which ONNX Runtime computes wrongly.</summary>
internal static class OnnxPadding
{
    /// <summary>
    /// The value that stands for zero in front of a maximum pool. ONNX Runtime (seen in 1.29 and 1.31) moves a padding of zero into the
    /// maximum pool behind it, where padding counts as minus infinity: wrong wherever all values of a window are negative, as in ResNet v2.
    /// It asks for exactly zero, so the least normal float32 keeps it from that and changes nothing else.
    /// </summary>
    internal const float BeforeMaximum = 1.17549435e-38f;

    private const long FirstOpsetWithValueInput = 11;

    /// <summary>Gives <see cref="BeforeMaximum"/> to every padding of zero that a maximum pool reads.</summary>
    internal static void KeepBeforeMaximum(OnnxModel model)
    {
        var index = new OnnxGraphIndex(model);
        foreach (var pool in model.Graph.Node.Where(node => node.OpType == "MaxPool" && node.IsStandard()).ToList())
        {
            if (index.Producer(pool.Input[0]) is not { OpType: "Pad" } pad || pad.Text("mode", "constant") != "constant") continue;
            if (model.Opset < FirstOpsetWithValueInput)
            {
                if (pad.Float("value", 0) != 0) continue;
                foreach (var old in pad.Attribute.Where(attribute => attribute.Name == "value").ToList()) pad.Attribute.Remove(old);
                pad.Attribute.Add(NodeAttributes.Make("value", BeforeMaximum));
                continue;
            }

            // Without a value the padding is zero; other types than float32 have no such small number.
            if (pad.InputAt(2) is { } value && index.Floats(value) is not [0f]) continue;
            if (pad.InputAt(2) is null && index.Constant(pad.Input[0]) is null && Shapes.OnnxShapes.Infer(model)[pad.Input[0]].ElementType != OnnxElementType.Float32) continue;
            var name = OnnxGraphEditor.FreeName(model, pad.Output[0] + "/value");
            model.Graph.Initializer.Add(OnnxTensorData.Make(name, [], [BeforeMaximum]));
            if (pad.Input.Count > 2) pad.Input[2] = name;
            else pad.Input.Add(name);
        }
    }
}
