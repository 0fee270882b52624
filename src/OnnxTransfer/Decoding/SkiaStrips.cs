using OnnxTransfer.Internals;
using SkiaSharp;

namespace OnnxTransfer.Decoding;

/// <summary>The rows of a JPEG image from top to bottom, a strip at a time, as RGB with a fourth byte.</summary>
internal sealed class SkiaStrips : IDisposable
{
    internal const int StripHeight = 16;

    private readonly SKCodec _codec;
    private readonly SKBitmap _strip;

    /// <param name="codec">The image; whoever made it disposes it.</param>
    /// <param name="size">Its size, or the fraction to decode it at.</param>
    /// <param name="colours">What to convert the colours to; null to leave them as they are stored.</param>
    /// <exception cref="ImageDecodeException">The image is damaged, or there is no memory for the strip.</exception>
    internal SkiaStrips(SKCodec codec, SKSizeI size, SKColorSpace? colours)
    {
        (_codec, Width, Height) = (codec, size.Width, size.Height);
        var info = new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque, colours);
        var result = codec.StartScanlineDecode(info);
        if (result != SKCodecResult.Success) Throw.ImageDamaged(ImageFormat.Jpeg, result.ToString());
        _strip = SkiaImageDecoder.Allocate(info.WithSize(Width, Math.Min(StripHeight, Height)));
    }

    internal int Width { get; }

    internal int Height { get; }

    /// <summary>Reads the next strip.</summary>
    /// <returns>The number of its rows.</returns>
    /// <exception cref="ImageDecodeException">The file ends before the strip does.</exception>
    internal int Read(int top)
    {
        var rows = Math.Min(StripHeight, Height - top);
        var read = _codec.GetScanlines(_strip.GetPixels(), rows, _strip.RowBytes);
        if (read < rows) Throw.ImageDamaged(ImageFormat.Jpeg, $"it ends in row {top + read} of {Height}");
        return rows;
    }

    /// <summary>A row of the strip, <c>[W,4]</c>; may be changed.</summary>
    internal Span<byte> Row(int row) => _strip.GetPixelSpan().Slice(row * _strip.RowBytes, 4 * Width);

    public void Dispose() => _strip.Dispose();
}
