using OnnxTransfer.Decoding;
using OnnxTransfer.Decoding.Containers;

namespace OnnxTransfer.Tests.Decoding;

/// <summary>Whatever the bytes, the parsers of files give an answer or the error for images, and read only what is there.</summary>
public sealed class ContainerPropertyTests
{
    private const int Inputs = 4000;

    private static readonly (ImageFormat Format, byte[] Signature, string[] Samples)[] s_formats =
    [
        (ImageFormat.Jpeg, [0xFF, 0xD8, 0xFF], ["rgb.jpg", "progressive.jpg", "orientation-6.jpg", "cmyk.jpg", "arithmetic.jpg"]),
        (ImageFormat.Png, [0x89, .. "PNG\r\n\x1A\n"u8], ["rgb.png", "interlaced.png", "orientation-6.png", "palette-alpha.png"]),
        (ImageFormat.Webp, [.. "RIFF\x20\0\0\0WEBP"u8], ["lossless.webp", "lossy.webp", "animated.webp", "orientation-6.webp"]),
        (ImageFormat.Gif, [.. "GIF89a"u8], ["palette.gif", "animated.gif", "transparent.gif"]),
        (ImageFormat.Tiff, [.. "II*\0"u8], ["rgb.tif", "lzw.tif"]),
    ];

    public static TheoryData<ImageFormat> Formats => [.. s_formats.Select(format => format.Format)];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Of_AnyBytes_GivesAnAnswerOrTheErrorForImages(ImageFormat format)
    {
        var (_, signature, samples) = s_formats.Single(one => one.Format == format);
        var sound = samples.Select(Sample.Bytes).ToArray();
        var options = new DecodeOptions { MaxPixels = 1_000_000 };
        var (read, refused) = (0, 0);
        for (var number = 0; number < Inputs; number++)
        {
            var random = new Random(number);
            byte[] file = number % 4 == 0 ? [.. signature, .. Noise(random, random.Next(200))] : Mutated(random, sound[random.Next(sound.Length)], signature.Length);
            foreach (var codes in Enum.GetValues<JpegCheck>())
            {
                try
                {
                    using var input = CodecInput.Of(file, format, options, codes);
                    Assert.True(input.Bytes.Length <= file.Length + 1_000_000, $"input {number}");
                    Assert.InRange((int)input.Orientation, 1, 8);
                    read++;
                }
                catch (ImageDecodeException exception)
                {
                    Assert.NotEmpty(exception.Reason);
                    refused++;
                }
            }
        }

        Assert.True(read > 0, $"all {refused} inputs were refused");
        // A TIFF file goes to its decoder as it is.
        Assert.Equal(format != ImageFormat.Tiff, refused > 0);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Of_FileWithoutItsBeginningOrEnd_GivesAnAnswerOrTheErrorForImages(ImageFormat format)
    {
        var (_, signature, samples) = s_formats.Single(one => one.Format == format);
        foreach (var sound in samples.Select(Sample.Bytes))
        {
            for (var at = signature.Length; at <= sound.Length; at++)
            {
                byte[] behind = [.. signature, .. sound[at..]];
                // A few bytes of the first piece that is left are less than any header.
                var stubs = Enumerable.Range(signature.Length, 24).Select(length => behind[..Math.Min(behind.Length, length)]);
                foreach (var file in (byte[][])[sound[..at], behind, .. stubs])
                {
                    try
                    {
                        using var input = CodecInput.Of(file, format, DecodeOptions.Default, JpegCheck.Always);
                    }
                    catch (ImageDecodeException)
                    {
                        // The documented error.
                    }
                }
            }
        }
    }

    [Fact]
    public void Find_AnyExifXmpOrTiff_GivesAnOrientationOrNone()
    {
        byte[][] sound = [CarrierFile.Exif(6, true), CarrierFile.Exif(6, false), CarrierFile.Xmp(6, true), CarrierFile.Xmp(6, false), CarrierFile.Tiff(true, false, []), CarrierFile.Tiff(false, true, [])];
        for (var number = 0; number < Inputs; number++)
        {
            var random = new Random(number);
            var bytes = Mutated(random, sound[random.Next(sound.Length)], 0);
            Assert.True(ExifOrientation.Find(bytes) is null or (>= Orientation.Upright and <= Orientation.Rotated270));
            Assert.True(XmpOrientation.Find(bytes) is null or (>= Orientation.Upright and <= Orientation.Rotated270));
            _ = TiffFile.RawName(bytes);
            _ = FileKind.Of(bytes);
            _ = ImageFormats.Detect(bytes);
        }
    }

    [Fact]
    public void Find_EveryBeginningOfSoundMetadata_NeverReadsBehindIt()
    {
        foreach (var bytes in new[] { CarrierFile.Exif(6, true), CarrierFile.Exif(6, false), CarrierFile.Xmp(6, true), CarrierFile.Tiff(true, false, []) })
        {
            // A span that ends where the array does would be found out by the array's bounds.
            for (var length = 0; length <= bytes.Length; length++)
            {
                _ = ExifOrientation.Find(bytes.AsSpan(0, length));
                _ = XmpOrientation.Find(bytes.AsSpan(0, length));
                _ = TiffFile.RawName(bytes.AsSpan(0, length));
                _ = FileKind.Of(bytes.AsSpan(0, length));
            }
        }
    }

    [Theory]
    [InlineData("Orientation")]
    [InlineData("http://ns.adobe.com/tiff/1.0/")]
    [InlineData("xmlns:t=\"http://ns.adobe.com/tiff/1.0/\" t:Orientation=")]
    public void Find_HostileXmp_IsReadOnce(string repeated)
    {
        // A search that began anew at each would take hours here.
        var packet = string.Concat(Enumerable.Repeat(repeated, 200_000));
        Assert.Null(XmpOrientation.Find(System.Text.Encoding.ASCII.GetBytes(packet)));
    }

    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xCBF43926u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x414FA339u)]
    public void PngSum_IsCrc32(string text, uint sum)
    {
        var bytes = System.Text.Encoding.ASCII.GetBytes(text);
        Assert.Equal(sum, PngSum.Of(bytes));
        for (var cut = 0; cut <= bytes.Length; cut++) Assert.Equal(sum, PngSum.Of(bytes.AsSpan(0, cut), bytes.AsSpan(cut)));
    }

    private static byte[] Mutated(Random random, byte[] sound, int kept)
    {
        var bytes = sound.ToList();
        for (var left = random.Next(1, 6); left > 0 && bytes.Count > kept + 1; left--)
        {
            var at = random.Next(kept, bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)(random.Next(2) == 0 ? 0xFF : random.Next(256));
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 40), bytes.Count - at));
                    break;
                case 3:
                    bytes.InsertRange(at, Noise(random, random.Next(1, 40)));
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes];
    }

    private static byte[] Noise(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
