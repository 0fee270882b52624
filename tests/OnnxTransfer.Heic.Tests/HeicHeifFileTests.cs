using OnnxTransfer.Tests.Decoding;

namespace OnnxTransfer.Heic.Tests;

public sealed class HeicHeifFileTests : HeifFileContract
{
    public override IImageDecoder Decoder => HeicDecoder.Instance;

    private protected override byte[] Plain => HeicDecoderTests.Bytes("rgb.heic");
}
