using OnnxTransfer.Decoding;

namespace OnnxTransfer.Tests.Decoding;

public sealed class ImageEncoderTests
{
    [Fact]
    public void A_png_has_the_same_pixels()
    {
        using var picture = Ramp();
        using var read = ImageDecoders.Default.Decode(ImageEncoder.Png(picture));
        Assert.Equal((31, 17), (read.Width, read.Height));
        Assert.Equal(picture.Pixels.ToArray(), read.Pixels.ToArray());
    }

    [Fact]
    public void A_jpeg_has_nearly_the_same_and_fewer_bytes_at_lower_quality()
    {
        using var picture = Ramp();
        var (good, poor) = (ImageEncoder.Jpeg(picture, 95), ImageEncoder.Jpeg(picture, 30));
        Assert.True(poor.Length < good.Length, $"{poor.Length} bytes, {good.Length} at quality 95");
        using var read = ImageDecoders.Default.Decode(good);
        var differences = picture.Pixels.ToArray().Zip(read.Pixels.ToArray(), (a, b) => Math.Abs(a - b));
        Assert.InRange(differences.Average(), 0, 4);
    }

    private static PixelBuffer Ramp()
    {
        var picture = PixelBuffer.Rent(31, 17);
        for (var i = 0; i < picture.Pixels.Length; i++) picture.Pixels[i] = (byte)(i % 3 == 0 ? i / 93 * 15 : i % 3 == 1 ? i % 93 * 2 : 200 - (i / 93 * 5));
        return picture;
    }
}
