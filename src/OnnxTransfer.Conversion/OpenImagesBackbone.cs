using System.Security.Cryptography;
using OnnxTransfer.Backbones;
using OnnxTransfer.Conversion.Internals;
using OnnxTransfer.Onnx;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Conversion;

/// <summary>
/// The backbone <c>mobilenet-v2-oid</c>, for machines that reach an npm registry but no model server: the MobileNetV2 1.0
/// inside the object detector that MediaPipe trained on Open Images V4 (Apache-2.0) and ships in npm's
/// <c>@mediapipe/objectron</c> 0.4.1675468480, with its last activation averaged over the image.
/// </summary>
public static class OpenImagesBackbone
{
    /// <summary>Its identifier in the catalogue.</summary>
    public const string Id = "mobilenet-v2-oid";

    /// <summary>The npm package, without its version.</summary>
    public const string PackageName = "@mediapipe/objectron";

    /// <summary>The file of the npm package that holds the detector.</summary>
    public const string AssetFileName = "objectron_solution_packed_assets.data";

    /// <summary>Height and width in pixels of the input.</summary>
    public const int Side = 224;

    /// <summary>D, the length of a feature vector.</summary>
    public const int Dim = 1280;

    private const string LastActivation = "FeatureExtractor/MobilenetV2/Conv_1/Relu6";
    private const string DetectorSha256 = "d0a5255bf8c4f5a0bc4240741a76c41d5e939f7655078f945f50ab53a9375da6";

    /// <summary>Where the detector stands in the asset file, after the table in the package's loader script.</summary>
    private const int DetectorStart = 184;

    private const int DetectorLength = 9_987_728;

    /// <summary>What must be known to use the file that <see cref="FromAsset"/> makes.</summary>
    public static ModelCard Card { get; } = new()
    {
        Id = Id,
        License = "Apache-2.0",
        Source = "SSD MobileNetV2 1.0 trained on Open Images V4, from npm @mediapipe/objectron 0.4.1675468480; converted from TFLite, cut at Conv_1, averaged",
        Input = new ModelInput("input", TensorLayout.Nchw, Side, Side),
        Features = new ModelFeatures("features", Dim),
        Preprocess = new PreprocessSpec
        {
            Resize = new ResizeSpec { Mode = ResizeMode.Stretch, Filter = ResizeFilter.PillowBilinear, Height = Side, Width = Side },
            Mean = [0.5, 0.5, 0.5],
            Std = [0.5, 0.5, 0.5],
        },
    };

    /// <summary>
    /// Makes the backbone: input <c>input</c> <c>[N,3,224,224]</c> RGB in [-1,1], output <c>features</c> <c>[N,1280]</c>.
    /// The bytes are always the same.
    /// </summary>
    /// <param name="asset">The whole of <see cref="AssetFileName"/>, or the detector's own <c>.tflite</c> out of it.</param>
    /// <returns>The bytes of an ONNX file.</returns>
    /// <exception cref="InvalidDataException">These are other bytes than the pinned version's.</exception>
    public static byte[] FromAsset(ReadOnlyMemory<byte> asset)
    {
        var detector = asset.Length == DetectorStart + DetectorLength ? asset[DetectorStart..] : asset;
        var sha256 = System.Convert.ToHexStringLower(SHA256.HashData(detector.Span));
        if (sha256 != DetectorSha256) Throw.NotTheExpectedAsset(sha256, DetectorSha256);
        return ToModel(detector, Side).ToBytes();
    }

    internal static OnnxModel ToModel(ReadOnlyMemory<byte> detector, int side)
    {
        var options = new TfLiteOptions { Outputs = [LastActivation], Height = side, Width = side };
        var model = TfLiteConverter.ToModel(detector, options, Id);
        OnnxGraphEditor.Rename(model, model.Inputs[0].Name, Card.Input.Tensor);
        OnnxGraphEditor.AppendGlobalAveragePool(model, LastActivation, OnnxImageLayout.Nchw, Card.Features.Tensor);
        OnnxGraphEditor.Cut(model, Card.Features.Tensor);
        model.SetMetadata("license", Card.License);
        model.SetMetadata("source", Card.Source);
        return model;
    }
}
