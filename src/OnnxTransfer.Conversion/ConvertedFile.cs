using System.Security.Cryptography;
using OnnxTransfer.Backbones;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Conversion;

/// <summary>Writes the result of a conversion: the ONNX file and, if the preprocessing is known, the card beside it.</summary>
internal static class ConvertedFile
{
    /// <param name="model">The converted graph.</param>
    /// <param name="source">The file that was converted.</param>
    /// <param name="onnxPath">The ONNX file to write.</param>
    /// <param name="preset">The name of the preprocessing; null if it is not known, and then no card is written.</param>
    internal static void Save(OnnxModel model, string source, string onnxPath, string? preset)
    {
        var bytes = model.ToBytes();
        var card = preset is null ? null : Describe(model, source, onnxPath, preset) with { Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)) };
        if (card is null) AtomicFile.Write(onnxPath, bytes);
        else card.SaveWith(onnxPath, bytes);
    }

    private static ModelCard Describe(OnnxModel model, string source, string onnxPath, string preset)
    {
        var input = OnnxImageInput.Of(model);
        if (input is not { Height: { } height, Width: { } width } || height != width) throw Throw.InputNotSquare(source, preset, input.Height, input.Width);
        var card = Backbone.CardOf(model, onnxPath, PreprocessSpec.Named(preset, height));
        return card with { Source = $"{Path.GetFileName(source)}, converted by OnnxTransfer" };
    }
}
