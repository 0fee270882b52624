using OnnxTransfer.Tests.Decoding;

namespace OnnxTransfer.Vips.Tests;

public sealed class VipsHeifFileTests : HeifFileContract
{
    public override IImageDecoder Decoder => VipsDecoder.Instance;

    private protected override byte[] Plain => Sample.Bytes("rgb.avif");
}
