using SkiaSharp;

namespace OnnxTransfer.Tests.Data;

public sealed class OpenedImageTests
{
    [Fact]
    public void Pixels_of_the_caller_live_on_and_those_made_from_a_bitmap_do_not()
    {
        using var pixels = PixelBuffer.FromRgb(new byte[12], 2, 2);
        ImageInput.FromPixels(pixels).Open(DecodeOptions.Default, default).Dispose();
        Assert.Equal(12, pixels.Pixels.Length);

        using var bitmap = new SKBitmap(2, 2);
        var opened = ImageInput.FromBitmap(bitmap).Open(DecodeOptions.Default, default);
        var made = opened.Pixels!;
        Assert.Equal(12, made.Pixels.Length);
        opened.Dispose();
        Assert.Throws<ObjectDisposedException>(() => made.Pixels.Length);
    }

    [Fact]
    public void An_input_without_a_name_is_called_by_its_kind()
    {
        using var pixels = PixelBuffer.FromRgb(new byte[12], 2, 2);
        using var bitmap = new SKBitmap(2, 2);
        Assert.Equal(
            ["bytes", "stream", "pixels", "bitmap"],
            new[] { ImageInput.FromBytes(new byte[1]), ImageInput.FromStream(_ => Task.FromResult<Stream>(new MemoryStream())), ImageInput.FromPixels(pixels), ImageInput.FromBitmap(bitmap) }.Select(input => input.Id));
    }
}
