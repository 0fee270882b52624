using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Google.Protobuf;

namespace OnnxTransfer.Onnx.Schema;

/// <summary>Constants: .NET arrays into tensors and back.</summary>
internal static class OnnxTensorData
{
    /// <summary>The number of elements of a shape. A damaged file's wild sizes are refused, not multiplied past a long.</summary>
    public static long CountElements(string name, IEnumerable<long> dims)
    {
        long count = 1;
        foreach (var dim in dims)
        {
            if (dim < 0 || (dim > 0 && count > int.MaxValue / dim)) Throw.OnnxTensorDataInvalid(name, $"its shape has the size {dim}");
            count *= dim;
        }

        return count;
    }

    public static TensorProto Make(string name, OnnxElementType type, IEnumerable<long> dims, ReadOnlySpan<byte> littleEndian) =>
        new() { Name = name, DataType = (int)type, Dims = { dims }, RawData = ByteString.CopyFrom(littleEndian) };

    public static TensorProto Make(string name, IEnumerable<long> dims, ReadOnlySpan<float> values) =>
        Make(name, OnnxElementType.Float32, dims, ToLittleEndian(values));

    public static TensorProto Make(string name, IEnumerable<long> dims, ReadOnlySpan<long> values) =>
        Make(name, OnnxElementType.Int64, dims, ToLittleEndian(values));

    /// <summary>The values of a float32, float16 or float64 constant, as float32.</summary>
    public static float[] ReadFloats(TensorProto tensor)
    {
        var count = CheckedCount(tensor);
        switch ((OnnxElementType)tensor.DataType)
        {
            case OnnxElementType.Float32 when tensor.HasRawData:
                return Decode(tensor, count, 4, static s => BinaryPrimitives.ReadSingleLittleEndian(s));
            case OnnxElementType.Float32:
                return Listed(tensor, count, tensor.FloatData);
            case OnnxElementType.Float16 when tensor.HasRawData:
                return Decode(tensor, count, 2, static s => (float)BinaryPrimitives.ReadHalfLittleEndian(s));
            case OnnxElementType.Float16:
                return [.. Listed(tensor, count, tensor.Int32Data).Select(bits => (float)BitConverter.UInt16BitsToHalf((ushort)bits))];
            case OnnxElementType.Float64 when tensor.HasRawData:
                return Decode(tensor, count, 8, static s => (float)BinaryPrimitives.ReadDoubleLittleEndian(s));
            case OnnxElementType.Float64:
                return [.. Listed(tensor, count, tensor.DoubleData).Select(d => (float)d)];
            default:
                Throw.OnnxTensorDataInvalid(tensor.Name, $"its elements are {(OnnxElementType)tensor.DataType}, not floating-point numbers");
                return [];
        }
    }

    /// <summary>The values of an integer constant; null if it is not one or is larger than a shape can be.</summary>
    public static long[]? TryReadShapeValues(TensorProto tensor)
    {
        const int LongestShape = 64;
        var type = (OnnxElementType)tensor.DataType;
        if (type is not (OnnxElementType.Int64 or OnnxElementType.Int32)) return null;
        if (tensor.Dims.Any(d => d is < 0 or > LongestShape)) return null;
        var count = CheckedCount(tensor);
        if (count > LongestShape) return null;
        if (type == OnnxElementType.Int64)
            return tensor.HasRawData ? Decode(tensor, count, 8, static s => BinaryPrimitives.ReadInt64LittleEndian(s)) : Listed(tensor, count, tensor.Int64Data);
        return tensor.HasRawData
            ? Decode(tensor, count, 4, static s => (long)BinaryPrimitives.ReadInt32LittleEndian(s))
            : [.. Listed(tensor, count, tensor.Int32Data).Select(i => (long)i)];
    }

    /// <summary>Bytes of one element in its raw form.</summary>
    public static int ElementBytes(TensorProto tensor)
    {
        switch ((OnnxElementType)tensor.DataType)
        {
            case OnnxElementType.Int8 or OnnxElementType.UInt8 or OnnxElementType.Bool: return 1;
            case OnnxElementType.Int16 or OnnxElementType.UInt16 or OnnxElementType.Float16 or OnnxElementType.BFloat16: return 2;
            case OnnxElementType.Int32 or OnnxElementType.UInt32 or OnnxElementType.Float32: return 4;
            case OnnxElementType.Int64 or OnnxElementType.UInt64 or OnnxElementType.Float64: return 8;
            default:
                Throw.OnnxTensorDataInvalid(tensor.Name, $"elements of type {(OnnxElementType)tensor.DataType} have no fixed size");
                return 0;
        }
    }

    private static int CheckedCount(TensorProto tensor)
    {
        if (tensor.DataLocation == TensorProto.Types.DataLocation.External)
            Throw.OnnxTensorDataInvalid(tensor.Name, "its data is in an external file that has not been loaded");
        return (int)CountElements(tensor.Name, tensor.Dims);
    }

    private delegate T ReadElement<T>(ReadOnlySpan<byte> bytes);

    private static T[] Decode<T>(TensorProto tensor, int count, int width, ReadElement<T> read)
    {
        var bytes = tensor.RawData.Span;
        if (bytes.Length != (long)count * width)
            Throw.OnnxTensorDataInvalid(tensor.Name, $"its shape needs {(long)count * width} bytes, but {bytes.Length} are there");
        var values = new T[count];
        for (var i = 0; i < count; i++) values[i] = read(bytes.Slice(i * width, width));
        return values;
    }

    private static T[] Listed<T>(TensorProto tensor, int count, ICollection<T> values)
    {
        if (values.Count != count) Throw.OnnxTensorDataInvalid(tensor.Name, $"its shape needs {count} values, but {values.Count} are there");
        return [.. values];
    }

    private static ReadOnlySpan<byte> ToLittleEndian(ReadOnlySpan<float> values)
    {
        if (BitConverter.IsLittleEndian) return MemoryMarshal.AsBytes(values);
        var bytes = new byte[values.Length * 4];
        for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * 4), values[i]);
        return bytes;
    }

    private static ReadOnlySpan<byte> ToLittleEndian(ReadOnlySpan<long> values)
    {
        if (BitConverter.IsLittleEndian) return MemoryMarshal.AsBytes(values);
        var bytes = new byte[values.Length * 8];
        for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * 8), values[i]);
        return bytes;
    }
}
