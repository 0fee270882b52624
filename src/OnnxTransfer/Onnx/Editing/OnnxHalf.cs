using System.Buffers.Binary;
using Google.Protobuf;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Onnx.Editing;

/// <summary>A float32 graph in 16-bit floating point, for GPUs.</summary>
internal static class OnnxHalf
{
    /// <summary>Inputs that the standard requires in float32, for any format of the other numbers.</summary>
    private static readonly Dictionary<string, int[]> s_keepsFloat = new(StringComparer.Ordinal)
    {
        ["Resize"] = [1, 2],
        ["Upsample"] = [1],
        ["QuantizeLinear"] = [1],
        ["DequantizeLinear"] = [1],
    };

    /// <summary>
    /// Makes every float32 constant and inner tensor float16, with a Cast behind each float32 input and before each float32
    /// output, whose names and types stay. A constant beyond ±65504 becomes that number.
    /// </summary>
    public static void Convert(OnnxModel model)
    {
        var graph = model.Graph;
        var types = OnnxShapes.Infer(model);
        var kept = graph.Node.SelectMany(KeptInputs).ToHashSet(StringComparer.Ordinal);
        graph.EditConstants(tensor => !kept.Contains(tensor.Name), ToHalf);
        foreach (var node in graph.Node)
        {
            if (node.OpType == "Cast" && node.Int("to", 0) == (int)OnnxElementType.Float32)
                node.Attribute.First(a => a.Name == "to").I = (int)OnnxElementType.Float16;
            if (node.Output.Any(kept.Contains)) continue;
            foreach (var attribute in node.Attribute.Where(a => a.T is not null)) ToHalf(attribute.T);
        }

        // The types that the file states for inner tensors are the old ones.
        graph.ValueInfo.Clear();
        var casts = new List<NodeProto>();
        foreach (var input in model.Inputs.Where(i => i.ElementType == OnnxElementType.Float32)) casts.Add(CastInput(model, input.Name));
        foreach (var output in model.Outputs.Where(o => TypeOf(o, types) == OnnxElementType.Float32)) CastOutput(model, output.Name);
        for (var i = 0; i < casts.Count; i++) graph.Node.Insert(i, casts[i]);
    }

    private static OnnxElementType TypeOf(OnnxValue output, OnnxShapes shapes) =>
        output.ElementType == OnnxElementType.Unknown ? shapes[output.Name].ElementType : output.ElementType;

    private static IEnumerable<string> KeptInputs(NodeProto node) =>
        node.IsStandard() && s_keepsFloat.TryGetValue(node.OpType, out var indices)
            ? indices.Select(i => node.InputAt(i)).OfType<string>()
            : [];

    private static NodeProto CastInput(OnnxModel model, string name)
    {
        var inner = OnnxGraphEditor.FreeName(model, name + "/half");
        OnnxGraphEditor.Rename(model, name, inner);
        model.Graph.Input.First(i => i.Name == inner).Name = name;
        return OnnxGraphEditor.MakeNode(model, "Cast", [name], inner, ("to", (int)OnnxElementType.Float16));
    }

    private static void CastOutput(OnnxModel model, string name)
    {
        var inner = OnnxGraphEditor.FreeName(model, name + "/half");
        OnnxGraphEditor.Rename(model, name, inner);
        model.Graph.Output.First(o => o.Name == inner).Name = name;
        model.Graph.Node.Add(OnnxGraphEditor.MakeNode(model, "Cast", [inner], name, ("to", (int)OnnxElementType.Float32)));
    }

    private static void ToHalf(TensorProto tensor)
    {
        if ((OnnxElementType)tensor.DataType != OnnxElementType.Float32) return;
        var values = OnnxTensorData.ReadFloats(tensor);
        var bytes = new byte[2 * values.Length];
        var (low, high) = ((float)Half.MinValue, (float)Half.MaxValue);
        for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(2 * i), (Half)Math.Clamp(values[i], low, high));
        tensor.FloatData.Clear();
        tensor.RawData = UnsafeByteOperations.UnsafeWrap(bytes);
        tensor.DataType = (int)OnnxElementType.Float16;
    }
}
