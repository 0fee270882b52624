using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Editing;

/// <summary>A snapshot of a graph: the node that computes each tensor, the nodes that read it, and the constants.</summary>
internal sealed class OnnxGraphIndex
{
    private readonly Dictionary<string, NodeProto> _producers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<NodeProto>> _readers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TensorProto> _constants = new(StringComparer.Ordinal);
    private readonly HashSet<string> _inputs;
    private readonly HashSet<string> _outputs;

    public OnnxGraphIndex(OnnxModel model) : this(model.Graph)
    {
    }

    public OnnxGraphIndex(GraphProto graph)
    {
        foreach (var tensor in graph.Initializer) _constants[tensor.Name] = tensor;
        foreach (var node in graph.Node)
        {
            foreach (var output in node.Output) _producers[output] = node;
            foreach (var input in node.Input.Distinct()) (_readers.TryGetValue(input, out var list) ? list : _readers[input] = []).Add(node);
            if (node.OpType == "Constant" && node.Tensor("value") is { } value) _constants[node.Output[0]] = value;
        }

        NodeCount = graph.Node.Count;
        _inputs = [.. graph.Input.Select(i => i.Name).Except(graph.Initializer.Select(t => t.Name))];
        _outputs = [.. graph.Output.Select(o => o.Name)];
    }

    /// <summary>How many nodes there are: no walk is longer, even where a damaged file has a circle.</summary>
    public int NodeCount { get; }

    /// <summary>The node that computes a tensor; null for an input and a constant.</summary>
    public NodeProto? Producer(string tensor) => _producers.GetValueOrDefault(tensor);

    /// <summary>Whether a caller feeds a tensor. Files older than IR version 4 list constants among the inputs too: those are none.</summary>
    public bool IsInput(string tensor) => _inputs.Contains(tensor);

    public bool IsOutput(string tensor) => _outputs.Contains(tensor);

    /// <summary>The one node that reads a tensor; null when there are more or none, or the caller reads it too.</summary>
    public NodeProto? OnlyReader(string tensor) =>
        !IsOutput(tensor) && _readers.GetValueOrDefault(tensor) is [var only] ? only : null;

    public TensorProto? Constant(string? tensor) => tensor is null ? null : _constants.GetValueOrDefault(tensor);

    /// <summary>The values of a float32 constant; null when it is none.</summary>
    public float[]? Floats(string tensor) =>
        Constant(tensor) is { } constant && (OnnxElementType)constant.DataType == OnnxElementType.Float32 ? OnnxTensorData.ReadFloats(constant) : null;
}
