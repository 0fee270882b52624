using System.Buffers.Binary;
using System.Text;

namespace OnnxTransfer.Internals;

/// <summary>What a file or folder is that was given for an ONNX model, by the first bytes of the file, and what to do with it.</summary>
internal static class ForeignModel
{
    /// <summary>The bytes of a file that decide; a name in a zip archive stands among them.</summary>
    internal const int StartBytes = 512;

    private const int ZipNameAt = 30;

    private static readonly byte[] s_hdf5 = [0x89, .. "HDF\r\n\u001a\n"u8];

    /// <summary>"a TFLite model: convert it with `...`"; null if the bytes have no mark of another kind of model.</summary>
    /// <param name="start">The first bytes of the file, <see cref="StartBytes"/> or more if it has as many.</param>
    /// <param name="source">The file's path, as a command line takes it.</param>
    internal static string? Describe(ReadOnlySpan<byte> start, string source)
    {
        var convert = $"`onnxtransfer models convert {Quoted(source)} --out {Quoted(Path.GetFileNameWithoutExtension(source) + ".onnx")}`";
        if (start.Length >= 8 && start.Slice(4, 4).SequenceEqual("TFL3"u8)) return $"a TFLite model: convert it with {convert}";
        if (start.Length >= 8 && start.Slice(4, 4).SequenceEqual("ORTM"u8))
            return "a model in the ORT format (.ort), which keeps no graph that can be cut: give the .onnx file that it was made from";
        if (start.StartsWith(s_hdf5))
            return $"an HDF5 file, as Keras writes: convert it with {convert}, and with --architecture NAME where it has only weights";
        if (start.StartsWith("version https://git-lfs"u8)) return "a Git LFS pointer, the text that stands for a large file: run `git lfs pull` in its folder, or download the file itself";
        if (start.StartsWith("PK\u0003\u0004"u8)) return Zip(start, convert);
        if (start.Length > 2 && start[0] == 0x80 && start[1] is >= 2 and <= 5) return Torch;
        if (start.Length > 9 && BinaryPrimitives.ReadInt64LittleEndian(start) is > 1 and < 100_000_000 && start[8] == '{')
            return $"a safetensors file, which has weights and no graph: `onnxtransfer models weights MODEL.onnx --from {Quoted(source)} --out NEW.onnx` puts them into an ONNX model with the same names";
        return Text(start, convert);
    }

    /// <summary>Says what a folder is, in words that complete "FOLDER is ..."; null for one without a model that is known here.</summary>
    internal static string? DescribeFolder(string folder)
    {
        foreach (var name in (string[])["model.onnx", Path.Combine("onnx", "model.onnx")])
            if (File.Exists(Path.Combine(folder, name))) return $"a folder with a model in it: give {Path.Combine(folder, name)}";
        if (File.Exists(Path.Combine(folder, "saved_model.pb")))
            return "a TensorFlow SavedModel: convert it to TFLite with tf.lite.TFLiteConverter.from_saved_model, or to ONNX with `python -m tf2onnx.convert --saved-model`; `onnxtransfer models convert` then takes the .tflite file";
        if (File.Exists(Path.Combine(folder, "model.json"))) return $"a folder with a TensorFlow.js model: convert it with `onnxtransfer models convert {Quoted(Path.Combine(folder, "model.json"))} --out model.onnx`";
        return null;
    }

    private const string Torch = "a PyTorch file, which has weights and needs its Python code: export the network there with torch.onnx.export(model, torch.randn(1, 3, 224, 224), \"model.onnx\", dynamo=False)";

    private static string Zip(ReadOnlySpan<byte> start, string convert)
    {
        if (start.Length < ZipNameAt) return "a zip archive: unpack it, and give the .onnx file in it";
        var length = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(start[26..]), start.Length - ZipNameAt);
        var first = Encoding.UTF8.GetString(start.Slice(ZipNameAt, length));
        if (first is "metadata.json" or "config.json" or "model.weights.h5") return $"a Keras model: convert it with {convert}";
        if (first.EndsWith("/data.pkl", StringComparison.Ordinal) || first.EndsWith("/version", StringComparison.Ordinal) || first.Contains("/.data/", StringComparison.Ordinal) || first.EndsWith("/byteorder", StringComparison.Ordinal)) return Torch;
        if (first.EndsWith(".npy", StringComparison.Ordinal)) return "an archive of NumPy arrays (.npz), which has weights and no graph: `onnxtransfer models weights` puts them into an ONNX model with the same names";
        return "a zip archive: unpack it, and give the .onnx file in it";
    }

    private static string? Text(ReadOnlySpan<byte> start, string convert)
    {
        if (start.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])) start = start[3..];
        start = start.TrimStart(" \t\r\n"u8);
        var text = Encoding.ASCII.GetString(start[..Math.Min(start.Length, StartBytes)]);
        if (text.StartsWith('<') && (text.Contains("<html", StringComparison.OrdinalIgnoreCase) || text.StartsWith("<!doctype", StringComparison.OrdinalIgnoreCase)))
            return "a web page (HTML): the download was of a page about the file, or of an error; download the file itself";
        if (!text.StartsWith('{')) return null;
        if (text.Contains("\"modelTopology\"", StringComparison.Ordinal) || text.Contains("\"format\"", StringComparison.Ordinal)) return $"the model.json of a TensorFlow.js model: convert it with {convert}";
        return "a JSON text, not a model: give the .onnx file that it belongs to";
    }

    private static string Quoted(string path) => path.Contains(' ', StringComparison.Ordinal) ? $"\"{path}\"" : path;
}
