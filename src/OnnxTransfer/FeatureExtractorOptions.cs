using OnnxTransfer.Backbones;
using OnnxTransfer.Decoding;
using OnnxTransfer.Features;

namespace OnnxTransfer;

/// <summary>How a backbone is opened.</summary>
public sealed record FeatureExtractorOptions
{
    /// <summary>Where the network runs; by default CUDA where it works, else the CPU.</summary>
    public ExecutionProvider Provider { get; init; } = ExecutionProvider.Auto;

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

    /// <summary>
    /// How images that are nowhere larger than the network's input are enlarged
    /// (<see cref="Preprocessing.PreprocessSpec.Upsampling"/>); null to leave that to the preprocessing.
    /// </summary>
    public Preprocessing.ResizeFilter? Upsampling { get; init; }
}
