namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>The network that is measured, on the CPU: MobileNetV2 in the folder <c>shared</c>; where that is not there, ResNet-18 of the package.</summary>
internal static class MeasuredBackbone
{
    public static string Path { get; } = Find();

    public static FeatureExtractor Open(FeatureCache? cache = null, DecodingWay? way = null) => FeatureExtractor.Load(
        Path, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Cache = cache, Decoder = way?.Decoder, Decode = way?.Options ?? DecodeOptions.Default });

    private static string Find()
    {
        var mobileNet = System.IO.Path.Combine(Photos.Shared(), "models", "mobilenet_v2_imagenet.onnx");
        return File.Exists(mobileNet) ? mobileNet : "resnet18";
    }
}
