using OnnxTransfer.Backbones;
using OnnxTransfer.Decoding;
using OnnxTransfer.Features;

namespace OnnxTransfer;

/// <summary>How a backbone is opened.</summary>
public sealed record FeatureExtractorOptions
{
    /// <summary>Where the network runs; by default CUDA where it works, else the CPU.</summary>
    public ExecutionProvider Provider { get; init; } = ExecutionProvider.Auto;

    /// <summary>The numbers that the network computes with; float32 by default. A file that was saved in another precision keeps it.</summary>
    public NetworkPrecision Precision { get; init; } = NetworkPrecision.Float32;

    /// <summary>
    /// Images like those that the network will see, for a <see cref="Precision"/> other than float32: the ranges of 8-bit
    /// numbers are measured on up to 96 of them, and the loss on up to 32 others. Eight at least for 8 bits; the result is kept
    /// beside the downloaded models, for the same network and images.
    /// </summary>
    public IReadOnlyList<string> CalibrationImages { get; init; } = [];

    /// <summary>Threads for decoding and for the network on the CPU; 0, the default, for one per core.</summary>
    public int Threads { get; init; }

    /// <summary>The image decoder; null for <see cref="ImageDecoders.Default"/>.</summary>
    public IImageDecoder? Decoder { get; init; }

    /// <summary>The decoder's limits and background colour.</summary>
    public DecodeOptions Decode { get; init; } = DecodeOptions.Default;

    /// <summary>Where downloaded models are kept; null for the user's own folder.</summary>
    public ModelStore? Store { get; init; }

    /// <summary>The preprocessing of a model that comes without a <c>.model.json</c>; null to take the model's own.</summary>
    public Preprocessing.PreprocessSpec? Preprocess { get; init; }
}
