using OnnxTransfer.Decoding;

namespace OnnxTransfer.Tests.Decoding;

public sealed class VipsImageDecoderTests : ImageDecoderContract
{
    public override IImageDecoder Decoder { get; } = new VipsImageDecoder();

    /// <summary>Little CMS, with relative colorimetric intent: it goes through a table's cell along tetrahedra.</summary>
    private protected override (int R, int G, int B)[] InkThroughProfile => [(208, 76, 46), (100, 179, 85), (115, 83, 197), (242, 228, 219)];

    [Fact]
    public void Name_HasTheNativeVersion() => Assert.Matches(@"^libvips 8\.\d+\.\d+$", Decoder.Name);

    [Theory]
    [InlineData("rgb.tif", 0)]
    [InlineData("lzw.tif", 0)]
    [InlineData("rgb.avif", 12)]
    public void Decode_WhatOnlyLibvipsReads_GivesTheirColours(string name, int tolerance)
    {
        using var pixels = Decoder.Decode(Sample.Bytes(name));
        Sample.Shows(pixels, Sample.Colours, tolerance);
    }

    [Fact]
    public void Decode_Tiff_OfGreyOneBitAndInk()
    {
        using var grey = Decoder.Decode(Sample.Bytes("grey.tif"));
        Sample.Shows(grey, Sample.Greys, 0);
        using var oneBit = Decoder.Decode(Sample.Bytes("one-bit.tif"));
        Sample.Shows(oneBit, Sample.BlackAndWhite, 0);
        using var ink = Decoder.Decode(Sample.Bytes("cmyk.tif"));
        Sample.Shows(ink, Sample.Colours, 80);
    }

    [Theory]
    [InlineData("rgb.tif", 0.9)]
    [InlineData("lzw.tif", 0.5)]
    [InlineData("rgb.avif", 0.9)]
    public void Decode_TruncatedWhatOnlyLibvipsReads_Fails(string name, double kept)
    {
        var bytes = Sample.Bytes(name);
        Assert.Throws<ImageDecodeException>(() => Decoder.Decode(bytes.AsSpan(0, (int)(bytes.Length * kept))));
    }

    [Fact]
    public void Decode_Heic_GivesItsColoursOrSaysThatTheCodecIsMissing()
    {
        // HEVC is patented: few builds of libvips decode it.
        try
        {
            using var pixels = Decoder.Decode(Sample.Bytes("rgb.heic"));
            Sample.Shows(pixels, Sample.Colours, 12, inset: 3);
        }
        catch (ImageDecodeException exception)
        {
            Assert.Equal($"This {Decoder.Name} was built without a reader for HEIC images.", exception.Message);
        }
    }

    [Fact]
    public void Decode_JpegWhoseScanEndsEarly_FailsThoughLibjpegOnlyWarns()
    {
        var bytes = Sample.Bytes("rgb.jpg");
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode([.. bytes[..^30], 0xFF, 0xD9]));
        Assert.Contains("premature end of data segment", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_JpegWithStrayBytesBeforeAMarker_IsSound()
    {
        var bytes = Sample.Bytes("rgb.jpg");
        using var pixels = Decoder.Decode([.. bytes[..^2], 0, 0, 0, 0, 0xFF, 0xD9]);
        Sample.Shows(pixels, Sample.Colours, 6);
    }
}
