using OnnxTransfer.Preprocessing;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Decoding;

namespace OnnxTransfer.Heic.Tests;

[Collection(nameof(Alone))]
public sealed class HeicDecoderTests : DecoderPromises
{
    private static readonly IImageDecoder s_decoder = HeicDecoder.Instance;

    public override IImageDecoder Decoder => s_decoder;

    private protected override byte[] Sound => Bytes("phone.heic");

    private protected override byte[] Slow => Bytes("large.heic");

    private protected override byte[][] Several =>
        [.. new[] { "rgb.heic", "alpha.heic", "phone.heic", "display-p3.heic", "large.heic", "two.heic" }.Select(name => Bytes(name))];

    private protected override byte[][] Films => [Bytes("two.heic")];

    [Fact]
    public void Name_HasTheVersionOfThePackage() =>
        Assert.Equal($"Magick.NET {ImageMagick.MagickNET.Version.Split(' ')[^1]}", s_decoder.Name);

    [Theory]
    [InlineData("rgb.heic", 1)]
    [InlineData("half-turn.heic", 1)]
    [InlineData("quarter-turn.heic", 1)]
    [InlineData("three-quarter-turn.heic", 1)]
    [InlineData("mirrored.heic", 1)]
    [InlineData("mirrored-upside-down.heic", 1)]
    [InlineData("display-p3.heic", 3)]
    [InlineData("broken-profile.heic", 6)]
    // The table of the profile has 8 steps in each channel.
    [InlineData("table-profile.heic", 10)]
    [InlineData("ten-bit.heic", 2)]
    [InlineData("ten-bit-display-p3.heic", 3)]
    [InlineData("two.heic", 1)]
    // EXIF's orientation counts for nothing: the file says in a property of its own how to turn it.
    [InlineData("phone.heic", 1)]
    [InlineData("exif-alone.heic", 1)]
    public void Decode_EveryKind_GivesItsColors(string name, int tolerance)
    {
        using var pixels = s_decoder.Decode(Bytes(name));
        Sample.Shows(pixels, Sample.Colors, tolerance);
    }

    [Fact]
    public void Decode_Subsampled_GivesItsColorsInsideThem()
    {
        using var pixels = s_decoder.Decode(Sample.Bytes("rgb.heic"));
        Sample.Shows(pixels, Sample.Colors, 12, inset: 3);
    }

    [Fact]
    public void Decode_Gray_GivesEqualChannels()
    {
        using var pixels = s_decoder.Decode(Bytes("grey.heic"));
        Sample.Shows(pixels, Sample.Grays, 2);
    }

    [Theory]
    [InlineData(255, 255, 255)]
    [InlineData(10, 90, 170)]
    public void Decode_Transparent_IsCompositedOverTheBackground(byte r, byte g, byte b)
    {
        using var pixels = s_decoder.Decode(Bytes("alpha.heic"), new DecodeOptions { Background = new Rgb(r, g, b) });
        Sample.Shows(pixels, Sample.Over(Sample.Colors, (r, g, b)), 2);
    }

    [Fact]
    public void Decode_ManyStrips_GivesEveryRow()
    {
        using var pixels = s_decoder.Decode(Bytes("large.heic"));
        Assert.Equal((640, 480), (pixels.Width, pixels.Height));
        for (var y = 0; y < 480; y += 7)
        {
            for (var x = 0; x < 640; x += 7)
            {
                var at = 3 * ((y * 640) + x);
                Assert.InRange(pixels.Pixels[at] - (x * 255 / 639), -8, 8);
                Assert.InRange(pixels.Pixels[at + 1] - (y * 255 / 479), -8, 8);
            }
        }
    }

    [Fact]
    public void Prepare_FromRows_EqualsDecodingFirst()
    {
        var spec = new PreprocessSpec { Filter = ResizeFilter.PillowBilinear, Resize = Resize.Stretch(20, 13), Mean = [0.5, 0.5, 0.5], Std = [0.5, 0.5, 0.5] };
        var (atOnce, inTwo) = (new float[3 * 20 * 13], new float[3 * 20 * 13]);
        foreach (var name in new[] { "large.heic", "alpha.heic", "phone.heic", "display-p3.heic" })
        {
            new ImagePreprocessor(spec, TensorLayout.Nchw, s_decoder).Prepare(Bytes(name), atOnce);
            using var pixels = s_decoder.Decode(Bytes(name));
            new ImagePreprocessor(spec, TensorLayout.Nchw).Prepare(pixels, inTwo);
            Assert.Equal(inTwo, atOnce);
        }
    }

