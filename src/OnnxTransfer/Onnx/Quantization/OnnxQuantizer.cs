using System.Runtime.InteropServices;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Quantization;

/// <summary>
/// Static quantization of a float32 graph to 8 bits, as QuantizeLinear and DequantizeLinear pairs that every runtime of
/// operator set 13 reads: activations unsigned with one scale per tensor, weights signed with one scale per output channel,
/// biases in 32 bits. The runtime makes an integer convolution of each convolution between pairs.
/// </summary>
internal sealed class OnnxQuantizer
{
    private readonly OnnxGraphIndex _index;

    /// <summary>Works on a copy in operator set 13 or later in which batch normalizations are folded into convolutions.</summary>
    /// <exception cref="NotSupportedException">The graph is of an older operator set and has a node that cannot be translated.</exception>
    public OnnxQuantizer(OnnxModel model)
    {
        Float = model.Clone();
        OnnxOperatorSet.RaiseTo13(Float);
        OnnxBatchNormFold.Fold(Float);
        _index = new OnnxGraphIndex(Float);
        Layers = [.. Float.Graph.Node.Where(IsLayer).Select(n => n.Output[0])];
    }

    /// <summary>The copy that the tensors below are those of; still float32.</summary>
    public OnnxModel Float { get; }

    /// <summary>The convolutions that can be quantized, by the tensor each computes, in the graph's order.</summary>
    public IReadOnlyList<string> Layers { get; }

    /// <summary>The activations whose statistics <see cref="Quantize"/> needs when all of <see cref="Layers"/>, or some, are quantized.</summary>
    public IReadOnlyList<string> Activations =>
        [.. QuantizationPlan.Make(Float, _index, Layers.ToHashSet(StringComparer.Ordinal)).Ranges.Keys];

    /// <summary>The graph with the given layers in 8 bits and the rest in float32; inputs and outputs stay as they are.</summary>
    /// <param name="layers">Of <see cref="Layers"/>, those to quantize.</param>
    /// <param name="statistics">Of <see cref="Activations"/>.</param>
    /// <param name="sumsSaturate">Whether the processor adds two products of bytes in 16 bits: x64 without VNNI does.</param>
    public OnnxModel Quantize(IReadOnlySet<string> layers, IReadOnlyDictionary<string, ActivationStatistics> statistics, bool sumsSaturate)
    {
        var model = Float.Clone();
        var plan = QuantizationPlan.Make(model, new OnnxGraphIndex(model), layers);
        foreach (var node in model.Graph.Node.Where(n => n.Output.Count > 0 && layers.Contains(n.Output[0])).ToList())
            QuantizeLayer(model, node, statistics[node.Input[0]], statistics[plan.Ranges[node.Input[0]]].Range.ToUInt8().Scale, sumsSaturate);
        foreach (var node in plan.Absorbed) Absorb(model, node);
        foreach (var (tensor, source) in plan.Ranges) InsertPair(model, tensor, statistics[source].Range.ToUInt8());
        OnnxGraphEditor.Cut(model, [.. model.Graph.Output.Select(o => o.Name)]);
        return model;
    }

    private bool IsLayer(NodeProto node) =>
        node.OpType == "Conv" && node.IsStandard() && _index.Floats(node.Input[1]) is not null && _index.Constant(node.Input[0]) is null
        && (node.InputAt(2) is not { } bias || _index.Floats(bias) is not null);

    private void QuantizeLayer(OnnxModel model, NodeProto node, ActivationStatistics input, float inputScale, bool sumsSaturate)
    {
        var weights = _index.Constant(node.Input[1])!;
        var channels = (int)weights.Dims[0];
        var bias = node.InputAt(2) is { } name ? _index.Floats(name)! : new float[channels];
        var codes = ConvolutionCodes.Of(
            _index.Floats(node.Input[1]), bias, (int)weights.Dims[1], input, inputScale, (int)node.Int("group", 1), sumsSaturate);
        node.Input[1] = AddDequantized(model, node, "/weights", OnnxElementType.Int8, weights.Dims, MemoryMarshal.AsBytes<sbyte>(codes.Weights), codes.Scales);
        var dequantizedBias = AddDequantized(model, node, "/bias", OnnxElementType.Int32, [channels], MemoryMarshal.AsBytes<int>(codes.Bias), codes.BiasScales);
        if (node.Input.Count > 2) node.Input[2] = dequantizedBias;
        else node.Input.Add(dequantizedBias);
    }

    private static string AddDequantized(
        OnnxModel model, NodeProto node, string suffix, OnnxElementType type, IEnumerable<long> dims, ReadOnlySpan<byte> codes, float[] scales)
    {
        var name = OnnxGraphEditor.FreeName(model, node.Output[0] + suffix);
        var (c, s, z) = (OnnxGraphEditor.FreeName(model, name + "/codes"), OnnxGraphEditor.FreeName(model, name + "/scales"), OnnxGraphEditor.FreeName(model, name + "/zeros"));
        model.Graph.Initializer.Add(OnnxTensorData.Make(c, type, dims, codes));
        model.Graph.Initializer.Add(OnnxTensorData.Make(s, [scales.Length], scales));
        model.Graph.Initializer.Add(OnnxTensorData.Make(z, type, [scales.Length], new byte[scales.Length * (type == OnnxElementType.Int32 ? sizeof(int) : 1)]));
        model.Graph.Node.Insert(0, OnnxGraphEditor.MakeNode(model, "DequantizeLinear", [c, s, z], name, ("axis", 0)));
        return name;
    }

    private static void Absorb(OnnxModel model, NodeProto node)
    {
        model.Graph.Node.First(n => n.Output.Contains(node.Input[0])).Output[0] = node.Output[0];
        model.Graph.Node.Remove(node);
    }

    /// <summary>Rounds a tensor to its codes and back; every node that reads it reads the rounded values.</summary>
    private static void InsertPair(OnnxModel model, string tensor, (float Scale, byte Zero) code)
    {
        var graph = model.Graph;
        var at = graph.Node.ToList().FindIndex(n => n.Output.Contains(tensor)) + 1;
        var (exact, rounded) = (tensor, OnnxGraphEditor.FreeName(model, tensor + "/rounded"));
        if (graph.Output.Any(o => o.Name == tensor))
        {
            // The name belongs to the tensor that callers get.
            (exact, rounded) = (OnnxGraphEditor.FreeName(model, tensor + "/exact"), tensor);
            graph.Node[at - 1].Output[graph.Node[at - 1].Output.IndexOf(tensor)] = exact;
        }

        foreach (var node in graph.Node)
        {
            for (var i = 0; i < node.Input.Count; i++)
                if (node.Input[i] == tensor) node.Input[i] = rounded;
        }

        var (codes, scale, zero) = (OnnxGraphEditor.FreeName(model, tensor + "/codes"), OnnxGraphEditor.FreeName(model, tensor + "/scale"), OnnxGraphEditor.FreeName(model, tensor + "/zero"));
        graph.Initializer.Add(OnnxTensorData.Make(scale, [], [code.Scale]));
        graph.Initializer.Add(OnnxTensorData.Make(zero, OnnxElementType.UInt8, [], [code.Zero]));
        graph.Node.Insert(at, OnnxGraphEditor.MakeNode(model, "QuantizeLinear", [exact, scale, zero], codes));
        graph.Node.Insert(at + 1, OnnxGraphEditor.MakeNode(model, "DequantizeLinear", [codes, scale, zero], rounded));
    }
}
