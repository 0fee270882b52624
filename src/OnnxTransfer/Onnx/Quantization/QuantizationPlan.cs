using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Quantization;

/// <summary>The effect of a choice of 8-bit layers on the tensors and nodes around them.</summary>
/// <param name="Ranges">Each tensor that is rounded to 8 bits, and the tensor whose range gives its codes.</param>
/// <param name="Absorbed">Activations that the limits of the codes behind them replace: nodes to remove.</param>
internal sealed record QuantizationPlan(IReadOnlyDictionary<string, string> Ranges, IReadOnlyList<NodeProto> Absorbed)
{
    public static QuantizationPlan Make(OnnxModel model, OnnxGraphIndex index, IReadOnlySet<string> layers)
    {
        var ranges = new Dictionary<string, string>(StringComparer.Ordinal);
        var absorbed = new List<NodeProto>();
        foreach (var node in model.Graph.Node)
        {
            if (node.Output.Count == 0) continue;
            if (layers.Contains(node.Output[0]))
            {
                ranges.TryAdd(node.Input[0], node.Input[0]);
                Settle(node);
            }
            else if (node.IsStandard() && node.Input.All(ranges.ContainsKey))
            {
                // Operators that join or pick 8-bit values stay in 8 bits; the largest of several codes has the same scale as the codes.
                if (node.OpType is "Add" or "Concat") Settle(node);
                else if (node.OpType == "MaxPool" && node.Output.Count == 1) ranges.TryAdd(node.Output[0], ranges[node.Input[0]]);
            }
        }

        return new QuantizationPlan(ranges, absorbed);

        void Settle(NodeProto node)
        {
            var output = node.Output[0];
            if (index.OnlyReader(output) is { } next && CutsAtZero(next, index))
            {
                absorbed.Add(next);
                output = next.Output[0];
            }

            ranges.TryAdd(output, output);
        }
    }

    /// <summary>
    /// Whether a node is a ReLU, with or without an upper limit. Codes measured behind it begin at zero and end no higher than
    /// its limit, so that rounding to them does what the node does.
    /// </summary>
    private static bool CutsAtZero(NodeProto node, OnnxGraphIndex index)
    {
        if (!node.IsStandard()) return false;
        if (node.OpType == "Relu") return true;
        if (node.OpType != "Clip") return false;
        return node.InputAt(1) is { } min && index.Floats(min) is [0] && (node.InputAt(2) is not { } max || index.Floats(max) is not null);
    }
}
