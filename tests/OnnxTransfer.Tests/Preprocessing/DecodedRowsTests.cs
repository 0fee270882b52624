using OnnxTransfer.Decoding;

namespace OnnxTransfer.Tests.Preprocessing;

public sealed class VipsDecodedRowsTests : DecodedRowsContract
{
    public override IImageDecoder Decoder { get; } = new VipsImageDecoder();

    public override int MostBytesAllocated => 0;
}

public sealed class SkiaDecodedRowsTests : DecodedRowsContract
{
    public override IImageDecoder Decoder { get; } = new SkiaImageDecoder(new Lazy<IImageDecoder>(() => new VipsImageDecoder()));

    /// <summary>SkiaSharp's handles of the file, the codec and the pixels, whatever the image's size.</summary>
    public override int MostBytesAllocated => 512;
}