    [SharedFact("cases/images/image.heic")]
    public void Decode_AFileOfAnotherEncoder_GivesAPicture()
    {
        using var pixels = s_decoder.DecodeFile(Repository.SharedPath("cases", "images", "image.heic"));
        Assert.Equal((256, 256), (pixels.Width, pixels.Height));
        Assert.True(pixels.Pixels.ToArray().Distinct().Count() > 50);
    }

    [Fact]
    public void Register_LetsTheDefaultDecoderReadHeic()
    {
        HeicDecoder.Register();
        HeicDecoder.Register();
        using var pixels = ImageDecoders.Default.Decode(Bytes("phone.heic"));
        Sample.Shows(pixels, Sample.Colors, 1);
        Assert.Equal(s_decoder, ImageDecoders.Default.HandedTo(Bytes("phone.heic")));
    }

    [Theory]
    [InlineData(0.99)]
    [InlineData(0.7)]
    [InlineData(0.3)]
    [InlineData(0.05)]
    public void Decode_Truncated_SaysSoWithoutTheNameOfAFile(double kept)
    {
        var bytes = Bytes("large.heic");
        var exception = Assert.Throws<ImageDecodeException>(() => s_decoder.Decode(bytes.AsSpan(0, (int)(bytes.Length * kept))));
        Assert.Matches(@"^The HEIC image is truncated or damaged: [^/`@]+\.$", exception.Message);
        Assert.NotNull(exception.InnerException);
    }

