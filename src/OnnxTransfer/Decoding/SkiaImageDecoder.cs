using System.Diagnostics;
using System.Reflection;
using OnnxTransfer.Internals;
using SkiaSharp;

namespace OnnxTransfer.Decoding;

/// <summary>
/// Decodes JPEG, PNG, WebP and GIF with SkiaSharp and BMP by this library itself, and hands the other formats to the decoders
/// that are registered for them. Of an animation the first frame is taken.
/// </summary>
/// <param name="others">The decoders of TIFF, AVIF and HEIC.</param>
internal sealed class SkiaImageDecoder(DecoderRegistry others) : IRowDecoder
{
    private const int StripHeight = 16;

    private static readonly SKColorSpace s_srgb = SKColorSpace.CreateSrgb();

    /// <inheritdoc/>
    public string Name { get; } = $"SkiaSharp {Version()}";

    /// <inheritdoc/>
    public PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null)
    {
        using var sink = new PixelBufferSink();
        ((IRowDecoder)this).DecodeRows(encoded, options ?? DecodeOptions.Default, sink);
        return sink.Take();
    }

    void IRowDecoder.DecodeRows(ReadOnlySpan<byte> encoded, DecodeOptions options, IRowSink sink)
    {
        var start = Stopwatch.GetTimestamp();
        var format = DecodeChecks.Format(encoded, options);
        switch (format)
        {
            // Skia ignores the alpha channel of most bitmaps.
            case ImageFormat.Bmp:
                BmpReader.Decode(encoded, options, sink);
                break;
            case var _ when Knows(format):
                DecodeBySkia(encoded, format, start, options, sink);
                break;
            // Not even asked of Skia, which would look for a raw photo in a TIFF file.
            default:
                others.DecodeRows(this, format, encoded, options, sink);
                break;
        }
    }

    int IRowDecoder.RowsHeld => 100;

    IImageDecoder? IRowDecoder.HandsTo(ImageFormat format) => Knows(format) ? null : others.Find(format);

    /// <summary>Whether this decoder reads a format itself.</summary>
    internal static bool Knows(ImageFormat format) =>
        format is ImageFormat.Jpeg or ImageFormat.Png or ImageFormat.Webp or ImageFormat.Gif or ImageFormat.Bmp;

    /// <summary>The pixels of a bitmap of any colour type, as <see cref="Decode"/> gives them.</summary>
    /// <exception cref="ImageDecodeException">The bitmap has no pixels, or Skia cannot convert them.</exception>
    internal static PixelBuffer ToPixels(SKBitmap bitmap, DecodeOptions options)
    {
        using var source = bitmap.PeekPixels();
        if (source is null) Throw.BitmapHasNoPixels();
        using var converted = Allocate(new SKImageInfo(bitmap.Width, bitmap.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, s_srgb));
        if (!source.ReadPixels(converted.Info, converted.GetPixels(), converted.RowBytes)) Throw.BitmapHasNoPixels();
        using var sink = new PixelBufferSink();
        sink.Begin(bitmap.Width, bitmap.Height, Orientation.Upright);
        using var scratch = new ScratchBytes(3 * bitmap.Width);
        WriteRows(converted, 0, bitmap.Height, scratch.Span, options, sink);
        return sink.Take();
    }

    private static void DecodeBySkia(ReadOnlySpan<byte> encoded, ImageFormat format, long start, DecodeOptions options, IRowSink sink)
    {
        using var data = SKData.CreateCopy(encoded);
        using var codec = SKCodec.Create(data);
        if (codec is null) Throw.ImageDamaged(format, null);
        DecodeChecks.Size(codec.Info.Width, codec.Info.Height, format, options);
        DecodeChecks.Frames(codec.FrameCount, options);

        // Skia numbers origins as EXIF does.
        var orientation = format == ImageFormat.Png ? PngChunks.Orientation(encoded) : (Orientation)codec.EncodedOrigin;
        var colours = format == ImageFormat.Png && !PngChunks.HasProfile(encoded) ? null : s_srgb;
        if (format == ImageFormat.Jpeg) DecodeStrips(codec, orientation, start, options, sink);
        else DecodeWhole(codec, format, orientation, colours, start, options, sink);
    }

    /// <summary>JPEG comes in strips, so that nobody needs memory for the whole image.</summary>
    private static void DecodeStrips(SKCodec codec, Orientation orientation, long start, DecodeOptions options, IRowSink sink)
    {
        var size = codec.Info.Size;
        if (options.JpegShrink != JpegShrink.None && sink.Shrink(size.Width, size.Height, orientation, options.JpegShrink) is > 1 and var factor)
            size = codec.GetScaledDimensions(1f / factor);

        var result = codec.StartScanlineDecode(Target(codec, size.Width, size.Height, s_srgb));
        if (result != SKCodecResult.Success) Throw.ImageDamaged(ImageFormat.Jpeg, result.ToString());
        using var strip = Allocate(Target(codec, size.Width, Math.Min(StripHeight, size.Height), s_srgb));
        using var scratch = new ScratchBytes(3 * size.Width);
        sink.Begin(size.Width, size.Height, orientation);
        for (var top = 0; top < size.Height; top += StripHeight)
        {
            var rows = Math.Min(StripHeight, size.Height - top);
            var read = codec.GetScanlines(strip.GetPixels(), rows, strip.RowBytes);
            if (read < rows) Throw.ImageDamaged(ImageFormat.Jpeg, $"it ends in row {top + read} of {size.Height}");
            WriteRows(strip, top, rows, scratch.Span, options, sink);
            DecodeChecks.Time(start, options);
        }
    }

    /// <summary>The other formats Skia gives at once or not at all.</summary>
    private static void DecodeWhole(
        SKCodec codec, ImageFormat format, Orientation orientation, SKColorSpace? colours, long start, DecodeOptions options, IRowSink sink)
    {
        using var bitmap = Allocate(Target(codec, codec.Info.Width, codec.Info.Height, colours));
        var result = codec.GetPixels(bitmap.Info, bitmap.GetPixels());
        DecodeChecks.Time(start, options);
        if (result != SKCodecResult.Success) Throw.ImageDamaged(format, result.ToString());
        sink.Begin(bitmap.Width, bitmap.Height, orientation);
        using var scratch = new ScratchBytes(3 * bitmap.Width);
        WriteRows(bitmap, 0, bitmap.Height, scratch.Span, options, sink);
    }

    /// <summary>Not premultiplied, so that both decoders composite alpha with the same arithmetic.</summary>
    /// <param name="codec">The image.</param>
    /// <param name="width">Pixels of a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="colours">What to convert the colours to; null to leave them as they are stored.</param>
    private static SKImageInfo Target(SKCodec codec, int width, int height, SKColorSpace? colours) =>
        new(width, height, SKColorType.Rgba8888, codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul, colours);

    private static SKBitmap Allocate(SKImageInfo info)
    {
        var bitmap = new SKBitmap();
        if (bitmap.TryAllocPixels(info)) return bitmap;
        bitmap.Dispose();
        Throw.ImageOutOfMemory(info.Width, info.Height);
        return bitmap;
    }

    /// <summary>Hands on the first rows of a bitmap as RGB over the background, by way of memory for one row.</summary>
    private static void WriteRows(SKBitmap bitmap, int top, int count, Span<byte> rgb, DecodeOptions options, IRowSink sink)
    {
        var pixels = bitmap.GetPixelSpan();
        var opaque = bitmap.AlphaType == SKAlphaType.Opaque;
        for (var y = 0; y < count; y++)
        {
            var rgba = pixels.Slice(y * bitmap.RowBytes, 4 * bitmap.Width);
            if (opaque) RowConverter.DropAlpha(rgba, rgb);
            else RowConverter.ToRgb(rgba, 4, rgb, options.Background);
            sink.Row(top + y, rgb);
        }
    }

    /// <summary>The package's version; that of the assembly stays the same within a minor version.</summary>
    private static string Version() =>
        typeof(SKCodec).Assembly.GetCustomAttribute<AssemblyFileVersionAttribute>() is { } file && System.Version.TryParse(file.Version, out var version)
            ? version.ToString(3)
            : typeof(SKCodec).Assembly.GetName().Version!.ToString(3);
}
