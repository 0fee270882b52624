using OnnxTransfer.Decoding;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Decoding;

public sealed class ImageHeaderTests
{
    public static TheoryData<string> Sized => [.. Directory.GetFiles(Sample.Folder).Select(path => Path.GetFileName(path)!).Where(name => Path.GetExtension(name) is ".jpg" or ".png" or ".gif" or ".webp" or ".bmp").Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Sized))]
    public void The_header_gives_the_pixels_that_the_decoder_gives(string name)
    {
        var bytes = Sample.Bytes(name);
        using var pixels = ImageDecoders.Default.Decode(bytes);
        Assert.Equal((long)pixels.Width * pixels.Height, ImageHeader.Read(bytes, ImageFormats.Detect(bytes)).Pixels);
    }

    [Theory]
    [MemberData(nameof(Sized))]
    public void A_header_that_is_cut_anywhere_is_read_without_an_error(string name)
    {
        var bytes = Sample.Bytes(name);
        for (var length = 0; length < Math.Min(bytes.Length, 2000); length++) _ = ImageHeader.Read(bytes.AsSpan(0, length), ImageFormats.Detect(bytes));
    }

    [Fact]
    public void Nonsense_of_every_format_is_read_without_an_error()
    {
        var random = new Random(1);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            foreach (var format in Enum.GetValues<ImageFormat>()) Assert.InRange(ImageHeader.Read(bytes, format).Pixels, long.MinValue, long.MaxValue);
        }
    }

    [Theory]
    [MemberData(nameof(ImageFileContract.Carriers), MemberType = typeof(ImageFileContract))]
    public void Every_carrier_of_an_orientation_counts_the_pixels_that_are_collected(string carrier)
    {
        var file = CarrierFile.Of(carrier, 6, isLittleEndian: true);
        Assert.True(ImageHeader.Read(file, ImageFormats.Detect(file)).MayBeTurned);
        var plain = CarrierFile.Plain(carrier.Split(' ')[0]);
        Assert.False(ImageHeader.Read(plain, ImageFormats.Detect(plain)).MayBeTurned);
    }

    [Fact]
    public void The_header_of_an_icon_is_that_of_its_largest_picture()
    {
        var picture = Sample.Bytes("rgb.png");
        byte[] file = [0, 0, 1, 0, 1, 0, Sample.Width, Sample.Height, 0, 0, 1, 0, 32, 0, .. BitConverter.GetBytes(picture.Length), 22, 0, 0, 0, .. picture];
        using var pixels = ImageDecoders.Default.Decode(file);
        var header = ImageHeader.Read(file, ImageFormats.Detect(file));
        Assert.Equal((pixels.Width, pixels.Height), (header.Width, header.Height));
        Assert.True(DecodeMemory.Of(file, ImageDecoders.Default, DecodeOptions.Default) < 10 << 20);
    }

    [Fact]
    public void Metadata_behind_the_pixels_of_a_JPEG_do_not_turn_it()
    {
        var plain = CarrierFile.Plain("jpeg");
        var turned = CarrierFile.Of("jpeg exif", 6, isLittleEndian: true);
        // The segment that the turned file has more than the plain one, behind its signature or JFIF header.
        var start = turned.AsSpan().IndexOf([(byte)0xFF, (byte)0xE1]);
        var segment = turned.AsSpan(start, turned.Length - plain.Length).ToArray();
        using var pixels = ImageDecoders.Default.Decode([.. plain[..^2], .. segment, .. plain[^2..]]);
        using var upright = ImageDecoders.Default.Decode(plain);
        Assert.Equal(upright.Pixels, pixels.Pixels);
    }

    [Fact]
    public void A_GIF_of_a_million_frames_is_refused_before_it_reaches_a_codec()
    {
        byte[] head = [.. "GIF89a"u8, 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255];
        byte[] frame = [0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0];
        byte[] film = [.. head, .. Enumerable.Repeat(frame, 1_000_000).SelectMany(one => one), 0x3B];
        Assert.Equal(1_000_000, ImageHeader.Read(film, ImageFormat.Gif).Frames);
        Assert.Contains("1,000,000 frames", Assert.Throws<ImageDecodeException>(() => DecodeChecks.Format(film, DecodeOptions.Default)).Message);
    }

    [Fact]
    public void A_progressive_JPEG_of_too_many_scans_is_refused_before_it_reaches_a_codec()
    {
        var photo = Sample.Bytes("progressive.jpg");
        Assert.InRange(ImageHeader.Read(photo, ImageFormat.Jpeg).Scans, 2, 20);
        var last = photo.AsSpan().LastIndexOf([(byte)0xFF, (byte)0xDA]);
        byte[] scans = [.. photo.AsSpan(0, last), .. Enumerable.Repeat(photo[last..^2], 200).SelectMany(one => one), 0xFF, 0xD9];
        Assert.Contains("scans, more than the limit of 100", Assert.Throws<ImageDecodeException>(() => ImageDecoders.Default.Decode(scans)).Message);
    }

    [SharedFact("cases/hostile/png_max1.png")]
    public void A_few_bytes_that_claim_a_wide_image_are_refused()
    {
        var file = File.ReadAllBytes(Repository.SharedPath("cases", "hostile", "png_max1.png"));
        Assert.Throws<ImageDecodeException>(() => DecodeChecks.Format(file, DecodeOptions.Default));
    }

    [Fact]
    public void Bytes_too_few_for_their_pixels_are_refused_before_they_reach_a_codec() =>
        Assert.Contains("bytes are too few", Assert.Throws<ImageDecodeException>(() => DecodeChecks.Format(TestImage.Bomb(9000, 9000), DecodeOptions.Default)).Message);
}
