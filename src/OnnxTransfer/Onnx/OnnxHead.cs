namespace OnnxTransfer.Onnx;

/// <summary>A linear classifier as it stands in a graph.</summary>
/// <param name="Weights">W <c>[D,C]</c>, row-major.</param>
/// <param name="Bias">b <c>[C]</c>.</param>
internal sealed record OnnxHead(float[] Weights, float[] Bias)
{
    /// <summary>Reads back what <see cref="OnnxGraphEditor.AppendHead"/> wrote; null when the graph has no such node.</summary>
    internal static OnnxHead? Find(OnnxModel model, string logits)
    {
        var gemm = model.Graph.Node.FirstOrDefault(node => node.OpType == "Gemm" && node.Output is [var output] && output == logits);
        if (gemm is null || gemm.Input.Count != 3) return null;
        var weights = Constant(gemm.Input[1]);
        var bias = Constant(gemm.Input[2]);
        return weights is null || bias is null ? null : new OnnxHead(OnnxTensorData.ReadFloats(weights), OnnxTensorData.ReadFloats(bias));

        TensorProto? Constant(string name) => model.Graph.Initializer.FirstOrDefault(tensor => tensor.Name == name);
    }
}
