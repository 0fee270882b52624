using Google.Protobuf;

namespace OnnxTransfer.Onnx.Schema;

/// <summary>Attributes of a node by name, with the default that the standard gives.</summary>
internal static class NodeAttributes
{
    public static long Int(this NodeProto node, string name, long otherwise) =>
        Find(node, name) is { HasI: true } found ? found.I : otherwise;

    public static long? IntOrNull(this NodeProto node, string name) => Find(node, name) is { HasI: true } found ? found.I : null;

    public static float Float(this NodeProto node, string name, float otherwise) =>
        Find(node, name) is { HasF: true } found ? found.F : otherwise;

    public static string Text(this NodeProto node, string name, string otherwise) =>
        Find(node, name) is { HasS: true } found ? found.S.ToStringUtf8() : otherwise;

    /// <summary>The numbers of a list attribute; null if the node has none.</summary>
    public static long[]? Ints(this NodeProto node, string name) => Find(node, name) is { } found ? [.. found.Ints] : null;

    public static TensorProto? Tensor(this NodeProto node, string name) => Find(node, name)?.T;

    /// <summary>An input that may be left out: null if it is absent or empty.</summary>
    public static string? InputAt(this NodeProto node, int index) =>
        index < node.Input.Count && node.Input[index].Length > 0 ? node.Input[index] : null;

    public static bool IsStandard(this NodeProto node) => node.Domain is "" or "ai.onnx";

    /// <summary>Whether it is one of ONNX Runtime's own operators, which its optimizer and quantizer write.</summary>
    public static bool IsOfRuntime(this NodeProto node) => node.Domain == "com.microsoft";

    internal static AttributeProto Make(string name, object value) => value switch
    {
        int i => new AttributeProto { Name = name, I = i, Type = AttributeProto.Types.AttributeType.Int },
        long i => new AttributeProto { Name = name, I = i, Type = AttributeProto.Types.AttributeType.Int },
        float f => new AttributeProto { Name = name, F = f, Type = AttributeProto.Types.AttributeType.Float },
        string s => new AttributeProto { Name = name, S = ByteString.CopyFromUtf8(s), Type = AttributeProto.Types.AttributeType.String },
        IEnumerable<long> list => new AttributeProto { Name = name, Ints = { list }, Type = AttributeProto.Types.AttributeType.Ints },
        IEnumerable<int> list => new AttributeProto { Name = name, Ints = { list.Select(i => (long)i) }, Type = AttributeProto.Types.AttributeType.Ints },
        IEnumerable<float> list => new AttributeProto { Name = name, Floats = { list }, Type = AttributeProto.Types.AttributeType.Floats },
        _ => throw new ArgumentException($"An attribute cannot hold a {value.GetType().Name}.", nameof(value)),
    };

    private static AttributeProto? Find(NodeProto node, string name)
    {
        foreach (var attribute in node.Attribute)
            if (attribute.Name == name) return attribute;
        return null;
    }
}
