using OnnxTransfer.Internals;

namespace OnnxTransfer.Conversion.TfLite;

/// <summary>The main graph of a TFLite file, read after TFLite's published schema (version 3); slot numbers are the schema's.</summary>
internal sealed class TfLiteModel
{
    private const long MostElements = int.MaxValue;

    private TfLiteModel(string source, IReadOnlyList<TfLiteTensor> tensors, IReadOnlyList<TfLiteOperator> operators, int[] inputs, int[] outputs)
    {
        Source = source;
        Tensors = tensors;
        Operators = operators;
        Inputs = inputs;
        Outputs = outputs;
    }

    public string Source { get; }

    public IReadOnlyList<TfLiteTensor> Tensors { get; }

    /// <summary>In the order in which they run.</summary>
    public IReadOnlyList<TfLiteOperator> Operators { get; }

    public int[] Inputs { get; }

    public int[] Outputs { get; }

    public static TfLiteModel Parse(ReadOnlyMemory<byte> data, string source)
    {
        if (data.Length < 8 || !data.Span.Slice(4, 4).SequenceEqual("TFL3"u8)) Throw.NotTfLite(source, data.Length, ForeignModel.Describe(data.Span, source));
        var root = new FlatFile(data, source).Root();
        var graphs = root.Tables(2);
        if (graphs.Count == 0) Throw.Malformed(source, "it has no graph");
        var buffers = root.Tables(4);
        var codes = root.Tables(1);
        var graph = graphs[0];

        var tensors = new List<TfLiteTensor>();
        foreach (var table in graph.Tables(0)) tensors.Add(ReadTensor(source, tensors.Count, table, buffers));
        var operators = new List<TfLiteOperator>();
        foreach (var table in graph.Tables(3)) operators.Add(ReadOperator(source, operators.Count, table, codes, tensors.Count));
        var inputs = Checked(source, graph.Ints(1), tensors.Count, optional: false);
        var outputs = Checked(source, graph.Ints(2), tensors.Count, optional: false);
        if (inputs.Length == 0 || outputs.Length == 0) Throw.Malformed(source, "its graph has no inputs or no outputs");
        return new TfLiteModel(source, tensors, operators, inputs, outputs);
    }

    private static TfLiteTensor ReadTensor(string source, int index, FlatTable table, IReadOnlyList<FlatTable> buffers)
    {
        var shape = table.Ints(0);
        var type = (TfLiteType)table.UInt8(1);
        var name = table.Text(3);
        long count = 1;
        foreach (var side in shape)
        {
            if (side < 0 || (side > 0 && count > MostElements / side)) Throw.Malformed(source, $"tensor {index} '{name}' has the shape [{string.Join(",", shape)}]");
            count *= side;
        }

        var buffer = table.Int32(2);
        if (buffer < 0 || (buffer > 0 && buffer >= buffers.Count)) Throw.Malformed(source, $"tensor {index} '{name}' has its data in buffer {buffer} of {buffers.Count}");
        var data = buffer == 0 ? default : buffers[buffer].Bytes(0);
        if (table.Has(6)) Throw.TensorSparse(source, name);
        if (!data.IsEmpty && ElementSize(type) is > 0 and var width && data.Length != count * width)
            Throw.Malformed(source, $"tensor {index} '{name}' of shape [{string.Join(",", shape)}] needs {count * width} bytes, but its buffer has {data.Length}");
        // Elements of no fixed size take a quarter of a byte or more.
        if (!data.IsEmpty && ElementSize(type) == 0 && count > 4L * data.Length)
            Throw.Malformed(source, $"tensor {index} '{name}' of shape [{string.Join(",", shape)}] has only {data.Length} bytes in its buffer");
        return new TfLiteTensor(index, name, shape, type, data.IsEmpty ? default(ReadOnlyMemory<byte>?) : data, ReadQuantization(source, index, shape, table.Table(4)));
    }

    private static TfLiteQuantization? ReadQuantization(string source, int index, int[] shape, FlatTable? table)
    {
        if (table is not { } parameters || parameters.Floats(2) is not { Length: > 0 } scales) return null;
        var zeroPoints = parameters.Longs(3);
        var axis = parameters.Int32(6);
        if (zeroPoints.Length != scales.Length && zeroPoints.Length > 1) Throw.Malformed(source, $"tensor {index} has {scales.Length} scales but {zeroPoints.Length} zero points");
        if (scales.Length > 1 && (axis < 0 || axis >= shape.Length || shape[axis] != scales.Length))
            Throw.Malformed(source, $"tensor {index} of shape [{string.Join(",", shape)}] has {scales.Length} scales along axis {axis}");
        return new TfLiteQuantization(scales, zeroPoints, axis);
    }

    private static TfLiteOperator ReadOperator(string source, int index, FlatTable table, IReadOnlyList<FlatTable> codes, int tensors)
    {
        var code = table.Int32(0);
        if (code < 0 || code >= codes.Count) Throw.Malformed(source, $"operator {index} is of kind {code} of {codes.Count}");
        // Numbers up to 127 stand in slot 0, where older files have them; larger ones in slot 3.
        var builtin = Math.Max((int)codes[code].UInt8(0), codes[code].Int32(3));
        var inputs = Checked(source, table.Ints(1), tensors, optional: true);
        var outputs = Checked(source, table.Ints(2), tensors, optional: false);
        if (outputs.Length == 0) Throw.Malformed(source, $"operator {index} has no output");
        return new TfLiteOperator(index, (TfLiteOp)builtin, codes[code].Text(1), inputs, outputs, table.Table(4));
    }

    private static int[] Checked(string source, int[] indices, int tensors, bool optional)
    {
        foreach (var index in indices)
            if (index >= tensors || index < (optional ? -1 : 0)) Throw.Malformed(source, $"it refers to tensor {index} of {tensors}");
        return indices;
    }

    /// <summary>Bytes of one element; 0 for types whose elements have no fixed size or are not used here.</summary>
    internal static int ElementSize(TfLiteType type) => type switch
    {
        TfLiteType.Float32 or TfLiteType.Int32 or TfLiteType.UInt32 => 4,
        TfLiteType.Float16 or TfLiteType.Int16 or TfLiteType.UInt16 or TfLiteType.BFloat16 => 2,
        TfLiteType.UInt8 or TfLiteType.Int8 or TfLiteType.Bool => 1,
        TfLiteType.Int64 or TfLiteType.Float64 or TfLiteType.UInt64 or TfLiteType.Complex64 => 8,
        _ => 0,
    };
}
