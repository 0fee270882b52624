using OnnxTransfer.Conversion.TfLite;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Conversion;

/// <summary>
/// Converts TFLite models with float32, float16 or quantized weights to ONNX (operator set 17). The batch axis becomes free, 16-bit
/// weights become float32 with the same values, and four-dimensional tensors are <c>[N,C,H,W]</c> inside and at the outputs. Inputs and
/// outputs are real numbers in float32, even if the TFLite model takes and gives quantized bytes. The same model and options always
/// give the same bytes.
/// </summary>
public static class TfLiteConverter
{
    /// <summary>Converts the bytes of a <c>.tflite</c> file to those of an <c>.onnx</c> file.</summary>
    /// <param name="model">The TFLite file.</param>
    /// <param name="options">The tensors to keep and the input size; null converts the whole model as it is.</param>
    /// <exception cref="InvalidDataException">The file is damaged or not a TFLite model.</exception>
    /// <exception cref="NotSupportedException">An operator that is needed for the outputs cannot be converted; it is named with its place.</exception>
    /// <exception cref="ArgumentException">An output of <paramref name="options"/> does not exist; the nearest names are listed.</exception>
    public static byte[] Convert(ReadOnlyMemory<byte> model, TfLiteOptions? options = null) =>
        ToModel(model, options ?? new TfLiteOptions(), "the TFLite model").ToBytes();

    /// <summary>
    /// Converts a <c>.tflite</c> file to an <c>.onnx</c> file, which appears whole or not at all, and writes its card beside it if
    /// <see cref="TfLiteOptions.Preprocess"/> names a preprocessing.
    /// </summary>
    /// <inheritdoc cref="Convert(ReadOnlyMemory{byte}, TfLiteOptions?)"/>
    /// <param name="path">The TFLite file.</param>
    /// <param name="onnxPath">The ONNX file to write; an existing one is replaced.</param>
    /// <param name="options">The tensors to keep and the input size; null converts the whole model as it is.</param>
    /// <exception cref="FileNotFoundException">There is no file at <paramref name="path"/>.</exception>
    /// <exception cref="IOException"><paramref name="path"/> is a folder or may not be read, or <paramref name="onnxPath"/> cannot be written.</exception>
    /// <exception cref="ModelException">
    /// A card was asked for, but the converter finds no tensor that is one feature vector per image.
    /// </exception>
    public static void Convert(string path, string onnxPath, TfLiteOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(onnxPath);
        ConvertedFile.Save(ToModel(InputFile.ReadAllBytes(path), options ?? new TfLiteOptions(), path), path, onnxPath, options?.Preprocess);
    }

    internal static OnnxModel ToModel(ReadOnlyMemory<byte> model, TfLiteOptions options, string source) =>
        new TfLiteTranslator(TfLiteModel.Parse(model, source), options).Translate();
}
