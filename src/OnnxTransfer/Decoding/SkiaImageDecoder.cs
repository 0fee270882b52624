using System.Diagnostics;
using OnnxTransfer.Internals;
using SkiaSharp;

namespace OnnxTransfer.Decoding;

/// <summary>
/// Decodes JPEG, PNG, WebP, GIF and BMP with SkiaSharp, and whatever else its native library was built for. Of an
/// animation the first frame is taken.
/// </summary>
internal sealed class SkiaImageDecoder : IImageDecoder
{
    private static readonly SKColorSpace s_srgb = SKColorSpace.CreateSrgb();

    /// <inheritdoc/>
    public string Name { get; } = $"SkiaSharp {typeof(SKCodec).Assembly.GetName().Version?.ToString(3)}";

    /// <inheritdoc/>
    public PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null)
    {
        options ??= DecodeOptions.Default;
        var start = Stopwatch.GetTimestamp();
        var format = DecodeChecks.Format(encoded, options);
        using var data = SKData.CreateCopy(encoded);
        using var codec = SKCodec.Create(data);
        if (codec is null && format is ImageFormat.Tiff or ImageFormat.Avif or ImageFormat.Heic) Throw.ImageFormatNotSupported(format, Name);
        if (codec is null) Throw.ImageDamaged(format, null);

        var (width, height) = (codec.Info.Width, codec.Info.Height);
        DecodeChecks.Size(width, height, format, options);
        DecodeChecks.Frames(codec.FrameCount, options);

        // Not premultiplied, so that both decoders composite alpha with the same arithmetic.
        var info = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul, s_srgb);
        using var bitmap = new SKBitmap();
        if (!bitmap.TryAllocPixels(info)) Throw.ImageOutOfMemory(width, height);
        var result = codec.GetPixels(info, bitmap.GetPixels());
        DecodeChecks.Time(start, options);
        if (result != SKCodecResult.Success) Throw.ImageDamaged(format, result.ToString());

        // Skia numbers origins as EXIF does.
        return ToRgb(bitmap, (Orientation)codec.EncodedOrigin, options);
    }

    /// <summary>The pixels of a bitmap of any colour type, as <see cref="Decode"/> gives them.</summary>
    /// <exception cref="ImageDecodeException">The bitmap has no pixels, or Skia cannot convert them.</exception>
    internal static PixelBuffer ToPixels(SKBitmap bitmap, DecodeOptions options)
    {
        using var source = bitmap.PeekPixels();
        if (source is null) Throw.BitmapHasNoPixels();
        using var converted = new SKBitmap();
        var info = new SKImageInfo(bitmap.Width, bitmap.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, s_srgb);
        if (!converted.TryAllocPixels(info)) Throw.ImageOutOfMemory(bitmap.Width, bitmap.Height);
        if (!source.ReadPixels(info, converted.GetPixels(), converted.RowBytes)) Throw.BitmapHasNoPixels();
        return ToRgb(converted, Orientation.Upright, options);
    }

    /// <summary>From RGBA that is not premultiplied to upright RGB over the background.</summary>
    private static PixelBuffer ToRgb(SKBitmap bitmap, Orientation orientation, DecodeOptions options)
    {
        using var sink = new PixelBufferSink();
        sink.Begin(bitmap.Width, bitmap.Height, orientation);
        var row = new byte[3 * bitmap.Width];
        for (var y = 0; y < bitmap.Height; y++)
        {
            RowConverter.ToRgb(bitmap.GetPixelSpan().Slice(y * bitmap.RowBytes, 4 * bitmap.Width), 4, row, options.Background);
            sink.Row(y, row);
        }

        return sink.Take();
    }
}
