#if SKIASHARP
using OnnxTransfer.Decoding;

namespace OnnxTransfer.Tests.Decoding;

public sealed class SkiaImageDecoderTests : ImageDecoderContract
{
    public override IImageDecoder Decoder { get; } = new SkiaImageDecoder();

    [Fact]
    public void Name_HasTheVersion() => Assert.Matches(@"^SkiaSharp \d+\.\d+\.\d+$", Decoder.Name);

    [Fact]
    public void Default_IsSkia() => Assert.IsType<SkiaImageDecoder>(ImageDecoders.Default);

    [Fact]
    public void Decode_Tiff_SaysThatItCannot()
    {
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(Sample.Bytes("rgb.tif")));
        Assert.Contains("without a reader for TIFF", exception.Message, StringComparison.Ordinal);
    }
}
#endif
