using System.Diagnostics;
using NetVips;
using OnnxTransfer.Decoding;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Vips;

/// <summary>
/// One decode through libvips: load, bring to sRGB, pull rows. Everything runs on the calling thread: strips are
/// fetched through a region, because libvips' own writers hand the work to worker threads and copy the result.
/// </summary>
internal static class VipsPipeline
{
    /// <summary>Rows to a fetch: what libvips' sequential readers keep at hand.</summary>
    private const int StripHeight = 16;

    /// <summary>Decodes an image whose format is known and hands its rows to the sink.</summary>
    internal static void Decode(ReadOnlySpan<byte> encoded, ImageFormat format, DecodeOptions options, IRowSink sink)
    {
        VipsException? failure;
        bool isSuspicious;
        VipsErrors.Gate.EnterReadLock();
        try
        {
            failure = Run(encoded, format, options, sink, out isSuspicious);
        }
        finally
        {
            VipsErrors.Gate.ExitReadLock();
        }

        if (failure is not null || isSuspicious) Explain(encoded, format, options);
        // It did not happen again, yet the sink lacks rows. The words may be about another image.
        if (failure is not null) Throw.ImageDamaged(format, VipsErrors.FirstError(VipsErrors.TextOf(failure)), failure);
    }

    /// <summary>Runs a decode again, alone, and throws for what is wrong with the image, if anything is.</summary>
    private static void Explain(ReadOnlySpan<byte> encoded, ImageFormat format, DecodeOptions options)
    {
        VipsErrors.Gate.EnterWriteLock();
        try
        {
            _ = VipsErrors.TakeText();
            var failure = Run(encoded, format, options, NullSink.Instance, out _);
            if (failure is not null) Throw.ImageDamaged(format, VipsErrors.FirstError(VipsErrors.TextOf(failure)), failure);
            if (VipsErrors.FirstDamage(VipsErrors.TakeText()) is { } damage) Throw.ImageDamaged(format, damage);
        }
        finally
        {
            VipsErrors.Gate.ExitWriteLock();
        }
    }

    /// <summary>Decodes once.</summary>
    /// <returns>Why libvips gave up; null when it did not.</returns>
    private static VipsException? Run(ReadOnlySpan<byte> encoded, ImageFormat format, DecodeOptions options, IRowSink sink, out bool isSuspicious)
    {
        isSuspicious = false;
        VipsLog.BeginDecode();
        try
        {
            Read(encoded, format, options, sink);
            return null;
        }
        catch (VipsException exception)
        {
            return exception;
        }
        finally
        {
            // The readers are closed by now, and have said what they had to say.
            isSuspicious = VipsLog.EndDecode();
        }
    }

    private static void Read(ReadOnlySpan<byte> encoded, ImageFormat format, DecodeOptions options, IRowSink sink)
    {
        using var source = Source.NewFromMemory(encoded);
        var image = Load(source, format);
        try
        {
            DecodeChecks.Size(image.Width, image.Height, format, options);
            DecodeChecks.Frames(Number(image, "n-pages"), options);
            var orientation = OrientationOf(image, format, encoded);
            if (format == ImageFormat.Jpeg && options.JpegShrink != JpegShrink.None
                && sink.Shrink(image.Width, image.Height, orientation, options.JpegShrink) is > 1 and var shrink)
            {
                image.Dispose();
                image = Load(source, format, shrink);
            }

            ReadRows(image, format, orientation, options, sink);
        }
        finally
        {
            image.Dispose();
        }
    }

    private static void ReadRows(Image image, ImageFormat format, Orientation orientation, DecodeOptions options, IRowSink sink)
    {
        var start = Stopwatch.GetTimestamp();
        var (converted, profile) = VipsColours.ToSrgb(image, format);
        using var srgb = converted;
        var (width, height, channels) = (srgb.Width, srgb.Height, srgb.Bands);
        if (channels > 4) Throw.ImageColoursNotSupported(format, channels);

        sink.Begin(width, height, orientation);
        using var scratch = new ScratchBytes(channels == 3 ? 0 : 3 * width);
        var rgb = scratch.Span;
        using var region = Region.New(srgb);
        for (var top = 0; top < height; top += StripHeight)
        {
            var rows = Math.Min(StripHeight, height - top);
            using var strip = VipsStrip.Fetch(region, top, width, rows, channels);
            for (var row = 0; row < rows; row++)
            {
                var stored = strip.Bytes.Slice(row * width * channels, width * channels);
                profile?.ToSrgb(stored, channels);
                if (channels != 3) RowConverter.ToRgb(stored, channels, rgb, options.Background);
                sink.Row(top + row, channels == 3 ? stored : rgb);
            }

            DecodeChecks.Time(start, options);
        }
    }

    /// <summary>Opens the header; pixels are decoded when a strip asks for them.</summary>
    /// <exception cref="VipsException">The header is not sound.</exception>
    private static Image Load(Source source, ImageFormat format, int? shrink = null) => format switch
    {
        ImageFormat.Jpeg => Image.JpegloadSource(source, shrink: shrink, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error),
        ImageFormat.Png => Image.PngloadSource(source, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error),
        ImageFormat.Gif => Image.GifloadSource(source, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error),
        ImageFormat.Webp => Image.WebploadSource(source, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error),
        ImageFormat.Tiff => Image.TiffloadSource(source, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error),
        _ => Image.HeifloadSource(source, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error),
    };

    /// <summary>What makes the image upright. Of PNG files libvips passes over some that SkiaSharp's decoder here does not, so both ask the same code.</summary>
    private static Orientation OrientationOf(Image image, ImageFormat format, ReadOnlySpan<byte> encoded)
    {
        if (format == ImageFormat.Png) return PngChunks.Orientation(encoded);
        return Number(image, "orientation") is >= 1 and <= 8 and var value ? (Orientation)value : Orientation.Upright;
    }

    /// <summary>A number from the header; 1 where it is not there.</summary>
    private static int Number(Image image, string field) => image.Contains(field) && image.Get(field) is int number ? number : 1;

    private sealed class NullSink : IRowSink
    {
        internal static readonly NullSink Instance = new();

        public int Shrink(int width, int height, Orientation orientation, JpegShrink shrink) => 1;

        public void Begin(int width, int height, Orientation orientation)
        {
        }

        public void Row(int y, ReadOnlySpan<byte> rgb)
        {
        }
    }
}
