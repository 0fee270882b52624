using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Decoding;

/// <summary>What every decoder of the common formats promises; one derived class runs it against each.</summary>
public abstract class ImageDecoderContract : DecoderPromises
{
    /// <summary>JPEG at quality 95 without chroma subsampling.</summary>
    private const int Lossy = 6;

    private protected override byte[] Sound => Sample.Bytes("rgb.png");

    private protected override byte[] Slow => Sample.Bytes("large.jpg");

    private protected override byte[][] Several =>
        [.. new[] { "rgb.jpg", "orientation-6.jpg", "rgba.png", "display-p3.jpg", "cmyk.jpg", "lossy.webp", "rgb16.png", "animated.gif", "rle8.bmp" }.Select(Sample.Bytes), CarrierFile.Icon(Sample.Bytes("rgb.png"))];

    private protected override byte[][] Films => [Sample.Bytes("animated.gif"), Sample.Bytes("animated.webp")];

    /// <summary>The colors through the profile of <c>cmyk-profile.jpg</c> by Little CMS, relative colorimetric.</summary>
    private static readonly (int R, int G, int B)[] s_inkThroughProfile = [(208, 76, 46), (100, 179, 85), (115, 83, 197), (242, 228, 219)];

    public static TheoryData<string, int> ColorSamples => new()
    {
        { "rgb.jpg", Lossy }, { "progressive.jpg", Lossy }, { "arithmetic.jpg", Lossy },
        { "broken-profile.jpg", Lossy }, { "srgb-profile.jpg", Lossy + 6 }, { "display-p3.jpg", Lossy + 6 }, { "adobe-rgb.jpg", Lossy + 6 },
        { "rgb.png", 0 }, { "palette.png", 0 }, { "interlaced.png", 0 }, { "rgb16.png", 0 }, { "gamma.png", 0 }, { "display-p3-16.png", 1 },
        { "lossless.webp", 0 }, { "animated.webp", 0 },
        { "palette.gif", 0 }, { "animated.gif", 0 },
        { "rgb.bmp", 0 }, { "palette.bmp", 0 }, { "rle8.bmp", 0 }, { "rle4.bmp", 0 }, { "four-bit.bmp", 0 }, { "rgb565.bmp", 7 },
    };

    public static TheoryData<string> TransparentSamples => ["rgba.png", "palette-alpha.png", "rgba16.png", "alpha.webp", "alpha-top-down.bmp"];

    [Theory]
    [MemberData(nameof(ColorSamples))]
    public void Decode_ColorImage_GivesItsColors(string name, int tolerance)
    {
        using var pixels = Decoder.Decode(Sample.Bytes(name));
        Sample.Shows(pixels, Sample.Colors, tolerance);
    }

    [Fact]
    public void Decode_LossyWebp_GivesItsColorsInsideThem()
    {
        // Its chroma has half the resolution, so colors mix where they meet.
        using var pixels = Decoder.Decode(Sample.Bytes("lossy.webp"));
        Sample.Shows(pixels, Sample.Colors, 12, inset: 3);
    }

    [Theory]
    [InlineData("grey.jpg", Lossy)]
    [InlineData("grey.png", 0)]
    [InlineData("grey16.png", 0)]
    public void Decode_GreyImage_GivesEqualChannels(string name, int tolerance)
    {
        using var pixels = Decoder.Decode(Sample.Bytes(name));
        Sample.Shows(pixels, Sample.Grays, tolerance);
    }

    [Theory]
    [InlineData("one-bit.png")]
    [InlineData("one-bit.bmp")]
    public void Decode_OneBitImage_GivesBlackAndWhite(string name)
    {
        using var pixels = Decoder.Decode(Sample.Bytes(name));
        Sample.Shows(pixels, Sample.BlackAndWhite, 0);
    }

    [Theory]
    [MemberData(nameof(TransparentSamples))]
    public void Decode_TransparentImage_IsCompositedOverWhite(string name)
    {
        using var pixels = Decoder.Decode(Sample.Bytes(name));
        Sample.Shows(pixels, Sample.Over(Sample.Colors, (255, 255, 255)), 1);
    }

    [Theory]
    [MemberData(nameof(TransparentSamples))]
    public void Decode_TransparentImage_IsCompositedOverTheStatedBackground(string name)
    {
        using var pixels = Decoder.Decode(Sample.Bytes(name), new DecodeOptions { Background = new Rgb(10, 90, 170) });
        Sample.Shows(pixels, Sample.Over(Sample.Colors, (10, 90, 170)), 1);
    }

    [Fact]
    public void Decode_GreyWithAlpha_IsComposited()
    {
        using var pixels = Decoder.Decode(Sample.Bytes("grey-alpha.png"));
        Sample.Shows(pixels, Sample.Over(Sample.Grays, (255, 255, 255)), 1);
    }

