using OnnxTransfer.Vips;

namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>A decoder, at full quality or as fast as it can.</summary>
internal sealed record DecodingWay(string Name, IImageDecoder Decoder, JpegShrink Shrink)
{
    public static IReadOnlyList<DecodingWay> All { get; } =
    [
        new("SkiaSharp", ImageDecoders.Default, JpegShrink.None),
        new("libvips", VipsDecoder.Instance, JpegShrink.None),
        new("SkiaSharp, Fast", ImageDecoders.Default, JpegShrink.Fast),
        new("libvips, Fast", VipsDecoder.Instance, JpegShrink.Fast),
    ];

    public DecodeOptions Options => DecodeOptions.Default with { JpegShrink = Shrink };
}
