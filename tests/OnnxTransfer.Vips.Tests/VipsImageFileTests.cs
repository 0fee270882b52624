using OnnxTransfer.Tests.Decoding;

namespace OnnxTransfer.Vips.Tests;

public sealed class VipsImageFileTests : ImageFileContract
{
    public override IImageDecoder Decoder => VipsDecoder.Instance;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Decode_OrientationOfTiff_ArrivesUpright(bool isBig)
    {
        foreach (var orientation in Enumerable.Range(1, 8))
        {
            foreach (var isLittleEndian in new[] { true, false })
            {
                byte[] value = isLittleEndian ? [(byte)orientation, 0] : [0, (byte)orientation];
                using var tag = Decoder.Decode(CarrierFile.Tiff(isLittleEndian, isBig, [(274, 3, value)]));
                CarrierFile.ShowsUpright(tag, orientation, $"TIFF's tag, {orientation}");
                var xmp = CarrierFile.Xmp(orientation, isLittleEndian);
                using var packet = Decoder.Decode(CarrierFile.Tiff(isLittleEndian, isBig, [(700, 1, xmp)]));
                CarrierFile.ShowsUpright(packet, orientation, $"TIFF's XMP, {orientation}");
                using var both = Decoder.Decode(CarrierFile.Tiff(isLittleEndian, isBig, [(274, 3, value), (700, 1, CarrierFile.Xmp((orientation % 8) + 1, true))]));
                CarrierFile.ShowsUpright(both, orientation, $"TIFF's tag over its XMP, {orientation}");
            }
        }
    }

    [Fact]
    public void Decode_TiffWithTenMegabytesOfMetadata_GivesItsColors()
    {
        using var pixels = Decoder.Decode(CarrierFile.Tiff(true, false, [(270, 2, [.. Enumerable.Repeat((byte)'a', 10 << 20), 0]), (700, 1, new byte[10 << 20]), (34377, 1, new byte[10 << 20])]));
        Sample.Shows(pixels, Sample.Colors, 0);
    }
}
