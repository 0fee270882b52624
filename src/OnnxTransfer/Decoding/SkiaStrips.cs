using SkiaSharp;

namespace OnnxTransfer.Decoding;

/// <summary>The rows of a JPEG image from top to bottom, one strip at a time.</summary>
internal interface ISkiaStrips : IDisposable
{
    /// <summary>Reads the next strip.</summary>
    /// <returns>The number of rows in the strip; 0 if the file ends before the strip does.</returns>
    int Read(int top);

    /// <summary>A row of the strip, <c>[W,4]</c>; it may be changed.</summary>
    Span<byte> Row(int row);
}

/// <summary>Strips from Skia, as RGB with a fourth byte.</summary>
internal sealed class SkiaStrips : ISkiaStrips
{
    private const int StripHeight = 16;

    private readonly SKCodec _codec;
    private readonly SKBitmap _strip;
    private readonly int _height;

    /// <param name="codec">The image; its creator disposes it.</param>
    /// <param name="size">The size of the image, or the smaller size to decode.</param>
    /// <param name="colors">The target color space; null to leave the colors as stored.</param>
    /// <exception cref="ImageDecodeException">The image is damaged, or there is not enough memory for the strip.</exception>
    internal SkiaStrips(SKCodec codec, SKSizeI size, SKColorSpace? colors)
    {
        (_codec, _height) = (codec, size.Height);
        var info = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Opaque, colors);
        var result = codec.StartScanlineDecode(info);
        if (result != SKCodecResult.Success) Throw.ImageDamaged(ImageFormat.Jpeg, result.ToString());
        _strip = SkiaImageDecoder.Allocate(info.WithSize(size.Width, Math.Min(StripHeight, size.Height)));
    }

    public int Read(int top)
    {
        var rows = Math.Min(StripHeight, _height - top);
        return _codec.GetScanlines(_strip.GetPixels(), rows, _strip.RowBytes) < rows ? 0 : rows;
    }

    public Span<byte> Row(int row) => _strip.GetPixelSpan().Slice(row * _strip.RowBytes, 4 * _strip.Width);

    public void Dispose() => _strip.Dispose();
}