    [Fact]
    public void Decode_HeaderThatPointsNowhere_Fails()
    {
        var bytes = Bytes("rgb.heic");
        // Name, version, sizes, count; then the item's number, kind of place and file, two bytes each, before its offset.
        bytes[bytes.AsSpan().IndexOf("iloc"u8) + 12 + 6 + 1] ^= 0x40;
        Assert.Contains("truncated or damaged", Assert.Throws<ImageDecodeException>(() => s_decoder.Decode(bytes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_Avif_IsRefused()
    {
        var exception = Assert.Throws<ImageDecodeException>(() => s_decoder.Decode(Sample.Bytes("rgb.avif")));
        Assert.StartsWith("The image is Avif, but HeicDecoder reads only HEIC", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rgb.jpg", "Jpeg")]
    [InlineData("rgb.png", "Png")]
    [InlineData("rgb.tif", "Tiff")]
    public void Decode_OtherFormats_AreRefused(string name, string format) =>
        Assert.Contains($"The image is {format}", Assert.Throws<ImageDecodeException>(() => s_decoder.Decode(Sample.Bytes(name))).Message, StringComparison.Ordinal);

    [Fact]
    public void Decode_ABrandThatIsALie_Fails()
    {
        // A PNG file behind the first box of a HEIC file.
        byte[] bytes = [0, 0, 0, 16, .. "ftypheic"u8, 0, 0, 0, 0, .. Sample.Bytes("rgb.png")];
        Assert.Contains("truncated or damaged", Assert.Throws<ImageDecodeException>(() => s_decoder.Decode(bytes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_MorePixelsThanTheLimit_IsRefusedFromTheHeader()
    {
        s_decoder.Decode(Bytes("large.heic"), new DecodeOptions { MaxPixels = 640 * 480 }).Dispose();
        var exception = Assert.Throws<ImageDecodeException>(() => s_decoder.Decode(Bytes("large.heic"), new DecodeOptions { MaxPixels = (640 * 480) - 1 }));
        Assert.Equal("The image has 640x480 pixels, more than the limit of 307,199 (DecodeOptions.MaxPixels).", exception.Message);
        // The pixels are cut off, and nobody has got so far as to notice.
        var header = Bytes("large.heic");
        header.AsSpan(header.AsSpan().IndexOf("mdat"u8) + 4).Clear();
        Assert.Equal(exception.Message, Assert.Throws<ImageDecodeException>(() => s_decoder.Decode(header, new DecodeOptions { MaxPixels = (640 * 480) - 1 })).Message);
        Assert.Contains("truncated or damaged", Assert.Throws<ImageDecodeException>(() => s_decoder.Decode(header)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_AHeaderThatClaimsAGiant_TakesNoMemoryForIt()
    {
        var bytes = Bytes("large.heic");
        var at = bytes.AsSpan().IndexOf("ispe"u8) + 8;
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at), 60_000);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at + 4), 60_000);
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        var before = process.PeakWorkingSet64;
        Assert.Throws<ImageDecodeException>(() => s_decoder.Decode(bytes));
        process.Refresh();
        Assert.InRange(process.PeakWorkingSet64 - before, 0, 200L << 20);
    }

    [Fact]
    public void Decode_MoreBytesOrTimeThanTheLimit_IsRefused()
    {
        Assert.Contains("more than the limit of 50", Refusal("rgb.heic", new DecodeOptions { MaxEncodedBytes = 50 }), StringComparison.Ordinal);
        Assert.Contains("the limit that guards against hangs", Refusal("large.heic", new DecodeOptions { MaxTime = new TimeSpan(1) }), StringComparison.Ordinal);

        static string Refusal(string name, DecodeOptions options) => Assert.Throws<ImageDecodeException>(() => s_decoder.Decode(Bytes(name), options)).Message;
    }

    /// <summary>Grey, RGB and RGBA with every profile in turn, held against ImageMagick's own Little CMS.</summary>
    [Theory]
    [InlineData("room-rgb.heic")]
    [InlineData("room-rgba.heic")]
    [InlineData("room-grey.heic")]
    public void Decode_EveryProfile_GivesWhatLittleCmsSays(string name)
    {
        // Where the profile is broken, the pixels come as they are stored.
        var stored = PixelsWith(name, TestProfile.Broken, Rgb.Black);
        var profiles = new (string Name, byte[] Bytes)[]
        {
            ("sRGB", TestProfile.Srgb), ("Display P3", TestProfile.DisplayP3), ("Adobe RGB", TestProfile.AdobeRgb), ("RGB table", TestProfile.RgbTable),
            ("grey", TestProfile.Grey),
        };
        foreach (var (profileName, profile) in profiles)
        {
            // Grey arrives as RGB, so that profiles of both fit it; one for grey fits nothing else.
            var isGrey = profileName == "grey";
            if (isGrey && name != "room-grey.heic") continue;
            var right = ByLittleCms(stored, profile, isGrey);
            var seen = PixelsWith(name, profile, Rgb.Black);
            // Pixels that are half transparent were mixed with black before, and are mixed after the profile.
            var off = Enumerable.Range(0, seen.Length).Where(i => name != "room-rgba.heic" || i / 3 / Sample.Width < 8).Max(i => Math.Abs(seen[i] - right[i]));
            Assert.True(off <= 1, $"{profileName}: {off} of 255 off");
        }
    }

    private static byte[] PixelsWith(string name, byte[] profile, Rgb background)
    {
        var bytes = Bytes(name);
        // Its own profile ends in its text, and begins with its length.
        var (at, length) = (bytes.AsSpan().IndexOf("prof"u8) + 4, 0);
        length = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at));
        Assert.InRange(profile.Length, 1, length);
        bytes.AsSpan(at, length).Clear();
        profile.CopyTo(bytes, at);
        using var pixels = s_decoder.Decode(bytes, new DecodeOptions { Background = background });
        return pixels.Pixels.ToArray();
    }

    private static byte[] ByLittleCms(byte[] stored, byte[] profile, bool isGrey)
    {
        var samples = isGrey ? stored.Where((_, i) => i % 3 == 0).ToArray() : stored;
        using var image = new ImageMagick.MagickImage();
        image.ReadPixels(samples, new ImageMagick.PixelReadSettings(Sample.Width, Sample.Height, ImageMagick.StorageType.Char, isGrey ? "I" : "RGB"));
        if (isGrey) image.ColorSpace = ImageMagick.ColorSpace.Gray;
        image.RenderingIntent = ImageMagick.RenderingIntent.Relative;
        Assert.True(image.TransformColorSpace(new ImageMagick.ColorProfile(profile), ImageMagick.ColorProfiles.SRGB));
        using var pixels = image.GetPixels();
        return pixels.ToByteArray(0, 0, Sample.Width, Sample.Height, "RGB")!;
    }

    internal static byte[] Bytes(string name) => File.ReadAllBytes(Repository.PathOf("tests", "OnnxTransfer.Heic.Tests", "Samples", name));
}
