using OnnxTransfer.Backbones;
using OnnxTransfer.Decoding;
using OnnxTransfer.Features;

namespace OnnxTransfer;

/// <summary>How a backbone is opened.</summary>
public sealed record FeatureExtractorOptions
{
    /// <summary>Where the network runs; by default CUDA where it works, else the CPU.</summary>
    public ExecutionProvider Provider { get; init; } = ExecutionProvider.Auto;

    /// <summary>The number of the device, from 0, where there are several GPUs; of no meaning on the CPU, CoreML and OpenVINO.</summary>
    public int DeviceId { get; init; }

    /// <summary>Threads for decoding and for the network on the CPU, in all; 0, the default, for one per core.</summary>
    public int Threads { get; init; }

    /// <summary>The image decoder; null for <see cref="ImageDecoders.Default"/>.</summary>
    public IImageDecoder? Decoder { get; init; }

    /// <summary>The decoder's limits and background colour.</summary>
    public DecodeOptions Decode { get; init; } = DecodeOptions.Default;

    /// <summary>Keeps the vectors of <c>EmbedAsync</c> and <c>EmbedStreamAsync</c> on disk; null, the default, to compute them each time.</summary>
    public FeatureCache? Cache { get; init; }

    /// <summary>Where downloaded models are kept; null for the user's own folder.</summary>
    public ModelStore? Store { get; init; }

    /// <summary>The preprocessing of a model that comes without a <c>.model.json</c>; null to take the model's own.</summary>
    public Preprocessing.PreprocessSpec? Preprocess { get; init; }
}
