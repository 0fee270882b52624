using OnnxTransfer.Features;

namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>The network that is measured: MobileNetV2 in the folder <c>shared</c>, on the CPU.</summary>
internal static class MobileNet
{
    public static string Path { get; } = System.IO.Path.Combine(Photos.Shared(), "models", "mobilenet_v2_imagenet.onnx");

    public static FeatureExtractor Open(FeatureCache? cache = null) =>
        FeatureExtractor.Load(Path, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Cache = cache });
}
