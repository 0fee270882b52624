using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Weights;

/// <summary>An array of a weight file: its shape, and its values as float32 once they are asked for.</summary>
internal sealed record NamedWeights(long[] Shape, Func<float[]> Read);

/// <summary>Named arrays of real numbers, from <c>.safetensors</c>, <c>.npz</c> or the constants of an <c>.onnx</c> file.</summary>
internal static class WeightFile
{
    private const long LargestHeader = 100_000_000;
    private const int PieceLength = 1 << 14;

    /// <exception cref="InvalidDataException">The file is damaged, or of another kind.</exception>
    public static IReadOnlyDictionary<string, NamedWeights> Open(string path)
    {
        if (!File.Exists(path)) Throw.WeightFileMissing(path);
        switch (Path.GetExtension(path).ToLowerInvariant())
        {
            case ".safetensors": return Read(path, () => Safetensors(path));
            case ".npz": return Read(path, () => Npz(path));
            case ".onnx": return Read(path, () => Onnx(path));
        }

        Throw.WeightFileKindUnknown(path);
        return null;
    }

    /// <summary>Reads a file. Errors of its parsers about damage become one kind of error that names the file.</summary>
    private static T Read<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is JsonException or FormatException or OverflowException or KeyNotFoundException or IndexOutOfRangeException or ArgumentException
            or InvalidOperationException or NotSupportedException or IOException || (e is InvalidDataException && !e.Message.Contains(path, StringComparison.Ordinal)))
        {
            throw Throw.WeightFileDamaged(path, e);
        }
    }

    private static Dictionary<string, NamedWeights> Onnx(string path) =>
        OnnxModel.Load(path).Graph.Initializer
            .Where(t => (OnnxElementType)t.DataType is OnnxElementType.Float32 or OnnxElementType.Float16 or OnnxElementType.Float64)
            .DistinctBy(t => t.Name).ToDictionary(t => t.Name, t => new NamedWeights([.. t.Dims], () => Read(path, () => OnnxTensorData.ReadFloats(t))), StringComparer.Ordinal);

    /// <summary>The format of Hugging Face: eight bytes of header length, a JSON header with the place of every array, the bytes.</summary>
    private static Dictionary<string, NamedWeights> Safetensors(string path)
    {
        using var stream = File.OpenRead(path);
        var bytes = new byte[8];
        stream.ReadExactly(bytes);
        var headerLength = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        if (headerLength is < 2 or > LargestHeader || headerLength > stream.Length - 8) Throw.WeightFileInvalid(path, $"its header states a length of {headerLength} bytes");
        var header = new byte[headerLength];
        stream.ReadExactly(header);
        using var json = JsonDocument.Parse(header);
        var weights = new Dictionary<string, NamedWeights>(StringComparer.Ordinal);
        foreach (var entry in json.RootElement.EnumerateObject().Where(e => e.Name != "__metadata__"))
        {
            var type = entry.Value.GetProperty("dtype").GetString() ?? "";
            if (type is not ("F64" or "F32" or "F16" or "BF16")) continue;
            long[] shape = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(e => e.GetInt64())];
            var offsets = entry.Value.GetProperty("data_offsets");
            var (start, end) = (offsets[0].GetInt64(), offsets[1].GetInt64());
            var count = OnnxTensorData.CountElements(entry.Name, shape);
            var width = type switch { "F64" => 8, "F32" => 4, _ => 2 };
            if (start < 0 || end - start != count * width || end > stream.Length - 8 - headerLength) Throw.WeightFileInvalid(path, $"'{entry.Name}' does not lie inside the file");
            if (!weights.TryAdd(entry.Name, new NamedWeights(shape, () => Read(path, () => Decode(ReadBytes(path, 8 + headerLength + start, end - start), type))))) Throw.WeightFileInvalid(path, $"it has '{entry.Name}' twice");
        }

        return weights;
    }

    private static byte[] ReadBytes(string path, long offset, long length)
    {
        using var stream = File.OpenRead(path);
        stream.Position = offset;
        var bytes = new byte[length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>NumPy's archive: one <c>.npy</c> file per array.</summary>
    private static Dictionary<string, NamedWeights> Npz(string path)
    {
        using var archive = ZipFile.OpenRead(path);
        var weights = new Dictionary<string, NamedWeights>(StringComparer.Ordinal);
        foreach (var entry in archive.Entries.Where(e => e.FullName.EndsWith(".npy", StringComparison.Ordinal)))
        {
            using var stream = entry.Open();
            var (shape, type, _) = ReadNpyHeader(path, stream, entry);
            if (type is null) continue;
            var name = entry.FullName;
            if (!weights.TryAdd(name[..^4], new NamedWeights(shape, () => Read(path, () => ReadNpy(path, name))))) Throw.WeightFileInvalid(path, $"it has '{name}' twice");
        }

        return weights;
    }

    private static float[] ReadNpy(string path, string name)
    {
        using var archive = ZipFile.OpenRead(path);
        var entry = archive.GetEntry(name) ?? throw new KeyNotFoundException($"'{name}' is no longer in it.");
        using var content = entry.Open();
        var (dims, kind, width) = ReadNpyHeader(path, content, entry);
        var expected = OnnxTensorData.CountElements(name, dims) * width;
        // The data is read piece by piece, up to the size of the shape, so that a false header or stream cannot allocate huge memory.
        using var bytes = new MemoryStream();
        var piece = new byte[PieceLength];
        for (int read; bytes.Length <= expected && (read = content.Read(piece)) > 0;) bytes.Write(piece, 0, read);
        if (bytes.Length != expected) Throw.WeightFileInvalid(path, $"'{name}' has {(bytes.Length > expected ? "more" : "fewer")} than the {expected} bytes that its shape needs");
        return Decode(bytes.ToArray(), kind!);
    }

    private static (long[] Shape, string? Type, int Width) ReadNpyHeader(string path, Stream stream, ZipArchiveEntry entry)
    {
        var name = entry.FullName;
        NpyHeader header;
        try
        {
            header = NpyHeader.Read(stream, entry.Length);
        }
        catch (InvalidDataException exception)
        {
            Throw.WeightFileInvalid(path, $"'{name}' {exception.Message}");
            throw;
        }

        var shape = header.Shape;
        if (header.IsColumnMajor && shape.Length > 1) Throw.WeightFileInvalid(path, $"'{name}' is stored column by column; save it with numpy.ascontiguousarray");
        return header.Type switch
        {
            "<f8" => (shape, "F64", 8),
            "<f4" => (shape, "F32", 4),
            "<f2" => (shape, "F16", 2),
            _ => (shape, null, 0),
        };
    }

    private static float[] Decode(byte[] bytes, string type)
    {
        var width = type switch { "F64" => 8, "F32" => 4, _ => 2 };
        var values = new float[bytes.Length / width];
        for (var i = 0; i < values.Length; i++)
        {
            var element = bytes.AsSpan(i * width, width);
            values[i] = type switch
            {
                "F64" => (float)BinaryPrimitives.ReadDoubleLittleEndian(element),
                "F32" => BinaryPrimitives.ReadSingleLittleEndian(element),
                "F16" => (float)BinaryPrimitives.ReadHalfLittleEndian(element),
                // bfloat16 is the upper half of a float32.
                _ => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
            };
        }

        return values;
    }
}
