using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Decoding;

/// <summary>What every decoder makes of a file's container: orientation, damage, metadata without end. One derived class runs it against each.</summary>
public abstract class ImageFileContract
{
    public abstract IImageDecoder Decoder { get; }

    public static TheoryData<string> Carriers =>
    [
        "jpeg exif", "jpeg xmp", "jpeg exif over xmp", "webp exif", "webp exif with prefix", "webp xmp",
        "png eXIf", "png eXIf behind the pixels", "png raw profile exif tEXt", "png raw profile exif zTXt", "png raw profile APP1", "png raw profile APP1 of xmp",
        "png iTXt xmp", "png iTXt xmp deflated", "png eXIf over the others",
    ];

    public static TheoryData<string> MuchMetadata =>
        ["jpeg exif", "jpeg comments", "jpeg trailer", "png eXIf", "png tEXt", "png iTXt xmp", "png many tEXt", "webp exif", "webp xmp", "gif comments", "gif application"];

    [Theory]
    [MemberData(nameof(Carriers))]
    public void Decode_OrientationInEveryCarrier_ArrivesUpright(string carrier)
    {
        foreach (var orientation in Enumerable.Range(1, 8))
        {
            foreach (var isLittleEndian in new[] { true, false })
            {
                using var pixels = Decoder.Decode(CarrierFile.Of(carrier, orientation, isLittleEndian));
                CarrierFile.ShowsUpright(pixels, orientation, $"{carrier}, {orientation}, {(isLittleEndian ? "II" : "MM")}");
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(65535)]
    public void Decode_ExifWithoutAnOrientationOfItsOwn_FallsBackToXmp(int nonsense)
    {
        var plain = CarrierFile.Plain("png");
        byte[] file = CarrierFile.WithPngChunks(plain, [("eXIf", CarrierFile.Exif(nonsense, true)), ("iTXt", CarrierFile.XmpText(6, false))]);
        using var pixels = Decoder.Decode(file);
        CarrierFile.ShowsUpright(pixels, 6, $"EXIF {nonsense}, XMP 6");
    }

    [Theory]
    [MemberData(nameof(MuchMetadata))]
    public void Decode_TenMegabytesOfMetadata_GivesThePixelsOfTheFileWithoutThem(string kind)
    {
        using var without = Decoder.Decode(CarrierFile.Plain(kind.Split(' ')[0]));
        using var with = Decoder.Decode(CarrierFile.WithMuch(kind, 10 << 20));
        Assert.Equal((without.Width, without.Height), (with.Width, with.Height));
        Assert.Equal(without.Pixels, with.Pixels);
        Assert.Empty(with.Warnings);
    }

    /// <summary>Refused, used with a warning, or used: what a cut of each format must give.</summary>
    [Theory]
    [InlineData("jpeg", 25, "refused")]
    [InlineData("jpeg", 50, "refused")]
    [InlineData("jpeg", 90, "refused")]
    [InlineData("jpeg", 99, "warned")]
    [InlineData("progressive", 25, "refused")]
    [InlineData("progressive", 50, "refused")]
    [InlineData("progressive", 90, "refused")]
    [InlineData("png", 25, "refused")]
    [InlineData("png", 50, "refused")]
    [InlineData("png", 90, "refused")]
    [InlineData("png", 99, "warned")]
    [InlineData("webp", 25, "refused")]
    [InlineData("webp", 90, "refused")]
    [InlineData("webp", 99, "refused")]
    [InlineData("gif", 25, "refused")]
    [InlineData("gif", 90, "refused")]
    [InlineData("gif", 99, "refused")]
    [InlineData("bmp", 25, "refused")]
    [InlineData("bmp", 90, "refused")]
    [InlineData("bmp", 99, "warned")]
    public void Decode_CutFile_FollowsThePolicy(string format, int percent, string outcome)
    {
        var file = DamagedFile.Sound(format);
        Assert.Equal(outcome, DamagedFile.OutcomeOf(Decoder, file.AsSpan(0, file.Length * percent / 100)));
    }

    [Theory]
    [InlineData("jpeg", "warned")]
    [InlineData("progressive", "warned")]
    [InlineData("png", "warned")]
    [InlineData("gif", "warned")]
    [InlineData("webp", "refused")]
    [InlineData("bmp", "warned")]
    public void Decode_FileWithoutItsLastTwoBytes_FollowsThePolicy(string format, string outcome) =>
        Assert.Equal(outcome, DamagedFile.OutcomeOf(Decoder, DamagedFile.Sound(format).AsSpan()[..^2]));

    [Theory]
    [InlineData("jpeg")]
    [InlineData("progressive")]
    [InlineData("png")]
    [InlineData("webp")]
    [InlineData("gif")]
    [InlineData("bmp")]
    public void Decode_SoundFile_HasNoWarning(string format) => Assert.Equal("used", DamagedFile.OutcomeOf(Decoder, DamagedFile.Sound(format)));

    [Fact]
    public void Decode_JpegWithAHole_IsUsedWithAWarning_AndTheRowsBeforeItAreRight()
    {
        var sound = DamagedFile.Sound("jpeg");
        // Enough bytes that the codes end before the picture does.
        byte[] damaged = [.. sound.AsSpan(0, sound.Length / 2), .. sound.AsSpan((sound.Length / 2) + 100)];
        using var right = Decoder.Decode(sound);
        using var pixels = Decoder.Decode(damaged);
        Assert.Contains("is damaged", Assert.Single(pixels.Warnings), StringComparison.Ordinal);
        var before = 3 * right.Width * (right.Height / 3);
        Assert.Equal(right.Pixels[..before], pixels.Pixels[..before]);
        var refusal = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(damaged, new DecodeOptions { Strict = true }));
        Assert.Contains("DecodeOptions.Strict", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_PngWithAWrongChecksum_IsUsedWithAWarning()
    {
        var damaged = DamagedFile.Sound("png");
        // The last chunk has twelve bytes; before it are the four of the pixels' checksum.
        damaged[^14] ^= 1;
        using var right = Decoder.Decode(DamagedFile.Sound("png"));
        using var pixels = Decoder.Decode(damaged);
        Assert.Contains("checksum", Assert.Single(pixels.Warnings), StringComparison.Ordinal);
        Assert.Equal(right.Pixels, pixels.Pixels);
    }

    [Fact]
    public void Decode_PngCutInItsLastRows_RepeatsTheLastRowThatIsThere()
    {
        var sound = DamagedFile.Sound("png");
        using var right = Decoder.Decode(sound);
        using var pixels = Decoder.Decode(sound.AsSpan(0, sound.Length * 99 / 100));
        var stride = 3 * right.Width;
        var before = stride * (right.Height * 30 / 32);
        Assert.Equal(right.Pixels[..before], pixels.Pixels[..before]);
        Assert.Equal(pixels.Pixels[^(2 * stride)..^stride], pixels.Pixels[^stride..]);
    }

    [Theory]
    [InlineData("png")]
    [InlineData("gif")]
    public void Decode_ZeroedMiddle_IsRefused(string format)
    {
        var damaged = DamagedFile.Sound(format);
        damaged.AsSpan(damaged.Length / 2, 512).Clear();
        Assert.Equal("refused", DamagedFile.OutcomeOf(Decoder, damaged));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    public void Decode_GifWhoseCodesLackTheirEnd_GivesEveryPixel(int cut, bool isDamaged)
    {
        using var right = Decoder.Decode(DamagedFile.Gif());
        using var pixels = Decoder.Decode(DamagedFile.Gif(hasEndCode: false).AsSpan()[..^cut]);
        Assert.Equal(right.Pixels, pixels.Pixels);
        Assert.Equal(isDamaged ? 1 : 0, pixels.Warnings.Count);
    }

    [Fact]
    public void Decode_Icon_GivesItsLargestPicture()
    {
        using var pixels = Decoder.Decode(CarrierFile.Icon(Sample.Bytes("rgb.png"), Sample.PlainPng(8, 8, 2)));
        Sample.Shows(pixels, Sample.Colors, 0);
    }

    [SharedTheory("cases/images/o6_prefixed.webp")]
    [InlineData("o6_prefixed.webp")]
    [InlineData("o6_raw.webp")]
    public void Decode_RotatedWebp_EqualsTheUprightPicture(string name)
    {
        using var upright = Decoder.DecodeFile(Repository.SharedPath("cases", "images", "upright.png"));
        using var pixels = Decoder.DecodeFile(Repository.SharedPath("cases", "images", name));
        Assert.Equal((upright.Width, upright.Height), (pixels.Width, pixels.Height));
        Assert.InRange(pixels.Pixels.ToArray().Zip(upright.Pixels.ToArray(), (a, b) => (double)Math.Abs(a - b)).Average(), 0, 6);
    }

    [SharedFact("cases/images/exif_imagemagick_orientation.png")]
    public void Decode_OrientationInARawProfile_IsTurned()
    {
        // Stored upside down: with the text chunks taken out the picture is the same, turned by half.
        var file = File.ReadAllBytes(Repository.SharedPath("cases", "images", "exif_imagemagick_orientation.png"));
        using var turned = Decoder.Decode(file);
        using var stored = Decoder.Decode(CarrierFile.WithoutMetadata(file));
        var pixels = stored.Pixels.ToArray().Chunk(3).Reverse().SelectMany(pixel => pixel).ToArray();
        Assert.Equal(pixels, turned.Pixels.ToArray());
    }

    [SharedTheory("cases/images/damaged_zero512.jpg")]
    [InlineData("damaged_zero512.jpg")]
    [InlineData("damaged_drop1000.jpg")]
    [InlineData("trunc1.jpg")]
    public void Decode_DamagedPhotos_AreUsedWithAWarning_AndRefusedWhereThatIsAsked(string name)
    {
        var file = File.ReadAllBytes(Repository.SharedPath("cases", "images", name));
        using var pixels = Decoder.Decode(file);
        Assert.Single(pixels.Warnings);
        Assert.Throws<ImageDecodeException>(() => Decoder.Decode(file, new DecodeOptions { Strict = true }));
    }

    [SharedTheory("cases/images/video_named.jpg")]
    [InlineData("ossfuzz5700.gif", "its codes end after 0 of 1024 pixels")]
    [InlineData("video_named.jpg", "an MP4 video")]
    public void Decode_CasesThatAreNoPictures_AreRefusedWithTheReason(string name, string reason) =>
        Assert.Contains(reason, Assert.Throws<ImageDecodeException>(() => Decoder.DecodeFile(Repository.SharedPath("cases", "images", name))).Reason, StringComparison.Ordinal);

    [SharedFact("cases/images/chrome save.jfif")]
    public void Decode_JpegUnderABrowsersName_IsRead()
    {
        using var pixels = Decoder.DecodeFile(Repository.SharedPath("cases", "images", "chrome save.jfif"));
        Assert.Equal((500, 386), (pixels.Width, pixels.Height));
    }

    [SharedFact("data/flowers")]
    public void Decode_RealPhotos_HaveNoWarning()
    {
        string[] photos = [.. Directory.EnumerateFiles(Repository.SharedPath("data/flowers"), "*.jpg", SearchOption.AllDirectories).Order().Take(80)];
        Assert.NotEmpty(photos);
        foreach (var path in photos)
        {
            using var pixels = Decoder.DecodeFile(path);
            Assert.Empty(pixels.Warnings);
        }
    }
}
