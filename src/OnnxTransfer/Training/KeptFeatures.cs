using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Training;

/// <summary>
/// The vectors that a classifier was trained and judged on, with what is needed to train it again: they are kept in its file, so that it can be
/// extended without its images. As text they are a safetensors file in base64, because metadata of ONNX is text; a vector takes 16/3 bytes a number.
/// </summary>
internal sealed partial class KeptFeatures
{
    /// <summary>The largest size of the vectors, in bytes: an ONNX file has less than 2 GB, and base64 takes a third more.</summary>
    internal const long MaxBytes = 256L << 20;

    private const string FeaturesName = "features";
    private const string ClassesName = "classes";
    private const string SplitsName = "splits";
    private const string WeightsName = "weights";
    private const string IdsName = "ids";
    private const string OriginName = "origin";

    /// <param name="features"><c>[N,D]</c>.</param>
    /// <param name="classes"><c>[N]</c>, indices of the classifier's labels.</param>
    /// <param name="splits"><c>[N]</c>, none of them <see cref="DataSplit.Auto"/>.</param>
    /// <param name="weights"><c>[N]</c>.</param>
    /// <param name="ids"><c>[N]</c>; a copy has the id of its image.</param>
    /// <param name="origin">What gave the vectors, one fact in each line.</param>
    internal KeptFeatures(FeatureMatrix features, int[] classes, DataSplit[] splits, float[] weights, IReadOnlyList<string> ids, string origin) =>
        (Features, Classes, Splits, Weights, Ids, Origin) = (features, classes, splits, weights, ids, origin);

    internal FeatureMatrix Features { get; }

    internal int[] Classes { get; }

    internal DataSplit[] Splits { get; }

    internal float[] Weights { get; }

    internal IReadOnlyList<string> Ids { get; }

    internal string Origin { get; }

    internal int Count => Features.RowCount;

    /// <summary>The rows of a set, ascending.</summary>
    internal int[] Rows(DataSplit split) => [.. Enumerable.Range(0, Count).Where(row => Splits[row] == split)];

    /// <summary>The rows as training data; null if there is none.</summary>
    internal LabeledFeatures? Labeled(IReadOnlyList<int> rows)
    {
        if (rows.Count == 0) return null;
        float[] weights = [.. rows.Select(row => Weights[row])];
        return new LabeledFeatures(Features.Select(rows), [.. rows.Select(row => Classes[row])], Array.TrueForAll(weights, weight => weight == 1) ? null : weights);
    }

    /// <summary>The given rows, with classes of other indices.</summary>
    /// <param name="rows">Row numbers.</param>
    /// <param name="classOf">The new index of each class.</param>
    internal KeptFeatures Select(IReadOnlyList<int> rows, IReadOnlyList<int> classOf) => new(
        Features.Select(rows), [.. rows.Select(row => classOf[Classes[row]])], [.. rows.Select(row => Splits[row])], [.. rows.Select(row => Weights[row])],
        [.. rows.Select(row => Ids[row])], Origin);

    /// <summary>These rows and, behind them, those of another.</summary>
    internal KeptFeatures With(KeptFeatures more) => new(
        FeatureMatrix.Stack([Features, more.Features]), [.. Classes, .. more.Classes], [.. Splits, .. more.Splits], [.. Weights, .. more.Weights], [.. Ids, .. more.Ids], Origin);

    /// <summary>The text in the metadata; the same rows always give the same text.</summary>
    internal string ToText()
    {
        var end = 0L;
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString(IdsName, JsonSerializer.Serialize([.. Ids], KeptJson.Default.StringArray));
            json.WriteString(OriginName, Origin);
            json.WriteEndObject();
            Describe(json, FeaturesName, "F32", sizeof(float), ref end, Count, Features.Dim);
            Describe(json, ClassesName, "I32", sizeof(int), ref end, Count);
            Describe(json, WeightsName, "F32", sizeof(float), ref end, Count);
            Describe(json, SplitsName, "U8", 1, ref end, Count);
            json.WriteEndObject();
        }

