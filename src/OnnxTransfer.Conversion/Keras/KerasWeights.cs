using System.Buffers.Binary;
using System.Text.Json;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Conversion.Keras;

/// <summary>An array of weights, channels last.</summary>
internal sealed record KerasArray(int[] Shape, float[] Values);

/// <summary>The weights of a model by name.</summary>
internal sealed class KerasWeights
{
    private readonly Dictionary<string, Func<KerasArray>> _arrays = new(StringComparer.Ordinal);

    public IEnumerable<string> Names => _arrays.Keys;

    /// <summary>The weights in the shards that a <c>model.json</c> lists.</summary>
    public static KerasWeights Read(KerasModel model, Func<string, ReadOnlyMemory<byte>> readShard)
    {
        var weights = new KerasWeights();
        try
        {
            foreach (var group in model.Manifest.EnumerateArray()) weights.ReadGroup(model.Source, group, readShard);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException || (e is InvalidDataException && !e.Message.Contains(model.Source, StringComparison.Ordinal)))
        {
            throw Throw.KerasDamaged(model.Source, e);
        }

        return weights;
    }

    /// <summary>
    /// A weight of a layer; null if there is none. Layers of a nested model may have the model's name in front, so the end of the name
    /// decides if the whole name does not match.
    /// </summary>
    public KerasArray? Find(string layer, string weight)
    {
        var name = $"{layer}/{weight}";
        if (_arrays.TryGetValue(name, out var read)) return read();
        var longer = _arrays.Keys.Where(k => k.EndsWith("/" + name, StringComparison.Ordinal)).Take(2).ToList();
        return longer.Count == 1 ? _arrays[longer[0]]() : null;
    }

    /// <summary>Names a weight of a layer. Two layers of one name, in two models inside the model, would be one for the other.</summary>
    public void Add(string source, string name, Func<KerasArray> read)
    {
        if (!_arrays.TryAdd(name, read)) Throw.KerasMalformed(source, $"the weights '{name}' are there twice");
    }

    private void ReadGroup(string source, JsonElement group, Func<string, ReadOnlyMemory<byte>> readShard)
    {
        var needed = 0.0;
        foreach (var entry in group.GetProperty("weights").EnumerateArray())
            needed += entry.GetProperty("shape").EnumerateArray().Aggregate(8.0, (product, side) => product * side.GetInt32());
        // The shards of a group are one run of bytes that is cut anywhere, also inside an array.
        var shards = new List<ReadOnlyMemory<byte>>();
        var (names, total) = (new HashSet<string>(StringComparer.Ordinal), 0L);
        foreach (var path in group.GetProperty("paths").EnumerateArray())
        {
            var name = path.GetString() ?? "";
            if (!names.Add(name)) Throw.KerasMalformed(source, $"it names the shard '{name}' twice");
            if (total > needed) Throw.KerasMalformed(source, $"its shards have more bytes than the weights need");
            shards.Add(readShard(name));
            total += shards[^1].Length;
        }

        if (total > int.MaxValue) Throw.KerasMalformed(source, $"its weights are {total:N0} bytes");
        var bytes = new byte[total];
        var at = 0;
        foreach (var shard in shards)
        {
            shard.Span.CopyTo(bytes.AsSpan(at));
            at += shard.Length;
        }

        var offset = 0L;
        foreach (var entry in group.GetProperty("weights").EnumerateArray())
        {
            var name = entry.GetProperty("name").GetString()!;
            int[] shape = [.. entry.GetProperty("shape").EnumerateArray().Select(e => e.GetInt32())];
            var quantized = entry.TryGetProperty("quantization", out var quantization);
            var type = quantized ? quantization.GetProperty("dtype").GetString() : entry.GetProperty("dtype").GetString();
            var width = type switch { "float32" or "int32" => 4, "uint16" or "float16" => 2, "uint8" or "bool" => 1, _ => 0 };
            if (width == 0) Throw.KerasMalformed(source, $"the weights '{name}' are stored as {type}");
            var count = OnnxTensorData.CountElements(name, shape.Select(s => (long)s));
            if (offset + (count * width) > bytes.Length) Throw.KerasMalformed(source, $"the weights '{name}' end past the {bytes.Length} bytes of their shards");
            var (start, scale, least) = ((int)offset, 1.0, 0.0);
            if (quantized && type != "float16") (scale, least) = (quantization.GetProperty("scale").GetDouble(), quantization.GetProperty("min").GetDouble());
            _arrays[name] = () => new KerasArray(shape, Decode(bytes.AsSpan(start, (int)(count * width)), type!, width, scale, least));
            offset += count * width;
        }
    }

    private static float[] Decode(ReadOnlySpan<byte> bytes, string type, int width, double scale, double least)
    {
        var values = new float[bytes.Length / width];
        for (var i = 0; i < values.Length; i++)
        {
            var element = bytes.Slice(i * width, width);
            values[i] = type switch
            {
                "float32" => BinaryPrimitives.ReadSingleLittleEndian(element),
                "float16" => (float)BinaryPrimitives.ReadHalfLittleEndian(element),
                "uint16" => (float)((BinaryPrimitives.ReadUInt16LittleEndian(element) * scale) + least),
                "int32" => BinaryPrimitives.ReadInt32LittleEndian(element),
                _ => (float)((element[0] * scale) + least),
            };
        }

        return values;
    }
}
