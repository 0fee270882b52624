using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Onnx.Inspection;

/// <summary>The end of a network, read backward from an output to its last linear layer.</summary>
internal sealed record OnnxNetworkEnd
{
    /// <summary>Numbers of classes by which a classifier of ImageNet is recognized where nothing else shows it.</summary>
    private static readonly int[] s_imageNetCounts = [1000, 1001, 10450, 11221, 11821, 21841, 21843];

    /// <summary>Whether the output holds class scores; null if it may as well hold an embedding.</summary>
    internal bool? IsClassifier { get; private init; }

    /// <summary>What the linear layer reads; null if none was found.</summary>
    internal string? Features { get; private init; }

    /// <summary>Its length, by the weights of the layer.</summary>
    internal int? Dim { get; private init; }

    /// <summary>The scores, as far as they can be told apart; null for sigmoids, which are not one distribution.</summary>
    internal OnnxClassOutput? Classes { get; private init; }

    internal string? Note { get; private init; }

    /// <summary>What lies between the output and the linear layer.</summary>
    private sealed record Way(string Scores, ScoreKind Kind = ScoreKind.Logits, bool IsChoice = false, bool IsSigmoid = false, bool IsPooled = false, bool IsActive = false, bool IsMap = false);

    private sealed record Linear(NodeProto Node, int? Dim, int? Count, Way Way);

    internal static OnnxNetworkEnd Of(string output, OnnxGraphIndex index, OnnxShapes shapes)
    {
        var budget = index.NodeCount + 1;
        var seen = new Way(output);
        var found = Walk(output, new Way(output), index, shapes, ref budget, ref seen);
        var (isNamed, isEmbedding) = (OutputNames.IsScores(output), OutputNames.IsEmbedding(output));
        if (found.Count == 0)
        {
            // Scores whose layer was not found are no features.
            var last = shapes.Dims(output) is { Count: > 1 } dims ? (int)(dims[^1].Size ?? 0) : 0;
            return new() { IsClassifier = seen.IsChoice || (seen.IsSigmoid && !isEmbedding) || isNamed || s_imageNetCounts.Contains(last) ? null : false };
        }

        var head = found.Count == 1 ? found[0] : found.OrderBy(one => TokenOf(DataOf(one.Node, index), index, shapes)).First();
        var way = head.Way;
        var count = head.Count ?? 0;
        var looksLikeEmbedding = count >= 64 && count % (way.IsPooled || way.IsActive || way.IsMap ? 8 : 64) == 0;
        bool? isClassifier = way.IsChoice || isNamed ? true
            : isEmbedding ? false
            : way.IsSigmoid || s_imageNetCounts.Contains(count) ? true
            : way.IsActive ? (looksLikeEmbedding ? false : null)
            : looksLikeEmbedding ? (way.IsMap && !way.IsPooled ? false : null)
            : way.IsMap && !way.IsPooled ? null : true;
        return new OnnxNetworkEnd
        {
            IsClassifier = isClassifier,
            Features = DataOf(head.Node, index),
            Dim = head.Dim,
            Classes = way.IsSigmoid || (way.IsMap && !way.IsPooled) ? null : new OnnxClassOutput(way.Scores, way.Kind, head.Count),
            Note = found.Count == 1 ? null : $"The scores are the mean of {found.Count} heads; the features are what the first of them reads, the class token.",
        };
    }

    /// <summary>Whether a node is a linear layer with constant weights.</summary>
    internal static bool IsLinear(NodeProto node, OnnxGraphIndex index, OnnxShapes shapes) => WeightsOf(node, index, shapes) is not null;

    /// <summary>The real numbers that a linear layer reads: rounding them is that layer's own business.</summary>
    internal static string DataOf(NodeProto node, OnnxGraphIndex index)
    {
        var tensor = node.Input[0];
        if (index.Producer(tensor) is { OpType: "DequantizeLinear" } dequantized && index.Producer(dequantized.Input[0]) is not null) tensor = dequantized.Input[0];
        return index.Producer(tensor) is { OpType: "QuantizeLinear" or "DynamicQuantizeLinear" } quantized ? quantized.Input[0] : tensor;
    }

