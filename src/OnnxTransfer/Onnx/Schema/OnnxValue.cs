using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Onnx.Schema;

/// <summary>The element types of the ONNX standard that occur in image models; the numbers are the standard's.</summary>
internal enum OnnxElementType
{
    Unknown = 0,
    Float32 = 1,
    UInt8 = 2,
    Int8 = 3,
    UInt16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    String = 8,
    Bool = 9,
    Float16 = 10,
    Float64 = 11,
    UInt32 = 12,
    UInt64 = 13,
    BFloat16 = 16,
}

/// <summary>
/// One axis of a tensor: a size, or a multiple of a symbol such as <c>N</c> for a size that is free, or neither.
/// </summary>
/// <param name="Size">The size; null if it is free or not known.</param>
/// <param name="Symbol">The symbol; null if there is none.</param>
/// <param name="Factor">How many times the symbol: 4 for the axis of four windows of each image.</param>
internal readonly record struct OnnxDim(long? Size, string? Symbol, long Factor = 1)
{
    public static readonly OnnxDim Unknown = new(null, null);

    public bool IsKnown => Size is not null;

    public static implicit operator OnnxDim(long size) => new(size, null);

    public static OnnxDim Named(string symbol) => new(null, symbol);

    public static OnnxDim operator +(OnnxDim a, OnnxDim b) => (a, b) switch
    {
        ({ Size: { } x }, { Size: { } y }) => x + y,
        ({ Size: 0 }, _) => b,
        (_, { Size: 0 }) => a,
        ({ Symbol: { } x }, { Symbol: { } y }) when x == y => a with { Factor = a.Factor + b.Factor },
        _ => Unknown,
    };

    public static OnnxDim operator *(OnnxDim a, OnnxDim b) => (a, b) switch
    {
        ({ Size: { } x }, { Size: { } y }) => Math.BigMul(x, y, out var low) == (low >> 63) ? low : Unknown,
        ({ Size: > 0 and var x }, { Symbol: not null }) => b with { Factor = b.Factor * x },
        ({ Symbol: not null }, { Size: > 0 and var y }) => a with { Factor = a.Factor * y },
        _ => Unknown,
    };

    /// <summary>The quotient where it has no remainder.</summary>
    public static OnnxDim operator /(OnnxDim a, OnnxDim b) => (a, b) switch
    {
        (_, { Size: 0 }) => Unknown,
        ({ Size: { } x }, { Size: { } y }) when x % y == 0 => x / y,
        ({ Symbol: not null }, { Size: > 0 and var y }) when a.Factor % y == 0 => a with { Factor = a.Factor / y },
        ({ Symbol: { } x }, { Symbol: { } y }) when x == y && a.Factor % b.Factor == 0 => a.Factor / b.Factor,
        _ => Unknown,
    };

    public override string ToString() => Size?.ToString() ?? (Symbol is null ? "?" : Factor == 1 ? Symbol : $"{Factor}*{Symbol}");
}

/// <summary>A tensor of a graph: its name, its element type, and its axes (null when not even their number is known).</summary>
internal sealed record OnnxValue(string Name, OnnxElementType ElementType, IReadOnlyList<OnnxDim>? Dims)
{
    /// <summary>The shape as it is written in messages and tables, such as <c>[N,3,224,224]</c>.</summary>
    public string ShapeText => Dims is null ? "[...]" : $"[{string.Join(",", Dims)}]";

    /// <summary>D, the number of elements behind the first axis; null if an axis is not known or there are none.</summary>
    public int? RowLength => Dims is { Count: > 1 } && Sizes.Product(Dims.Skip(1)) is > 0 and <= int.MaxValue and var length ? (int)length : null;

    internal static OnnxValue From(ValueInfoProto proto)
    {
        var tensor = proto.Type?.TensorType;
        OnnxDim[]? dims = null;
        if (tensor?.Shape is { } shape)
            dims = [.. shape.Dim.Select(Read)];
        return new OnnxValue(proto.Name, (OnnxElementType)(tensor?.ElemType ?? 0), dims);
    }

    internal ValueInfoProto ToProto()
    {
        var proto = new ValueInfoProto { Name = Name };
        // Without an element type the standard has no tensor type at all: the runtime then infers both.
        if (ElementType == OnnxElementType.Unknown) return proto;
        proto.Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)ElementType } };
        if (Dims is null) return proto;
        proto.Type.TensorType.Shape = new TensorShapeProto();
        proto.Type.TensorType.Shape.Dim.AddRange(Dims.Select(Write));
        return proto;
    }

    private static OnnxDim Read(TensorShapeProto.Types.Dimension dim) => dim.ValueCase switch
    {
        // Some exporters write -1 or 0 for "free".
        TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue when dim.DimValue > 0 => dim.DimValue,
        TensorShapeProto.Types.Dimension.ValueOneofCase.DimParam when dim.DimParam.Length > 0 => OnnxDim.Named(dim.DimParam),
        _ => OnnxDim.Unknown,
    };

    private static TensorShapeProto.Types.Dimension Write(OnnxDim dim)
    {
        var proto = new TensorShapeProto.Types.Dimension();
        if (dim.Size is { } size) proto.DimValue = size;
        else if (dim is { Symbol: { } symbol, Factor: 1 }) proto.DimParam = symbol;
        return proto;
    }
}
