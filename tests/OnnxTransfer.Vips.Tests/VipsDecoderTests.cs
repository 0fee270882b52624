using OnnxTransfer.Decoding;
using OnnxTransfer.Tests.Decoding;

namespace OnnxTransfer.Vips.Tests;

public sealed class VipsDecoderTests : ImageDecoderContract
{
    public override IImageDecoder Decoder => VipsDecoder.Instance;

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
    public void Decode_HeicWithNobodyToHandItTo_SaysWhatToAdd()
    {
        var exception = Assert.Throws<ImageDecodeException>(() => new VipsImageDecoder(new DecoderRegistry()).Decode(Sample.Bytes("rgb.heic")));
        Assert.Equal(
            $"This is a HEIC image, which {Decoder.Name} does not read: add the package OnnxTransfer.Heic and call OnnxTransfer.Heic.HeicDecoder.Register() when the application starts.",
            exception.Message);
    }

    [Theory]
    [InlineData("rgb.tif", 0)]
    [InlineData("rgb.avif", 12)]
    public void Register_LetsTheDefaultDecoderReadWhatSkiaDoesNot(string name, int tolerance)
    {
        VipsDecoder.Register();
        VipsDecoder.Register();
        using var pixels = ImageDecoders.Default.Decode(Sample.Bytes(name));
        Sample.Shows(pixels, Sample.Colours, tolerance);
        Assert.Equal(Decoder, ImageDecoders.Default.HandedTo(Sample.Bytes(name)));
        Assert.Null(ImageDecoders.Default.HandedTo(Sample.Bytes("rgb.jpg")));
    }

    [Theory]
    [InlineData("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"4\" height=\"4\"/>", "svgload_buffer")]
    [InlineData("1,2\n3,4\n", "csvload_source")]
    public void OtherLoadersOfLibvipsAreBlocked(string content, string loader)
    {
        Assert.NotEmpty(Decoder.Name);
        using var source = NetVips.Source.NewFromMemory(System.Text.Encoding.ASCII.GetBytes(content));
        object input = loader.EndsWith("_source", StringComparison.Ordinal) ? source : System.Text.Encoding.ASCII.GetBytes(content);
        var exception = Assert.Throws<NetVips.VipsException>(() => NetVips.Operation.Call(loader, input));
        Assert.Contains("blocked", exception.Message, StringComparison.Ordinal);
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
