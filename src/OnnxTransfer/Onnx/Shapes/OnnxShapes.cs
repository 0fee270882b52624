using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Shapes;

/// <summary>
/// Shapes and element types of every tensor of a graph, as far as they follow from the inputs by the rules of the ONNX
/// operators that image models use. A tensor that cannot be inferred says why, rather than being guessed.
/// </summary>
internal sealed class OnnxShapes
{
    private readonly Dictionary<string, OnnxValue> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _unknown = new(StringComparer.Ordinal);

    /// <summary>The content of small integer tensors (a Reshape's target and what it is computed from), symbols included.</summary>
    private readonly Dictionary<string, OnnxDim[]> _contents = new(StringComparer.Ordinal);

    private OnnxShapes(OnnxModel model) => Model = model;

    public OnnxModel Model { get; }

    /// <summary>The tensor as inferred; its <see cref="OnnxValue.Dims"/> are null if they could not be.</summary>
    public OnnxValue this[string tensor] =>
        _values.GetValueOrDefault(tensor) ?? new OnnxValue(tensor, OnnxElementType.Unknown, null);

    /// <summary>Why a tensor's shape is not known, as the end of a sentence; null when it is known.</summary>
    public string? WhyUnknown(string tensor) =>
        this[tensor].Dims is not null ? null
        : _unknown.GetValueOrDefault(tensor) ?? "no node of the graph computes it";

    /// <param name="model">The graph.</param>
    /// <param name="inputs">Shapes that stand in for those of the file, by input name; null for the file's own.</param>
    public static OnnxShapes Infer(OnnxModel model, IReadOnlyDictionary<string, IReadOnlyList<OnnxDim>>? inputs = null)
    {
        var shapes = new OnnxShapes(model);
        foreach (var initializer in model.Graph.Initializer) shapes.SetConstant(initializer.Name, initializer);
        foreach (var input in model.Inputs)
        {
            var dims = inputs?.GetValueOrDefault(input.Name) ?? input.Dims;
            // Inside, the free batch axis needs a name to be recognized by when it comes out of a Reshape.
            if (dims is [{ Size: null, Symbol: null }, ..]) dims = [OnnxDim.Named("N"), .. dims.Skip(1)];
            shapes.Set(input.Name, input.ElementType, dims, "the file does not state the shape of this input");
        }

        foreach (var node in model.Graph.Node) shapes.Visit(node);
        return shapes;
    }

    internal IReadOnlyList<OnnxDim>? Dims(string? tensor) => tensor is null ? null : _values.GetValueOrDefault(tensor)?.Dims;

    internal OnnxDim[]? Contents(string? tensor) => tensor is null ? null : _contents.GetValueOrDefault(tensor);

    internal void SetConstant(string name, TensorProto tensor)
    {
        Set(name, (OnnxElementType)tensor.DataType, [.. tensor.Dims.Select(d => (OnnxDim)d)], "");
        if (OnnxTensorData.TryReadShapeValues(tensor) is { } values)
            _contents[name] = [.. values.Select(v => (OnnxDim)v)];
    }

    private void Visit(NodeProto node)
    {
        var reason = "";
        IReadOnlyList<OnnxDim>?[] results = [];
        if (!node.IsStandard() || !OnnxShapeRules.TryInfer(node, this, out results))
        {
            reason = $"the operator {node.OpType} of node '{node.Name}' has no shape rule here";
        }
        else if (Array.TrueForAll(results, r => r is null))
        {
            var open = node.Input.FirstOrDefault(i => i.Length > 0 && Dims(i) is null);
            reason = open is null
                ? $"the shape that {node.OpType} '{node.Name}' gives depends on values known only when the model runs"
                : $"the shape of '{open}', which {node.OpType} '{node.Name}' reads, is not known";
        }

        for (var i = 0; i < node.Output.Count; i++)
        {
            if (node.Output[i].Length > 0)
                Set(node.Output[i], OnnxShapeRules.ElementType(node, i, this), i < results.Length ? results[i] : null, reason);
        }

        if (node.Output.Count > 0 && OnnxShapeContents.Compute(node, this) is { } contents)
            _contents[node.Output[0]] = contents;
    }

    private void Set(string name, OnnxElementType type, IReadOnlyList<OnnxDim>? dims, string reason)
    {
        _values[name] = new OnnxValue(name, type, dims);
        if (dims is null) _unknown[name] = reason;
    }
}
