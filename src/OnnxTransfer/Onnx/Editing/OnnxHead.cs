using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Editing;

/// <summary>A dense layer of a classifier in a graph: a Gemm and its activation.</summary>
/// <param name="Weights">W <c>[inputs, outputs]</c>, row-major.</param>
/// <param name="Bias">b <c>[outputs]</c>.</param>
/// <param name="Activation">The ONNX operator behind it: <c>Relu</c>, <c>Sigmoid</c> or <c>Softmax</c>.</param>
internal sealed record OnnxDense(float[] Weights, float[] Bias, string Activation)
{
    internal int Inputs => Bias.Length == 0 ? 0 : Weights.Length / Bias.Length;
}

/// <summary>A classifier as it stands in a graph: dense layers, first to last.</summary>
internal sealed record OnnxHead(IReadOnlyList<OnnxDense> Layers)
{
    /// <summary>Reads back what <see cref="OnnxGraphEditor.AppendHead"/> wrote; null when the graph has no such nodes.</summary>
    internal static OnnxHead? Find(OnnxModel model, string logits, string probabilities)
    {
        var index = new OnnxGraphIndex(model);
        var layers = new List<OnnxDense>();
        var active = probabilities;
        // From the last activation back to the features, which no activation directly on a Gemm of two constants makes.
        while (index.Producer(active) is { Input: [var affine] } activation
            && index.Producer(affine) is { OpType: "Gemm", Input: [var input, var w, var b] }
            && index.Constant(w) is { } weights && index.Constant(b) is { } bias && affine.StartsWith(logits, StringComparison.Ordinal))
        {
            layers.Insert(0, new OnnxDense(OnnxTensorData.ReadFloats(weights), OnnxTensorData.ReadFloats(bias), activation.OpType));
            active = input;
        }

        return layers.Count > 0 ? new OnnxHead(layers) : null;
    }
}
