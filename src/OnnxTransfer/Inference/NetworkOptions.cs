using Microsoft.Extensions.Logging;

namespace OnnxTransfer.Inference;

/// <summary>How a network is opened and fed: a user's options, with every default filled in.</summary>
/// <param name="Session">Where and how the network runs.</param>
/// <param name="Precision">The precision asked for.</param>
/// <param name="CalibrationImages">Images like those that the network will see, to measure a lower precision on; empty for none.</param>
/// <param name="Decoder">Decodes the images.</param>
/// <param name="Decode">Limits and background.</param>
/// <param name="Store">Where converted networks are kept, beside the downloaded ones.</param>
/// <param name="Logger">Told what the network runs on and which images cannot be used.</param>
/// <param name="Augment">The copies of an image that its row is the mean over, besides the image itself.</param>
internal sealed record NetworkOptions(
    SessionSettings Session, NetworkPrecision Precision, IReadOnlyList<ImageInput> CalibrationImages,
    IImageDecoder Decoder, DecodeOptions Decode, ModelStore Store, ILogger Logger,
    Augmentation Augment = Augmentation.None);
