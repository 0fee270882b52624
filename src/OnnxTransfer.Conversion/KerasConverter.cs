using OnnxTransfer.Conversion.Keras;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Conversion;

/// <summary>
/// Converts Keras models in TensorFlow.js layers format (<c>model.json</c> and its weight shards, float32 or quantized to
/// 8 or 16 bits) to ONNX (operator set 17). Batch normalization is folded into the convolution before it, the batch axis is
/// free, and four-dimensional tensors are <c>[N,C,H,W]</c> inside and at the outputs. Tensors have the names of their layers.
/// </summary>
public static class KerasConverter
{
    /// <summary>Converts a model to the bytes of an <c>.onnx</c> file.</summary>
    /// <param name="modelJson">The <c>model.json</c>.</param>
    /// <param name="readShard">A function that returns the bytes of a weight file, given its path in the manifest.</param>
    /// <param name="options">The tensors to keep and the input size; null converts the whole model as it is.</param>
    /// <exception cref="InvalidDataException">The model is damaged or inconsistent.</exception>
    /// <exception cref="NotSupportedException">A layer that is needed for the outputs cannot be converted; it is named.</exception>
    /// <exception cref="ArgumentException">An output of <paramref name="options"/> does not exist; the nearest names are listed.</exception>
    public static byte[] Convert(ReadOnlyMemory<byte> modelJson, Func<string, ReadOnlyMemory<byte>> readShard, KerasOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(readShard);
        return ToModel(modelJson, readShard, options ?? new KerasOptions(), "the Keras model").ToBytes();
    }

    /// <summary>
    /// Converts a <c>model.json</c> and the shards beside it to an <c>.onnx</c> file, which appears whole or not at all, and writes its
    /// card beside it if <see cref="KerasOptions.Preprocess"/> names a preprocessing.
    /// </summary>
    /// <inheritdoc cref="Convert(ReadOnlyMemory{byte}, Func{string, ReadOnlyMemory{byte}}, KerasOptions?)"/>
    /// <param name="path">The <c>model.json</c>.</param>
    /// <param name="onnxPath">The ONNX file to write; an existing one is replaced.</param>
    /// <param name="options">The tensors to keep and the input size; null converts the whole model as it is.</param>
    /// <exception cref="FileNotFoundException">The model or one of its shards does not exist.</exception>
    /// <exception cref="IOException"><paramref name="path"/> is a folder or may not be read, or <paramref name="onnxPath"/> cannot be written.</exception>
    /// <exception cref="ModelException">
    /// A card was asked for, but the converter finds no tensor that is one feature vector per image.
    /// </exception>
    public static void Convert(string path, string onnxPath, KerasOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(onnxPath);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        ReadOnlyMemory<byte> Shard(string name)
        {
            var shard = Path.GetFullPath(Path.Combine(folder, name));
            if (!shard.StartsWith(folder.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal)) Throw.ShardElsewhere(path, name);
            if (!File.Exists(shard)) Throw.ShardMissing(path, shard);
            return InputFile.ReadAllBytes(shard);
        }

        ConvertedFile.Save(ToModel(InputFile.ReadAllBytes(path), Shard, options ?? new KerasOptions(), path), path, onnxPath, options?.Preprocess);
    }

    internal static OnnxModel ToModel(ReadOnlyMemory<byte> modelJson, Func<string, ReadOnlyMemory<byte>> readShard, KerasOptions options, string source)
    {
        using var model = KerasModel.Parse(modelJson, source);
        return new KerasTranslator(model, KerasWeights.Read(model, readShard), options).Translate();
    }
}
