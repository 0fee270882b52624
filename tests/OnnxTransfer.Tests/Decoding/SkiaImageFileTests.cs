using OnnxTransfer.Decoding;

namespace OnnxTransfer.Tests.Decoding;

public sealed class SkiaImageFileTests : ImageFileContract
{
    public override IImageDecoder Decoder { get; } = new SkiaImageDecoder(new DecoderRegistry());
}
