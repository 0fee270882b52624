using OnnxTransfer.Conversion.Hdf5;
using OnnxTransfer.Conversion.Keras;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Conversion;

/// <summary>
/// Converts Keras models to ONNX (operator set 17): <c>.keras</c> and <c>.h5</c> files of Keras 2 and 3, the weights of
/// <c>keras.applications</c>, and TensorFlow.js layers format (<c>model.json</c> and its weight shards, float32 or quantized to 8 or 16
/// bits). Batch normalization is folded into the convolution before it, the batch axis is
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

    /// <summary>Converts the bytes of a <c>.keras</c> or <c>.h5</c> file to those of an <c>.onnx</c> file.</summary>
    /// <param name="model">The <c>.keras</c> or <c>.h5</c> file.</param>
    /// <param name="options">The tensors to keep, the input size and the architecture; null converts the whole model as it is.</param>
    /// <exception cref="InvalidDataException">The model is damaged or inconsistent.</exception>
    /// <exception cref="NotSupportedException">A layer that is needed for the outputs cannot be converted, or the file has no architecture.</exception>
    /// <exception cref="ArgumentException">An output of <paramref name="options"/> does not exist; the nearest names are listed.</exception>
    public static byte[] Convert(ReadOnlyMemory<byte> model, KerasOptions? options = null) =>
        ToModel(model, NoShards, options ?? new KerasOptions(), "the Keras model").ToBytes();

    /// <summary>
    /// Converts a <c>.keras</c> or <c>.h5</c> file, or a <c>model.json</c> and the shards beside it, to an <c>.onnx</c> file, which appears
    /// whole or not at all, and writes its card beside it if <see cref="KerasOptions.Preprocess"/> names a preprocessing.
    /// </summary>
    /// <inheritdoc cref="Convert(ReadOnlyMemory{byte}, Func{string, ReadOnlyMemory{byte}}, KerasOptions?)"/>
    /// <param name="path">The <c>.keras</c>, <c>.h5</c> or <c>model.json</c> file.</param>
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
        ReadOnlyMemory<byte> Shard(string name)
        {
            if (RealPath.BesideModel(path, name) is not { } shard) throw Throw.ShardElsewhere(path, name);
            if (!File.Exists(shard)) Throw.ShardMissing(path, shard);
            return InputFile.ReadAllBytes(shard);
        }

        if (ForeignModel.DescribeFolder(path) is { } kind) Throw.NotKeras(path, kind);
        var preset = options?.Preprocess ?? (options?.Architecture is { } architecture ? KerasArchitecture.PreprocessOf(architecture) : null);
        ConvertedFile.Save(ToModel(InputFile.ReadAllBytes(path), Shard, options ?? new KerasOptions(), path), path, onnxPath, preset);
    }

    /// <summary>
    /// Writes a converted network with the weights of another Keras file, matched by the names of Keras's layers, as
    /// <c>load_weights(by_name=True)</c> does: kernels in ONNX's order of axes, and normalizations folded as the conversion folded them.
    /// Layers that Keras numbered itself (<c>conv2d_7</c>) are matched in their order. The card, if the network has one, goes beside the file.
    /// </summary>
    /// <param name="network">A network that <see cref="Convert(string, string, KerasOptions?)"/> wrote.</param>
    /// <param name="weights">A <c>.h5</c> or <c>.keras</c> file: a model, or weights alone.</param>
    /// <param name="output">The ONNX file to write; an existing one is replaced.</param>
    /// <param name="allowMissing">
    /// Whether arrays that are missing or have another shape may stay as they are; otherwise nothing is written.
    /// </param>
    /// <returns>Which arrays of the layers were replaced, and which were not, as <c>layer/array</c>.</returns>
    /// <exception cref="ModelException">
    /// The file is missing or damaged, its arrays do not match (they are listed), <paramref name="network"/> was not converted from Keras, or
    /// is a trained classifier.
    /// </exception>
    public static WeightReport ReplaceWeights(ModelFile network, string weights, string output, bool allowMissing = false)
    {
        ArgumentNullException.ThrowIfNull(network);
        return network.ReplaceWeights(weights, output, graph => KerasWeightLoader.Replace(graph, weights, strict: !allowMissing));
    }

    internal static OnnxModel ToModel(ReadOnlyMemory<byte> file, Func<string, ReadOnlyMemory<byte>> readShard, KerasOptions options, string source)
    {
        var isBinary = Hdf5File.HasSignature(file.Span) || file.Span.StartsWith("PK\u0003\u0004"u8);
        if (options.Architecture is { } architecture)
        {
            if (!Hdf5File.HasSignature(file.Span)) Throw.KerasHasArchitecture(source);
            return Translate(KerasArchitecture.Read(file, architecture, source, options.Height, options.Width), options);
        }

        if (isBinary) return Translate(KerasArchive.Read(file, source), options);
        if (ForeignModel.Describe(file.Span, source) is { } kind && !file.Span.TrimStart(" \t\r\n"u8).StartsWith("{"u8)) Throw.NotKeras(source, kind);
        var model = KerasModel.Parse(file, source);
        try
        {
            if (model.Manifest.ValueKind == System.Text.Json.JsonValueKind.Undefined) Throw.KerasWithoutWeights(source);
            return Translate((model, KerasWeights.Read(model, readShard)), options);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static OnnxModel Translate((KerasModel Model, KerasWeights Weights) read, KerasOptions options)
    {
        using (read.Model) return new KerasTranslator(read.Model, read.Weights, options).Translate();
    }

    private static ReadOnlyMemory<byte> NoShards(string name)
    {
        Throw.ShardsNotGiven(name);
        return default;
    }
}
