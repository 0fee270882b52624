using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Conversion;

/// <summary>
/// The backbone <c>mobilenet-v2-oid</c>, for machines that reach an npm registry but no model server: the MobileNetV2 1.0
/// inside an object detector trained on Open Images V4, with its last activation averaged over the image.
/// </summary>
internal static class OpenImagesBackbone
{
    private const string LastActivation = "FeatureExtractor/MobilenetV2/Conv_1/Relu6";

    /// <summary>Cuts the detector down to the backbone; the same bytes each time.</summary>
    /// <param name="detector">The detector's <c>.tflite</c>.</param>
    /// <param name="card">What the catalogue promises of the backbone: tensor names, size, licence.</param>
    internal static OnnxModel ToModel(ReadOnlyMemory<byte> detector, ModelCard card)
    {
        var options = new TfLiteOptions { Outputs = [LastActivation], Height = card.Input.Height, Width = card.Input.Width, InputLayout = card.Input.Layout };
        var model = TfLiteConverter.ToModel(detector, options, card.Id);
        OnnxGraphEditor.Rename(model, model.Inputs[0].Name, card.Input.Tensor);
        OnnxGraphEditor.AppendGlobalAveragePool(model, LastActivation, OnnxImageLayout.Nchw, card.Features.Tensor);
        OnnxGraphEditor.Cut(model, card.Features.Tensor);
        model.SetMetadata("license", card.License);
        model.SetMetadata("source", card.Source);
        return model;
    }
}