        // Spaces bring the numbers to a place that any of them may begin at.
        while (header.Length % 8 != 0) header.WriteByte((byte)' ');
        using var file = new MemoryStream();
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        file.Write(length);
        header.WriteTo(file);
        file.Write(MemoryMarshal.AsBytes(Features.Values));
        file.Write(MemoryMarshal.AsBytes(Classes.AsSpan()));
        file.Write(MemoryMarshal.AsBytes(Weights.AsSpan()));
        foreach (var split in Splits) file.WriteByte((byte)split);
        return Convert.ToBase64String(file.GetBuffer(), 0, (int)file.Length);
    }

    /// <summary>Reads what <see cref="ToText"/> wrote.</summary>
    /// <param name="text">The text.</param>
    /// <param name="dim">D of the classifier.</param>
    /// <param name="classCount">C of the classifier.</param>
    /// <exception cref="InvalidDataException">It is damaged, or does not fit the classifier.</exception>
    internal static KeptFeatures Parse(string text, int dim, int classCount)
    {
        try
        {
            var file = Convert.FromBase64String(text);
            var length = checked((int)BinaryPrimitives.ReadInt64LittleEndian(file));
            using var header = JsonDocument.Parse(file.AsMemory(sizeof(long), length));
            var data = file.AsSpan(sizeof(long) + length);
            var metadata = header.RootElement.GetProperty("__metadata__");
            if (JsonSerializer.Deserialize(metadata.GetProperty(IdsName).GetString()!, KeptJson.Default.StringArray) is not { } ids || ids.Contains(null!) || metadata.GetProperty(OriginName).GetString() is not { } origin)
                throw new InvalidDataException("an id or the origin is missing");
            var kept = new KeptFeatures(
                new FeatureMatrix(Numbers<float>(header.RootElement, data, FeaturesName, ids.Length, dim), ids.Length, dim),
                Numbers<int>(header.RootElement, data, ClassesName, ids.Length),
                [.. Numbers<byte>(header.RootElement, data, SplitsName, ids.Length).Select(split => (DataSplit)split)],
                Numbers<float>(header.RootElement, data, WeightsName, ids.Length), ids, origin);
            if (kept.Features.Values.IndexOfNonFinite() >= 0 || kept.Weights.Any(weight => !(weight >= 0 && float.IsFinite(weight)))
                || kept.Classes.Any(index => (uint)index >= (uint)classCount) || kept.Splits.Any(split => split is not (DataSplit.Train or DataSplit.Validation or DataSplit.Test)))
                throw new InvalidDataException("a number is out of range");
            return kept;
        }
        catch (Exception exception) when (exception is InvalidDataException or FormatException or JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException or OverflowException)
        {
            throw new InvalidDataException("its kept feature vectors cannot be read.", exception);
        }
    }

    private static void Describe(Utf8JsonWriter json, string name, string type, int size, ref long end, params int[] shape)
    {
        json.WriteStartObject(name);
        json.WriteString("dtype", type);
        json.WriteStartArray("shape");
        foreach (var side in shape) json.WriteNumberValue(side);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(end);
        json.WriteNumberValue(end += shape.Aggregate((long)size, (product, side) => product * side));
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static T[] Numbers<T>(JsonElement header, ReadOnlySpan<byte> data, string name, params int[] shape)
        where T : unmanaged
    {
        var entry = header.GetProperty(name);
        if (!entry.GetProperty("shape").EnumerateArray().Select(side => side.GetInt32()).SequenceEqual(shape)) throw new InvalidDataException($"'{name}' has another shape");
        var offsets = entry.GetProperty("data_offsets").EnumerateArray().Select(offset => offset.GetInt32()).ToArray();
        if (offsets is not [var start, var end]) throw new InvalidDataException($"'{name}' has no place");
        var numbers = MemoryMarshal.Cast<byte, T>(data[start..end]).ToArray();
        return numbers.Length == shape.Aggregate(1, (product, side) => checked(product * side)) ? numbers : throw new InvalidDataException($"'{name}' has another length");
    }

    [JsonSerializable(typeof(string[]))]
    private sealed partial class KeptJson : JsonSerializerContext;
}
