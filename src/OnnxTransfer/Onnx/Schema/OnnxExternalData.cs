using Google.Protobuf;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Onnx.Schema;

/// <summary>Weights that a model keeps in files of their own: read into the model, from below its own folder only.</summary>
internal static class OnnxExternalData
{
    /// <summary>Replaces every reference to an external file by the bytes it stands for.</summary>
    /// <param name="graph">The graph; constants inside its nodes are included.</param>
    /// <param name="modelPath">The model's own file.</param>
    /// <returns>The bytes read.</returns>
    public static long LoadInto(GraphProto graph, string modelPath)
    {
        var files = new Dictionary<string, FileStream>(StringComparer.Ordinal);
        long total = 0;
        try
        {
            foreach (var tensor in Tensors(graph).Where(t => t.DataLocation == TensorProto.Types.DataLocation.External))
            {
                var entries = tensor.ExternalData.GroupBy(e => e.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last().Value, StringComparer.Ordinal);
                var location = entries.GetValueOrDefault("location", "");
                var file = Open(files, location, tensor.Name, modelPath);
                var offset = Number(entries, "offset", 0, tensor.Name);
                var needed = OnnxTensorData.CountElements(tensor.Name, tensor.Dims) * OnnxTensorData.ElementBytes(tensor);
                var length = Number(entries, "length", needed, tensor.Name);
                if (length != needed) Throw.OnnxTensorDataInvalid(tensor.Name, $"its shape needs {needed} bytes, but {length} are stated");
                if (offset > file.Length - length) Throw.OnnxTensorDataInvalid(tensor.Name, $"bytes {offset} to {offset + length} are past the end of {location} ({file.Length} bytes)");
                total += length;
                if (total > Array.MaxLength) Throw.OnnxFileTooLarge(modelPath, total);
                var bytes = new byte[length];
                file.Position = offset;
                file.ReadExactly(bytes);
                tensor.RawData = UnsafeByteOperations.UnsafeWrap(bytes);
                tensor.ExternalData.Clear();
                tensor.ClearDataLocation();
            }

            return total;
        }
        finally
        {
            foreach (var file in files.Values) file.Dispose();
        }
    }

    /// <summary>The files that hold weights of a graph, relative to the model's folder, as the file states them.</summary>
    public static IReadOnlyList<string> Locations(GraphProto graph) =>
    [
        .. Tensors(graph).Where(t => t.DataLocation == TensorProto.Types.DataLocation.External)
            .Select(t => t.ExternalData.LastOrDefault(e => e.Key == "location")?.Value ?? "").Where(location => location.Length > 0).Distinct(StringComparer.Ordinal),
    ];

    private static IEnumerable<TensorProto> Tensors(GraphProto graph) =>
        graph.Initializer.Concat(graph.Node.SelectMany(n => n.Attribute).Where(a => a.T is not null).Select(a => a.T));

    private static FileStream Open(Dictionary<string, FileStream> files, string location, string tensor, string modelPath)
    {
        // The format wants a relative path.
        if (Path.IsPathRooted(location) || RealPath.BesideModel(modelPath, location) is not { } path) throw Throw.OnnxExternalFileElsewhere(modelPath, tensor, location);
        if (!files.TryGetValue(path, out var file))
        {
            if (!File.Exists(path)) Throw.OnnxExternalFileMissing(modelPath, tensor, path);
            files[path] = file = File.OpenRead(path);
        }

        return file;
    }

    private static long Number(Dictionary<string, string> entries, string key, long otherwise, string tensor)
    {
        if (!entries.TryGetValue(key, out var text)) return otherwise;
        if (!long.TryParse(text, out var number) || number < 0) Throw.OnnxTensorDataInvalid(tensor, $"its {key} in the external file is '{text}'");
        return number;
    }
}
