using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Quantization;

/// <summary>Folds batch normalizations into the convolutions before them: a smaller graph, and weights whose range is what the layer really computes.</summary>
internal static class OnnxBatchNormFold
{
    /// <summary>
    /// Where nothing else reads a convolution with constant weights but a BatchNormalization of constants:
    /// <c>W' = W g / sqrt(v + e)</c>, <c>b' = (b - m) g / sqrt(v + e) + B</c> per output channel, in double and rounded once.
    /// </summary>
    /// <returns>How many were folded.</returns>
    public static int Fold(OnnxModel model)
    {
        var folded = 0;
        var graph = new OnnxGraphIndex(model);
        foreach (var norm in model.Graph.Node.Where(n => n.OpType == "BatchNormalization" && n.IsStandard()).ToList())
        {
            if (graph.Producer(norm.Input[0]) is not { OpType: "Conv" } conv || !conv.IsStandard() || graph.OnlyReader(conv.Output[0]) != norm) continue;
            if (norm.Input.Count != 5 || norm.Int("spatial", 1) != 1 || norm.Output.Skip(1).Any(o => o.Length > 0)) continue;
            if (graph.Floats(conv.Input[1]) is not { } weights) continue;
            if (conv.InputAt(2) is { } name && graph.Floats(name) is null) continue;
            var parts = norm.Input.Skip(1).Select(graph.Floats).ToList();
            if (parts.Contains(null)) continue;
            Fold(model, graph, conv, norm, weights, [.. parts.Select(p => p!)]);
            folded++;
        }

        return folded;
    }

    private static void Fold(OnnxModel model, OnnxGraphIndex graph, NodeProto conv, NodeProto norm, float[] weights, float[][] parts)
    {
        var (gamma, beta, mean, variance) = (parts[0], parts[1], parts[2], parts[3]);
        var epsilon = norm.Float("epsilon", 1e-5f);
        var channels = gamma.Length;
        var perChannel = weights.Length / channels;
        var bias = conv.InputAt(2) is { } name ? graph.Floats(name)! : new float[channels];
        var (scaled, shifted) = (new float[weights.Length], new float[channels]);
        for (var c = 0; c < channels; c++)
        {
            var factor = gamma[c] / Math.Sqrt((double)variance[c] + epsilon);
            for (var i = c * perChannel; i < (c + 1) * perChannel; i++) scaled[i] = (float)(weights[i] * factor);
            shifted[c] = (float)(((bias[c] - (double)mean[c]) * factor) + beta[c]);
        }

        // New constants: another convolution may share the old ones.
        var dims = graph.Constant(conv.Input[1])!.Dims;
        var w = OnnxGraphEditor.FreeName(model, conv.Input[1] + "/folded");
        model.Graph.Initializer.Add(OnnxTensorData.Make(w, dims, scaled));
        var b = OnnxGraphEditor.FreeName(model, conv.Input[1] + "/folded/bias");
        model.Graph.Initializer.Add(OnnxTensorData.Make(b, [channels], shifted));
        conv.Input[1] = w;
        if (conv.Input.Count > 2) conv.Input[2] = b;
        else conv.Input.Add(b);
        conv.Output[0] = norm.Output[0];
        model.Graph.Node.Remove(norm);
    }
}