    [Fact]
    public void Decode_GifWithTransparency_IsComposited()
    {
        using var pixels = Decoder.Decode(Sample.Bytes("transparent.gif"), new DecodeOptions { Background = new Rgb(1, 2, 3) });
        Sample.Shows(pixels, [Sample.Colors[0], Sample.Colors[1], (1, 2, 3), Sample.Colors[3]], 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Decode_ExifOrientation_ArrivesUpright(int orientation)
    {
        using var pixels = Decoder.Decode(Sample.Bytes($"orientation-{orientation}.jpg"));
        Sample.Shows(pixels, Sample.Colors, Lossy);
    }

    [Theory]
    [InlineData("orientation-6.png")]
    [InlineData("orientation-6.webp")]
    public void Decode_ExifOrientationOfOtherFormats_ArrivesUpright(string name)
    {
        using var pixels = Decoder.Decode(Sample.Bytes(name));
        Sample.Shows(pixels, Sample.Colors, 0);
    }

    [Fact]
    public void Decode_CmykJpegWithProfile_FollowsTheProfile()
    {
        using var pixels = Decoder.Decode(Sample.Bytes("cmyk-profile.jpg"));
        Sample.Shows(pixels, s_inkThroughProfile, 2);
    }

    [Fact]
    public void Decode_CmykJpegWithoutProfile_IsPillows()
    {
        using var pixels = Decoder.Decode(Sample.Bytes("cmyk.jpg"));
        Sample.Shows(pixels, Sample.Colors, Lossy);
    }

    [Theory]
    [InlineData("rgb.jpg", 0.5)]
    [InlineData("rgb.jpg", 0.9)]
    [InlineData("progressive.jpg", 0.8)]
    [InlineData("rgb.png", 0.6)]
    [InlineData("interlaced.png", 0.7)]
    [InlineData("lossy.webp", 0.8)]
    [InlineData("lossless.webp", 0.9)]
    [InlineData("palette.gif", 0.6)]
    [InlineData("rgb.bmp", 0.9)]
    [InlineData("rle8.bmp", 0.8)]
    public void Decode_TruncatedImage_Fails(string name, double kept)
    {
        var bytes = Sample.Bytes(name);
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(bytes.AsSpan(0, (int)(bytes.Length * kept))));
        Assert.Contains("is truncated or damaged", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_PngWithDamagedData_Fails()
    {
        var bytes = Sample.Bytes("rgb.png");
        bytes[^20] ^= 0x55;
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(bytes));
        Assert.Contains("is truncated or damaged", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_HeaderOfTooManyPixels_IsRefusedBeforeDecoding()
    {
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(Sample.PngHeader(30000, 30000)));
        Assert.Equal("The image has 30000x30000 pixels, more than the limit of 100,000,000 (DecodeOptions.MaxPixels).", exception.Message);
    }

    [Fact]
    public void Decode_TensOfThousandsOfFrames_AreCounted()
    {
        // libvips' own count of frames gives one from 10,000 on.
        byte[] header = [.. "GIF89a"u8, 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255];
        byte[] frame = [0x21, 0xF9, 4, 0, 10, 0, 0, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0];
        byte[] film = [.. header, .. Enumerable.Repeat(frame, 10_001).SelectMany(bytes => bytes), 0x3B];
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(film));
        Assert.Equal("The image has 10,001 frames, more than the limit of 1,000 (DecodeOptions.MaxFrames).", exception.Message);
    }

    [Fact]
    public void DecodeFile_SoundFile_GivesItsPixels()
    {
        using var pixels = Decoder.DecodeFile(Path.Combine(Sample.Folder, "rgb.png"));
        Sample.Shows(pixels, Sample.Colors, 0);
    }

    [SharedFact("cases/images/parrot16_srgb_profile.png")]
    public void Decode_SixteenBitsWithTheProfileOfSrgb_GivesThePixelsOfTheFileWithoutOne()
    {
        using var with = Decoder.DecodeFile(Repository.SharedPath("cases", "images", "parrot16_srgb_profile.png"));
        using var without = Decoder.DecodeFile(Repository.SharedPath("cases", "images", "parrot16_no_profile.png"));
        Assert.Equal((without.Width, without.Height), (with.Width, with.Height));
        Assert.InRange(with.Pixels.ToArray().Zip(without.Pixels.ToArray(), (a, b) => Math.Abs(a - b)).Max(), 0, 1);
        Assert.True(with.Pixels.ToArray().Distinct().Count() > 200);
    }

    [SharedFact("cases/images/pngtest.png")]
    public void Decode_PngThatEveryReaderIsTestedWith_ArrivesUpright()
    {
        // Stored as 91x69, with orientation 5.
        using var pixels = Decoder.DecodeFile(Repository.SharedPath("cases", "images", "pngtest.png"));
        Assert.Equal((69, 91), (pixels.Width, pixels.Height));
    }

    [SharedTheory("data/flowers")]
    [InlineData("data/cats_vs_dogs")]
    [InlineData("data/flowers")]
    public void Decode_RealPhotos_NoneIsRefused(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(Repository.SharedPath(folder), "*.jpg", SearchOption.AllDirectories).Order().Take(80))
            Decoder.DecodeFile(path).Dispose();
    }
}
