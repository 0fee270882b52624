using System.Diagnostics;
using NetVips;
using OnnxTransfer.Decoding;
using OnnxTransfer.Decoding.Containers;

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
    internal static void Decode(in CodecInput input, ImageFormat format, DecodeOptions options, IRowSink sink)
    {
        VipsException? failure;
        bool isSuspicious;
        VipsErrors.Gate.EnterReadLock();
        try
        {
            failure = Run(input, format, options, sink, out isSuspicious);
        }
        finally
        {
            VipsErrors.Gate.ExitReadLock();
        }

        if (failure is not null)
        {
            Explain(input, format, options);
        }
        else if (isSuspicious && format == ImageFormat.Jpeg && input.Damage is null)
        {
            // Most warnings mean nothing; what is wrong, and whether too much, one judge decides for every decoder.
            DecodeChecks.Damage(CodecInput.JudgeJpeg(input.Bytes), format, options, sink);
        }

        // It did not happen again, yet the sink lacks rows. The words may be about another image.
        if (failure is not null) Throw.ImageDamaged(format, VipsErrors.FirstError(VipsErrors.TextOf(failure)), failure);
    }

    /// <summary>Runs a decode again, alone, and throws for what is wrong with the image, if anything is.</summary>
    private static void Explain(in CodecInput input, ImageFormat format, DecodeOptions options)
    {
        VipsErrors.Gate.EnterWriteLock();
        try
        {
            _ = VipsErrors.TakeText();
            var failure = Run(input, format, options, NullSink.Instance, out _);
            if (failure is not null) Throw.ImageDamaged(format, VipsErrors.FirstError(VipsErrors.TextOf(failure)), failure);
        }
        finally
        {
            VipsErrors.Gate.ExitWriteLock();
        }
    }

    /// <summary>Decodes once.</summary>
    /// <returns>Why libvips gave up; null when it did not.</returns>
    private static VipsException? Run(in CodecInput input, ImageFormat format, DecodeOptions options, IRowSink sink, out bool isSuspicious)
    {
        isSuspicious = false;
        VipsLog.BeginDecode();
        try
        {
            Read(input, format, options, sink);
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

    private static void Read(in CodecInput input, ImageFormat format, DecodeOptions options, IRowSink sink)
    {
        using var source = Source.NewFromMemory(input.Bytes);
        var image = Load(source, format);
        try
        {
            DecodeChecks.Size(image.Width, image.Height, format, options);
            // The header of the other formats is counted before they come here.
            if (format == ImageFormat.Avif) DecodeChecks.Frames(Number(image, "n-pages"), options);
            if (format == ImageFormat.Jpeg && options.JpegShrink != JpegShrink.None
                && sink.Shrink(image.Width, image.Height, input.Orientation, options.JpegShrink) is > 1 and var shrink)
            {
                image.Dispose();
                image = Load(source, format, shrink);
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
            // The rows come once and in order, so the image is decoded twice instead of being held.
            using var first = Load(source, format);
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

    /// <summary>Pulls the rows, strip by strip.</summary>
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

    /// <summary>A number from the header; 1 where it is not there.</summary>
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
