using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Decoding;

/// <summary>What every decoder promises; one derived class runs it against each.</summary>
public abstract class ImageDecoderContract
{
    /// <summary>JPEG at quality 95 without chroma subsampling.</summary>
    private const int Lossy = 6;

    public abstract IImageDecoder Decoder { get; }

    /// <summary>What the decoder makes of the colors through the profile of <c>cmyk-profile.jpg</c>.</summary>
    private protected abstract (int R, int G, int B)[] InkThroughProfile { get; }

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
    public void Decode_GrayImage_GivesEqualChannels(string name, int tolerance)
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
    public void Decode_GrayWithAlpha_IsComposited()
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
        Sample.Shows(pixels, InkThroughProfile, Lossy);
    }

    [Fact]
    public void Decode_CmykJpegWithoutProfile_GivesItsHues()
    {
        // How ink becomes light depends on the press that is assumed: only the hue is the same everywhere.
        using var pixels = Decoder.Decode(Sample.Bytes("cmyk.jpg"));
        Sample.Shows(pixels, Sample.Colors, 80);
    }

    [Fact]
    public void Decode_NoBytes_SaysSo()
    {
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode([]));
        Assert.Equal("The image is empty: it has no bytes.", exception.Message);
    }

    [Fact]
    public void Decode_Text_SaysItIsNoImage()
    {
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode("This is a note that somebody named holiday.jpg."u8));
        Assert.StartsWith("The content is no image", exception.Message, StringComparison.Ordinal);
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

    [Theory]
    [InlineData("isom", "mp42")]
    [InlineData("qt  ", "qt  ")]
    [InlineData("\u0001\u00ff\u0000x", "isom")]
    public void Decode_Video_SaysThatItIsOne(string brand, string other)
    {
        byte[] bytes = [0, 0, 0, 20, .. "ftyp"u8, .. System.Text.Encoding.Latin1.GetBytes(brand), 0, 0, 0, 0, .. System.Text.Encoding.Latin1.GetBytes(other), .. new byte[40]];
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(bytes));
        Assert.Matches("^The content is no image: it is an MP4 video or one of its relatives \\(brand '[ -~]{4}'\\)\\.$", exception.Message);
    }

    [Fact]
    public void Decode_HeaderOfTooManyPixels_IsRefusedBeforeDecoding()
    {
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(Sample.PngHeader(30000, 30000)));
        Assert.Equal("The image has 30000x30000 pixels, more than the limit of 100,000,000 (DecodeOptions.MaxPixels).", exception.Message);
    }

    [Fact]
    public void Decode_PixelLimit_IsInclusive()
    {
        Decoder.Decode(Sample.Bytes("rgb.png"), new DecodeOptions { MaxPixels = Sample.Width * Sample.Height }).Dispose();
        Assert.Throws<ImageDecodeException>(
            () => Decoder.Decode(Sample.Bytes("rgb.png"), new DecodeOptions { MaxPixels = (Sample.Width * Sample.Height) - 1 }));
    }

    [Fact]
    public void Decode_MoreBytesThanTheLimit_IsRefused()
    {
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(Sample.Bytes("rgb.png"), new DecodeOptions { MaxEncodedBytes = 50 }));
        Assert.Contains("more than the limit of 50", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("animated.gif")]
    [InlineData("animated.webp")]
    public void Decode_MoreFramesThanTheLimit_IsRefused(string name)
    {
        Decoder.Decode(Sample.Bytes(name), new DecodeOptions { MaxFrames = 2 }).Dispose();
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(Sample.Bytes(name), new DecodeOptions { MaxFrames = 1 }));
        Assert.Equal("The image has 2 frames, more than the limit of 1 (DecodeOptions.MaxFrames).", exception.Message);
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
    public void Decode_LongerThanTheLimit_IsRefused()
    {
        // One tick is shorter than any decode.
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(Sample.Bytes("large.jpg"), new DecodeOptions { MaxTime = new TimeSpan(1) }));
        Assert.Contains("took longer than the limit", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_SixteenThreadsAtOnce_AllGetTheSamePixels()
    {
        string[] names = ["rgb.jpg", "orientation-6.jpg", "rgba.png", "display-p3.jpg", "cmyk.jpg", "lossy.webp", "rgb16.png", "animated.gif"];
        var alone = names.ToDictionary(name => name, name => Pixels(Sample.Bytes(name)));
        var wrong = 0;
        var threads = Enumerable.Range(0, 16).Select(start => new Thread(() =>
        {
            for (var i = 0; i < 40; i++)
            {
                var name = names[(start + i) % names.Length];
                if (!Pixels(Sample.Bytes(name)).AsSpan().SequenceEqual(alone[name])) Interlocked.Increment(ref wrong);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.Equal(0, wrong);
    }

    [Fact]
    public void DecodeFile_MissingFile_NamesItOnce()
    {
        using var folder = new TempFolder();
        var path = folder.File("missing.jpg");
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.DecodeFile(path));
        Assert.Equal((path, "The file does not exist."), (exception.Id, exception.Reason));
        Assert.Equal($"{path}: The file does not exist.", exception.Message);
    }

    [Fact]
    public void DecodeFile_Folder_SaysSo()
    {
        using var folder = new TempFolder();
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.DecodeFile(folder.Path));
        Assert.Equal("This is a folder, not an image file.", exception.Reason);
    }

    [Fact]
    public void DecodeFile_EmptyFile_KeepsPathAndReasonApart()
    {
        using var folder = new TempFolder();
        var path = folder.File("empty.png");
        File.WriteAllBytes(path, []);
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.DecodeFile(path));
        Assert.Equal((path, "The image is empty: it has no bytes."), (exception.Id, exception.Reason));
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

    private byte[] Pixels(byte[] encoded)
    {
        using var pixels = Decoder.Decode(encoded);
        return pixels.Pixels.ToArray();
    }
}
