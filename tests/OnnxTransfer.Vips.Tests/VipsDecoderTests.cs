using OnnxTransfer.Decoding;
using OnnxTransfer.Tests.Decoding;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Vips.Tests;

public sealed class VipsDecoderTests : ImageDecoderContract
{
    public override IImageDecoder Decoder => VipsDecoder.Instance;

    private protected override byte[][] Several => [.. base.Several, .. new[] { "rgb.tif", "lzw.tif", "cmyk.tif", "rgb.avif" }.Select(Sample.Bytes)];

    private protected override byte[][] Films => [.. base.Films, Film(".tif"), Film(".avif[effort=0]")];

    [Fact]
    public void Name_HasTheNativeVersion() => Assert.Matches(@"^libvips 8\.\d+\.\d+$", Decoder.Name);

    [Theory]
    [InlineData("rgb.tif", 0)]
    [InlineData("lzw.tif", 0)]
    [InlineData("rgb.avif", 12)]
    public void Decode_WhatOnlyLibvipsReads_GivesTheirColors(string name, int tolerance)
    {
        using var pixels = Decoder.Decode(Sample.Bytes(name));
        Sample.Shows(pixels, Sample.Colors, tolerance);
    }

    [Fact]
    public void Decode_Tiff_OfGreyOneBitAndInk()
    {
        using var grey = Decoder.Decode(Sample.Bytes("grey.tif"));
        Sample.Shows(grey, Sample.Grays, 0);
        using var oneBit = Decoder.Decode(Sample.Bytes("one-bit.tif"));
        Sample.Shows(oneBit, Sample.BlackAndWhite, 0);
        using var ink = Decoder.Decode(Sample.Bytes("cmyk.tif"));
        Sample.Shows(ink, Sample.Colors, 1);
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

    [Theory]
    [InlineData("float.tif", "float")]
    [InlineData("int32.tif", "int")]
    public void Decode_SamplesWithoutAFixedWhite_AreRefused(string name, string type)
    {
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(Sample.Bytes(name)));
        Assert.Equal($"The TIFF image has samples of type '{type}', for which no value is defined as white: save it with 8 or 16 unsigned bits per channel.", exception.Message);
    }

    [SharedTheory("cases/images/white-fp16.tiff")]
    [InlineData("white-fp16.tiff", "'float'")]
    [InlineData("int16.tif", "'short'")]
    [InlineData("flower-rgb-contig-32.tif", "'uint'")]
    [InlineData("16_bit_binary_pgm.tiff", "'int'")]
    [InlineData("ojpeg-tile.tif", "old-style JPEG")]
    public void Decode_FilesThatOnceGaveWrongPixels_AreRefused(string name, string reason)
    {
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.DecodeFile(Repository.SharedPath("cases", "images", name)));
        Assert.Contains(reason, exception.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rgb.tif", true)]
    [InlineData("lzw.tif", true)]
    [InlineData("rgb.tif", false)]
    public void Decode_OldStyleJpeg_IsRefusedInEitherByteOrder(string name, bool isLittleEndian)
    {
        var bytes = isLittleEndian ? Sample.Bytes(name) : [.. "MM"u8, 0, 42, 0, 0, 0, 8, 0, 1, 1, 3, 0, 3, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0];
        // The tag of the compression, then a type and a count.
        byte[] tag = isLittleEndian ? [3, 1, 3, 0, 1, 0, 0, 0] : [1, 3, 0, 3, 0, 0, 0, 1];
        Assert.False(new TiffHeader(bytes).IsOldJpeg);
        bytes[bytes.AsSpan().IndexOf(tag) + tag.Length + (isLittleEndian ? 0 : 1)] = 6;
        Assert.Contains("old-style JPEG", Assert.Throws<ImageDecodeException>(() => Decoder.Decode(bytes)).Message, StringComparison.Ordinal);
        for (var length = 0; length < bytes.Length; length++) _ = new TiffHeader(bytes.AsSpan(0, length)).IsOldJpeg;
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
        Sample.Shows(pixels, Sample.Colors, tolerance);
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
        // libvips has one text of errors for the process, and a decode on another thread may take it away: it is asked again.
        var messages = Enumerable.Range(0, 10).Select(_ => Assert.Throws<NetVips.VipsException>(() => NetVips.Operation.Call(loader, input)).Message);
        Assert.Contains(messages, message => message.Contains("blocked", StringComparison.Ordinal));
    }

    [Fact]
    public void Decode_JpegWhoseScanEndsEarly_IsRefusedThoughLibjpegOnlyWarns()
    {
        var bytes = Sample.Bytes("rgb.jpg");
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode([.. bytes[..^30], 0xFF, 0xD9]));
        Assert.Contains("pixels are missing", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_DamagedJpegBesideOthersThatFail_AlwaysWarns()
    {
        // libvips has one text of errors for all threads, which every failure empties.
        var sound = DamagedFile.Sound("jpeg");
        byte[] damaged = [.. sound.AsSpan(0, sound.Length / 2), .. sound.AsSpan((sound.Length / 2) + 100)];
        var broken = Sample.Bytes("rgb.tif")[..200];
        var isOver = false;
        var others = Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            while (!Volatile.Read(ref isOver)) DamagedFile.OutcomeOf(Decoder, broken);
        })).ToList();
        others.ForEach(thread => thread.Start());
        var outcomes = Enumerable.Range(0, 1000).Select(_ => DamagedFile.OutcomeOf(Decoder, damaged)).ToList();
        Volatile.Write(ref isOver, true);
        others.ForEach(thread => thread.Join());
        Assert.All(outcomes, outcome => Assert.Equal("warned", outcome));
    }

    [Fact]
    public void Decode_JpegWithStrayBytesBeforeAMarker_IsSound()
    {
        var bytes = Sample.Bytes("rgb.jpg");
        using var pixels = Decoder.Decode([.. bytes[..^2], 0, 0, 0, 0, 0xFF, 0xD9]);
        Sample.Shows(pixels, Sample.Colors, 6);
    }

    /// <summary>A picture of two pages, one below the other.</summary>
    private static byte[] Film(string format)
    {
        Assert.NotEmpty(VipsDecoder.Instance.Name);
        using var black = NetVips.Image.Black(16, 32, bands: 3);
        using var pages = black.Mutate(image => image.Set(NetVips.GValue.GIntType, "page-height", 16));
        return pages.WriteToBuffer(format);
    }
}