    private static List<Linear> Walk(string tensor, Way way, OnnxGraphIndex index, OnnxShapes shapes, ref int budget, ref Way seen)
    {
        // A graph has no cycles, but a damaged file may: no walk is longer than the graph.
        while (budget-- > 0 && index.Producer(tensor) is { } node)
        {
            if (WeightsOf(node, index, shapes) is { } weights) return [new Linear(node, weights.Dim, weights.Count, way with { IsMap = way.IsMap || node.OpType.Contains("Conv", StringComparison.Ordinal) && !IsPoint(node, shapes) })];
            if (node.InputAt(0) is not { } data) return [];
            switch (node.OpType)
            {
                case "Softmax" or "QLinearSoftmax" or "Hardmax":
                    way = way with { Kind = ScoreKind.Probabilities, IsChoice = true };
                    break;
                case "LogSoftmax":
                    // The softmax of a log-softmax is the softmax itself.
                    way = way with { IsChoice = true };
                    break;
                case "TopK" or "ArgMax":
                    way = way with { IsChoice = true, Scores = data, Kind = ScoreKind.Logits };
                    break;
                case "Sigmoid" or "QLinearSigmoid" or "HardSigmoid":
                    way = way with { IsSigmoid = true };
                    break;
                case "Relu" or "Clip":
                    way = way with { IsActive = true };
                    break;
                case "GlobalAveragePool" or "AveragePool" or "ReduceMean" or "QLinearGlobalAveragePool" or "QLinearAveragePool" or "GlobalMaxPool" or "ReduceMax" or "ReduceSum":
                    way = way with { IsPooled = true };
                    break;
                case "Resize" or "Upsample":
                    way = way with { IsMap = true };
                    break;
                case "Identity" or "Cast" or "Dropout" or "Flatten" or "Reshape" or "Squeeze" or "Unsqueeze" or "Transpose" or "QuantizeLinear" or "DequantizeLinear":
                    break;
                case "Add" or "Mul" or "Div" or "Sub" or "QLinearAdd" or "QLinearMul" when node.Input.Count >= 2:
                    var other = node.OpType.StartsWith('Q') ? node.Input[3] : node.Input[1];
                    if (IsConstant(other, index)) break;
                    if (node.OpType is not ("Div" or "Sub") && IsConstant(data, index))
                    {
                        data = other;
                        break;
                    }

                    seen = way;
                    if (node.OpType != "Add") return [];
                    var (left, right) = (Walk(data, way, index, shapes, ref budget, ref seen), Walk(other, way, index, shapes, ref budget, ref seen));
                    return left.Count > 0 && right.Count > 0 && left[0].Count is { } count && right[0].Count == count ? [.. left, .. right] : [];
                default:
                    seen = way;
                    return [];
            }

            tensor = data;
        }

        seen = way;
        return [];
    }

    /// <summary>Whether a convolution has a single place to look at, so that it is a linear layer and no map.</summary>
    private static bool IsPoint(NodeProto node, OnnxShapes shapes) => shapes.Dims(node.InputAt(0)) is [_, _, { Size: 1 }, { Size: 1 }];

    /// <summary>The number of the token that a head reads, to find the class token among several.</summary>
    private static long TokenOf(string tensor, OnnxGraphIndex index, OnnxShapes shapes) =>
        index.Producer(tensor) is not { } node ? long.MaxValue
        : node.OpType == "Gather" && shapes.Contents(node.InputAt(1)) is [{ Size: { } token }] ? token
        : node.OpType is "Squeeze" or "Identity" or "Dropout" or "Reshape" or "Flatten" && node.InputAt(0) is { } input ? TokenOf(input, index, shapes)
        : node.OpType == "Slice" && shapes.Contents(node.InputAt(1)) is [.., { Size: { } start }] ? start
        : long.MaxValue - 1;

    /// <summary>Dimension and number of classes of a linear layer; null when the node is not one.</summary>
    private static (int? Dim, int? Count)? WeightsOf(NodeProto node, OnnxGraphIndex index, OnnxShapes shapes)
    {
        var place = node.OpType is "QLinearMatMul" or "QGemm" or "QLinearConv" ? 3 : 1;
        if (node.Input.Count <= place || !IsConstant(node.Input[place], index)) return null;
        var w = shapes.Dims(node.Input[place]);
        switch (node.OpType)
        {
            case "Gemm" or "FusedGemm" or "QGemm" or "FusedMatMul":
                var transposed = node.Int("transB", 0) != 0;
                return w is { Count: 2 } ? ((int?)w[transposed ? 1 : 0].Size, (int?)w[transposed ? 0 : 1].Size) : node.OpType == "FusedMatMul" ? null : (null, null);
            case "MatMul" or "MatMulInteger" or "QLinearMatMul" or "MatMulIntegerToFloat" or "DynamicQuantizeMatMul" or "GemmFastGelu":
                return w is { Count: 2 } ? ((int?)w[0].Size, (int?)w[1].Size) : null;
            case "MatMulNBits":
                return ((int?)node.IntOrNull("K"), (int?)node.IntOrNull("N"));
            case "Conv" or "ConvInteger" or "QLinearConv" or "FusedConv" when w is [var count, var dim, { Size: 1 }, { Size: 1 }] && node.Int("group", 1) == 1:
                return ((int?)dim.Size, (int?)count.Size);
            default:
                return null;
        }
    }

    /// <summary>
    /// Whether a tensor does not depend on the image: a constant, or what nodes make of constants alone. The scale of numbers that are
    /// quantized while the network runs counts as one, because it changes all scores by the same factor.
    /// </summary>
    private static bool IsConstant(string tensor, OnnxGraphIndex index)
    {
        var open = new Stack<string>([tensor]);
        for (var steps = 0; open.TryPop(out var one); steps++)
        {
            if (steps > index.NodeCount) return false;
            if (index.Producer(one) is not { } node)
            {
                if (index.IsInput(one)) return false;
                continue;
            }

            if (node.OpType is "DynamicQuantizeLinear" && one != node.Output[0]) continue;
            foreach (var input in node.Input.Where(input => input.Length > 0)) open.Push(input);
        }

        return true;
    }
}
