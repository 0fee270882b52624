using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Preprocessing;

namespace OnnxTransfer.Vips.Tests;

[Collection(nameof(Alone))]
public sealed class VipsDecodedRowsTests : DecodedRowsContract
{
    public override IImageDecoder Decoder => VipsDecoder.Instance;

    /// <summary>NetVips' handles and options of the operations, and a copy of the profile, whatever the image's size.</summary>
    public override int MostBytesAllocated => 8192;
}
