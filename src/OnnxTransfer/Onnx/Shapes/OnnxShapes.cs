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

    private readonly Dictionary<string, TensorProto> _constants = new(StringComparer.Ordinal);

    /// <summary>What the file itself states of inner tensors and outputs.</summary>
    private readonly Dictionary<string, OnnxValue> _declared = new(StringComparer.Ordinal);

    /// <summary>The sizes given to the symbols of the inputs' axes.</summary>
    private readonly Dictionary<string, long> _sizes = new(StringComparer.Ordinal);

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
        var shapes = Begin(model, inputs);
        foreach (var node in model.Graph.Node) shapes.Visit(node);
        return shapes;
    }

    /// <summary>The shapes of inputs and constants; <see cref="Visit"/> adds those of the nodes, one after the other.</summary>
    internal static OnnxShapes Begin(OnnxModel model, IReadOnlyDictionary<string, IReadOnlyList<OnnxDim>>? inputs = null)
    {
        var shapes = new OnnxShapes(model);
        foreach (var initializer in model.Graph.Initializer) shapes.SetConstant(initializer.Name, initializer);
        foreach (var input in model.Inputs)
        {
            var dims = inputs?.GetValueOrDefault(input.Name) ?? input.Dims;
            // Inside, the free batch axis needs a name to be recognized by when it comes out of a Reshape.
            if (dims is [{ Size: null, Symbol: null }, ..]) dims = [OnnxDim.Named("N"), .. dims.Skip(1)];
            shapes.Set(input.Name, input.ElementType, dims, "the file does not state the shape of this input");
            for (var i = 0; i < dims?.Count && i < input.Dims?.Count; i++)
            {
                if (input.Dims[i].Symbol is { } symbol && dims[i].Size is { } size) shapes._sizes[symbol] = size;
            }
        }

        foreach (var value in model.Graph.ValueInfo.Concat(model.Graph.Output).Select(OnnxValue.From))
        {
            if (value.Dims is not null || !shapes._declared.ContainsKey(value.Name)) shapes._declared[value.Name] = value;
        }
        return shapes;
    }

    internal IReadOnlyList<OnnxDim>? Dims(string? tensor) => tensor is null ? null : _values.GetValueOrDefault(tensor)?.Dims;

    /// <summary>A constant of the file or of a Constant node; null if it is neither.</summary>
    internal TensorProto? Constant(string? tensor) => tensor is null ? null : _constants.GetValueOrDefault(tensor);

    internal OnnxDim[]? Contents(string? tensor) => tensor is null ? null : _contents.GetValueOrDefault(tensor);

    internal void SetConstant(string name, TensorProto tensor)
    {
        _constants[name] = tensor;
        Set(name, (OnnxElementType)tensor.DataType, [.. tensor.Dims.Select(d => (OnnxDim)d)], "");
        if (OnnxTensorData.TryReadShapeValues(tensor) is { } values)
            _contents[name] = [.. values.Select(v => (OnnxDim)v)];
    }

    internal void Visit(NodeProto node)
    {
        if (node.OpType == "Constant" && node.Output.Count > 0 && node.Tensor("value") is { } constant) _constants[node.Output[0]] = constant;
        var reason = "";
        IReadOnlyList<OnnxDim>?[] results = [];
        if (!OnnxShapeRules.TryInfer(node, this, out results))
        {
            reason = $"the operator {node.OpType} of node '{node.Name}' has no shape rule here";
        }
        else
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

        if (node.Output.Count > 0 && OnnxShapeContents.Compute(node, this) is { Length: <= OnnxShapeContents.Longest } contents)
            _contents[node.Output[0]] = contents;
    }

    private void Set(string name, OnnxElementType type, IReadOnlyList<OnnxDim>? dims, string reason)
    {
        if (_declared.GetValueOrDefault(name) is { } declared)
        {
            if (type == OnnxElementType.Unknown) type = declared.ElementType;
            dims = Refine(dims, declared.Dims);
        }

        _values[name] = new OnnxValue(name, type, dims);
        if (dims is null) _unknown[name] = reason;
    }

    /// <summary>What the rules leave open, the file may state; where the two differ, the rules stand.</summary>
    private IReadOnlyList<OnnxDim>? Refine(IReadOnlyList<OnnxDim>? dims, IReadOnlyList<OnnxDim>? declared)
    {
        if (declared is null || (dims is not null && (dims.Count != declared.Count || dims.All(dim => dim.IsKnown || dim.Symbol is not null)))) return dims;
        return [.. declared.Select((stated, i) => dims is not null && (dims[i].IsKnown || dims[i].Symbol is not null) ? dims[i]
            : stated.Symbol is { } symbol && _sizes.TryGetValue(symbol, out var size) ? size : stated)];
    }
}
