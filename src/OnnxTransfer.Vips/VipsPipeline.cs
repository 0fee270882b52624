using System.Diagnostics;
using NetVips;
using OnnxTransfer.Decoding;
using OnnxTransfer.Decoding.Containers;

namespace OnnxTransfer.Vips;

/// <summary>
/// One decode with libvips: load, convert to sRGB, pull rows. Everything runs on the calling thread. Strips are fetched through a region,
/// because the writers of libvips give the work to worker threads and copy the result.
/// </summary>
internal static class VipsPipeline
{
    /// <summary>Rows per fetch: the number that the sequential readers of libvips keep in memory.</summary>
    private const int StripHeight = 16;

    // The failures on all threads so far. A failure empties the text of warnings that other threads have not logged yet.
    private static int s_failures;

    /// <summary>Decodes an image of a known format and passes its rows to the sink.</summary>
    internal static void Decode(in CodecInput input, ImageFormat format, DecodeOptions options, IRowSink sink)
    {
        VipsException? failure;
        VipsWarning warning;
        var failures = Volatile.Read(ref s_failures);
        VipsErrors.Gate.EnterReadLock();
        try
        {
            failure = Run(input, format, options, sink, out warning);
        }
        finally
        {
            VipsErrors.Gate.ExitReadLock();
        }

        if (failure is not null)
        {
            _ = RunAlone(input, format, options);
            // The error did not occur again, yet the sink lacks rows. The message may be about another image.
            Throw.ImageDamaged(format, VipsErrors.FirstError(VipsErrors.TextOf(failure)), failure);
        }

        if (warning == VipsWarning.None || input.Damage is not null) return;
        // The messages of libjpeg differ between versions, so one check decides for every decoder what is damaged and whether it is too much.
        if (format == ImageFormat.Jpeg) DecodeChecks.Damage(CodecInput.JudgeJpeg(input.Bytes), format, options, sink);
        else if (warning == VipsWarning.OfDamage || (Volatile.Read(ref s_failures) != failures && RunAlone(input, format, options) == VipsWarning.OfDamage))
            DecodeChecks.Damage("parts of the picture are wrong", format, options, sink);
    }

    /// <summary>Runs a decode again, with the error buffer to itself, so that every word of libvips is about this image.</summary>
    /// <returns>What it warns of.</returns>
    /// <exception cref="ImageDecodeException">The decode fails.</exception>
    private static VipsWarning RunAlone(in CodecInput input, ImageFormat format, DecodeOptions options)
    {
        VipsErrors.Gate.EnterWriteLock();
        try
        {
            _ = VipsErrors.TakeText();
            var failure = Run(input, format, options, NullSink.Instance, out var warning);
            if (failure is not null) Throw.ImageDamaged(format, VipsErrors.FirstError(VipsErrors.TextOf(failure)), failure);
            return warning;
        }
        finally
        {
            VipsErrors.Gate.ExitWriteLock();
        }
    }

    /// <summary>Decodes once.</summary>
    /// <returns>The error that stopped libvips; null if it finished.</returns>
    private static VipsException? Run(in CodecInput input, ImageFormat format, DecodeOptions options, IRowSink sink, out VipsWarning warning)
    {
        warning = VipsWarning.None;
        VipsLog.BeginDecode();
        try
        {
            Read(input, format, options, sink);
            return null;
        }
        catch (VipsException exception)
        {
            Interlocked.Increment(ref s_failures);
            return exception;
        }
        finally
        {
            // The readers are closed by now, and have logged their warnings.
            warning = VipsLog.EndDecode();
        }
    }

    private static void Read(in CodecInput input, ImageFormat format, DecodeOptions options, IRowSink sink)
    {
        using var source = Source.NewFromMemory(input.Bytes);
        var image = Load(source, format, input.Bytes);
        try
        {
            DecodeChecks.Size(image.Width, image.Height, format, options);
            // The frames of the other formats were counted before they came here.
            if (format == ImageFormat.Avif) DecodeChecks.Frames(Number(image, "n-pages"), options);
            if (format == ImageFormat.Jpeg && options.JpegShrink != JpegShrink.None
                && sink.Shrink(image.Width, image.Height, input.Orientation, options.JpegShrink) is > 1 and var shrink)
            {
                image.Dispose();
                image = Load(source, format, input.Bytes, shrink);
            }

            ReadRows(image, source, format, input, options, sink);
        }
        finally
        {
            image.Dispose();
        }
    }

