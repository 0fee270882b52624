using System.Buffers.Binary;
using OnnxTransfer.Decoding;
using SkiaSharp;

namespace OnnxTransfer.Tests.Decoding;

public sealed class SkiaImageDecoderTests : ImageDecoderContract
{
    public override IImageDecoder Decoder { get; } = new SkiaImageDecoder(new DecoderRegistry());

    [Fact]
    public void Name_HasTheVersionOfThePackage() =>
        // The version of the assembly ends in 0 for all of a minor version's packages.
        Assert.Equal($"SkiaSharp {System.Diagnostics.FileVersionInfo.GetVersionInfo(typeof(SKCodec).Assembly.Location).FileVersion![..^2]}", Decoder.Name);

    [Fact]
    public void Default_IsSkia() => Assert.IsType<SkiaImageDecoder>(ImageDecoders.Default);

    [Fact]
    public void Decode_TruncatedJpeg_SaysWhereItEnds()
    {
        var bytes = Sample.Bytes("large.jpg");
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(bytes.AsSpan(0, bytes.Length / 2)));
        Assert.Matches(@"^The JPEG image is truncated or damaged: the last [45]\d(\.\d)? % of its pixels are missing\.$", exception.Message);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 9)]
    [InlineData(255, 255)]
    public void Decode_PngWithNonsenseForAnOrientation_IsTakenAsStored(byte high, byte low)
    {
        var bytes = Sample.Bytes("orientation-6.png");
        // "eXIf", eight bytes of header, two of a count, eight of an entry's tag, type and count.
        var at = bytes.AsSpan().IndexOf("eXIf"u8) + 4 + 8 + 2 + 8;
        Assert.Equal(6, BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at)));
        (bytes[at], bytes[at + 1]) = (high, low);
        using var pixels = Decoder.Decode(bytes);
        Assert.Equal((Sample.Height, Sample.Width), (pixels.Width, pixels.Height));
    }

    [Fact]
    public void Decode_PngThatIsTooShortForItsPixels_IsRefusedBeforeMemoryIsTaken()
    {
        var bytes = Sample.PngHeader(10_000, 10_000);
        var exception = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(bytes));
        Assert.Equal($"The PNG image is truncated or damaged: its {bytes.Length} bytes are too few for 10000x10000 pixels.", exception.Message);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(8, 3)]
    [InlineData(16, 6)]
    public void Decode_PngOfOneColor_IsNotTakenForTooShort(byte depth, byte colorType)
    {
        // As much as deflate can do.
        const int side = 2000;
        var bytes = Sample.PlainPng(side, depth, colorType);
        using var pixels = Decoder.Decode(bytes);
        Assert.Equal((side, side), (pixels.Width, pixels.Height));
        Assert.False(pixels.Pixels.ContainsAnyExcept(pixels.Pixels[0]));
    }

    [Theory]
    [InlineData(SKColorType.Rgba8888, SKAlphaType.Unpremul, 0)]
    [InlineData(SKColorType.Bgra8888, SKAlphaType.Premul, 2)]
    [InlineData(SKColorType.RgbaF16, SKAlphaType.Premul, 1)]
    [InlineData(SKColorType.Rgb565, SKAlphaType.Opaque, 5)]
    public void ToPixels_BitmapOfAnyColorType_GivesItsColors(SKColorType type, SKAlphaType alpha, int tolerance)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(Sample.Width, Sample.Height, type, alpha));
        for (var y = 0; y < Sample.Height; y++)
        {
            for (var x = 0; x < Sample.Width; x++)
            {
                var (r, g, b) = Sample.Colors[(2 * (y / 8)) + (x / 16)];
                bitmap.SetPixel(x, y, new SKColor((byte)r, (byte)g, (byte)b));
            }
        }

        using var pixels = SkiaImageDecoder.ToPixels(bitmap, DecodeOptions.Default);
        Sample.Shows(pixels, Sample.Colors, tolerance);
    }

    [Fact]
    public void ToPixels_TransparentBitmap_IsCompositedOverTheStatedBackground()
    {
        using var bitmap = new SKBitmap(new SKImageInfo(2, 1, SKColorType.Bgra8888, SKAlphaType.Premul));
        bitmap.SetPixel(0, 0, new SKColor(200, 100, 0, 0));
        bitmap.SetPixel(1, 0, new SKColor(200, 100, 0, 255));
        using var pixels = SkiaImageDecoder.ToPixels(bitmap, new DecodeOptions { Background = new Rgb(1, 2, 3) });
        Assert.Equal([1, 2, 3, 200, 100, 0], pixels.Pixels.ToArray());
    }

    [Fact]
    public void ToPixels_EmptyBitmap_SaysSo()
    {
        using var bitmap = new SKBitmap();
        Assert.Throws<ImageDecodeException>(() => SkiaImageDecoder.ToPixels(bitmap, DecodeOptions.Default));
    }
}
