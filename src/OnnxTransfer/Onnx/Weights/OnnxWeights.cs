using System.Buffers.Binary;
using Google.Protobuf;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Weights;

/// <summary>Puts other weights into the same graph, as Keras' <c>load_weights(by_name=True)</c> does.</summary>
internal static class OnnxWeights
{
    /// <param name="model">The graph; changed in place.</param>
    /// <param name="path">A <c>.safetensors</c>, <c>.npz</c> or <c>.onnx</c> file.</param>
    /// <param name="strict">Whether every weight of the graph must be in the file with its shape; the graph is left alone where one is not.</param>
    /// <exception cref="InvalidDataException">The file is damaged; or <paramref name="strict"/>, and not every weight matches: they are listed.</exception>
    public static WeightReport Replace(OnnxModel model, string path, bool strict = true)
    {
        var weights = WeightFile.Open(path);
        var targets = model.Graph.Initializer.Where(t => (OnnxElementType)t.DataType is OnnxElementType.Float32 or OnnxElementType.Float16).ToList();
        var matched = targets.Where(t => weights.GetValueOrDefault(t.Name)?.Shape.SequenceEqual(t.Dims) == true).ToList();
        var report = new WeightReport(
            [.. matched.Select(t => t.Name)],
            [.. targets.Where(t => !weights.ContainsKey(t.Name)).Select(t => t.Name)],
            [.. targets.Where(t => weights.ContainsKey(t.Name)).Except(matched).Select(t => $"{t.Name} [{string.Join(",", t.Dims)}] but [{string.Join(",", weights[t.Name].Shape)}] in the file")],
            [.. weights.Keys.Except(targets.Select(t => t.Name)).Order(StringComparer.Ordinal)]);
        if (strict && report.Missing.Count + report.WrongShape.Count > 0) Throw.WeightsDoNotMatch(path, model.Source, report.Matched.Count, report.Missing, report.WrongShape, report.Unused);
        if (matched.Count == 0) Throw.WeightsDoNotMatch(path, model.Source, 0, report.Missing, report.WrongShape, report.Unused);

        // All are read before the first is replaced, so that a damaged array leaves the graph as it was.
        var contents = matched.Select(t => t.Name).Distinct(StringComparer.Ordinal).ToDictionary(name => name, name => weights[name].Read(), StringComparer.Ordinal);
        var replaced = matched.ToHashSet<TensorProto>(ReferenceEqualityComparer.Instance);
        model.Graph.EditConstants(replaced.Contains, t => Put(t, contents[t.Name]));
        return report;
    }

    /// <summary>Replaces the values of a constant of real numbers that no other graph shares.</summary>
    public static void Put(TensorProto tensor, float[] values)
    {
        tensor.FloatData.Clear();
        tensor.Int32Data.Clear();
        tensor.RawData = Encode(values, (OnnxElementType)tensor.DataType);
    }

    private static ByteString Encode(float[] values, OnnxElementType type)
    {
        if (type == OnnxElementType.Float32) return OnnxTensorData.Make("", [values.Length], values).RawData;
        var bytes = new byte[2 * values.Length];
        for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(2 * i), (Half)values[i]);
        return UnsafeByteOperations.UnsafeWrap(bytes);
    }
}