    private static void ReadRows(Image image, Source source, ImageFormat format, in CodecInput input, DecodeOptions options, IRowSink sink)
    {
        var encoded = input.Bytes;
        var start = Stopwatch.GetTimestamp();
        var layout = VipsColors.Layout(image, format, encoded);
        var isInverted = VipsColors.IsInverted(layout, format, encoded);
        SampleRange? range = null;
        var isDeepInFile = layout.IsDeep && (format is ImageFormat.Png or ImageFormat.Tiff);
        if (options.Levels == SampleLevels.Data && isDeepInFile)
        {
            // The rows come once and in order, so the image is decoded twice; this avoids holding it in memory.
            using var first = Load(source, format, encoded);
            range = new SampleRange();
            ForEachRow(first, layout, start, options, (_, row) => range.Add(row, layout));
        }

        var (width, height) = (image.Width, image.Height);
        using var converter = new RowConverter(layout, width, VipsColors.Profile(image, format, encoded), options, range, mayBeGray: format == ImageFormat.Avif) { IsDeepInFile = isDeepInFile };
        sink.Begin(width, height, input.Orientation);
        ForEachRow(image, layout, start, options, (y, row) =>
        {
            if (isInverted) Invert(row);
            sink.Row(y, converter.Convert(row));
        });
        if (converter.Warning is { } warning) DecodeChecks.Warn(warning, options, sink);
    }

    /// <summary>Pulls the rows, one strip after the other.</summary>
    private static void ForEachRow(Image image, SampleLayout layout, long start, DecodeOptions options, Action<int, Span<byte>> act)
    {
        using var region = Region.New(image);
        var rowBytes = image.Width * layout.PixelBytes;
        for (var top = 0; top < image.Height; top += StripHeight)
        {
            var rows = Math.Min(StripHeight, image.Height - top);
            using var strip = VipsStrip.Fetch(region, top, image.Width, rows, layout.PixelBytes);
            for (var row = 0; row < rows; row++) act(top + row, strip.Bytes.Slice(row * rowBytes, rowBytes));
            DecodeChecks.Time(start, options);
        }
    }

    private static void Invert(Span<byte> samples)
    {
        foreach (ref var sample in samples) sample = (byte)~sample;
    }

    /// <summary>Opens the header. The pixels are decoded when a strip is fetched.</summary>
    /// <exception cref="VipsException">The header is invalid.</exception>
    private static Image Load(Source source, ImageFormat format, ReadOnlySpan<byte> encoded, int? shrink = null) => format switch
    {
        ImageFormat.Jpeg => Image.JpegloadSource(source, shrink: shrink, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error),
        ImageFormat.Png => Image.PngloadSource(source, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error),
        ImageFormat.Gif => Image.GifloadSource(source, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error),
        ImageFormat.Webp => Image.WebploadSource(source, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error),
        // A tile that cannot be read is black and no error below the level of warnings, at which strips would fail for an unknown tag.
        ImageFormat.Tiff => Image.TiffloadSource(source, access: Enums.Access.Sequential, failOn: new TiffHeader(encoded).IsTiled ? Enums.FailOn.Warning : Enums.FailOn.Error),
        _ => Image.HeifloadSource(source, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error),
    };

    /// <summary>A number from the header; 1 if it is missing.</summary>
    private static int Number(Image image, string field) => image.Contains(field) && image.Get(field) is int number ? number : 1;

    private sealed class NullSink : IRowSink
    {
        internal static readonly NullSink Instance = new();

        public int Shrink(int width, int height, Orientation orientation, JpegShrink shrink) => 1;

        public void Begin(int width, int height, Orientation orientation)
        {
        }

        public void Warn(string warning)
        {
        }

        public void Row(int y, ReadOnlySpan<byte> rgb)
        {
        }
    }
}
