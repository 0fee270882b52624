using OnnxTransfer.Decoding;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Preprocessing;

[Collection(nameof(Alone))]
public sealed class SkiaDecodedRowsTests : DecodedRowsContract
{
    public override IImageDecoder Decoder { get; } = new SkiaImageDecoder(new DecoderRegistry());

    /// <summary>SkiaSharp's handles of the file, the codec and the pixels, whatever the image's size.</summary>
    public override int MostBytesAllocated => 768;
}
