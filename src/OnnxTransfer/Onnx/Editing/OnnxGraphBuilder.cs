using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Editing;

/// <summary>Writes a new graph node by node. Names are the caller's; the order of calls is the order in the file.</summary>
internal sealed class OnnxGraphBuilder
{
    /// <summary>The operator set that new graphs use: old enough for every ONNX Runtime since 1.12.</summary>
    public const long Opset = 17;

    private const long IrVersion = 8;

    private readonly GraphProto _graph;

    public OnnxGraphBuilder(string graphName) => _graph = new GraphProto { Name = graphName };

    /// <summary>An input; null for <paramref name="dims"/> where it takes any shape.</summary>
    public string Input(string name, OnnxElementType type, params OnnxDim[]? dims)
    {
        _graph.Input.Add(new OnnxValue(name, type, dims).ToProto());
        return name;
    }

    public void Output(string name, OnnxElementType type, IReadOnlyList<OnnxDim>? dims) =>
        _graph.Output.Add(new OnnxValue(name, type, dims).ToProto());

    /// <param name="name">The name.</param>
    /// <param name="dims">The shape.</param>
    /// <param name="values">The values.</param>
    /// <param name="origin">Where the values come from; null to write nothing about it.</param>
    public string Constant(string name, IEnumerable<long> dims, ReadOnlySpan<float> values, string? origin = null)
    {
        var tensor = OnnxTensorData.Make(name, dims, values);
        if (origin is not null) tensor.DocString = origin;
        _graph.Initializer.Add(tensor);
        return name;
    }

    public string Constant(string name, IEnumerable<long> dims, ReadOnlySpan<long> values)
    {
        _graph.Initializer.Add(OnnxTensorData.Make(name, dims, values));
        return name;
    }

    /// <summary>A constant of any element type, its bytes in little-endian order.</summary>
    public string Constant(string name, OnnxElementType type, IEnumerable<long> dims, ReadOnlySpan<byte> littleEndian)
    {
        _graph.Initializer.Add(OnnxTensorData.Make(name, type, dims, littleEndian));
        return name;
    }

    /// <summary>A node with one output. An attribute is an int, float, string or list of ints or floats.</summary>
    public string Node(string opType, string output, IEnumerable<string> inputs, params (string Name, object Value)[] attributes)
    {
        var node = new NodeProto { OpType = opType, Name = output, Input = { inputs }, Output = { output } };
        node.Attribute.AddRange(attributes.Select(a => NodeAttributes.Make(a.Name, a.Value)));
        _graph.Node.Add(node);
        return output;
    }

    public OnnxModel Build(string source)
    {
        var model = new ModelProto
        {
            IrVersion = IrVersion,
            ProducerName = "OnnxTransfer",
            Graph = _graph,
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = Opset } },
        };
        return OnnxModel.From(model, source);
    }
}
