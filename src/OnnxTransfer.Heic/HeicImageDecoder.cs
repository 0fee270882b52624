using System.Diagnostics;
using System.Reflection;
using ImageMagick;
using OnnxTransfer.Decoding;

namespace OnnxTransfer.Heic;

/// <inheritdoc cref="HeicDecoder"/>
internal sealed class HeicImageDecoder : IRowDecoder
{
    /// <summary>The most bytes of a strip of rows: below the size at which .NET uses its large object heap.</summary>
    private const int StripBytes = 80_000;

    /// <summary>The version of the native library, which is in the same package, so reading it loads nothing.</summary>
    public string Name => field ??= $"Magick.NET {Version()}";

    /// <inheritdoc/>
    public PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null)
    {
        using var sink = new PixelBufferSink();
        DecodeRows(encoded, options ?? DecodeOptions.Default, sink);
        return sink.Take();
    }

    public void DecodeRows(ReadOnlySpan<byte> encoded, DecodeOptions options, IRowSink sink)
    {
        var start = Stopwatch.GetTimestamp();
        var format = DecodeChecks.Format(encoded, options);
        if (format != ImageFormat.Heic) throw HeicErrors.NotHeic(format);
        DecodeChecks.Damage(HeicUnits.AreDamaged(encoded) ? "parts of the picture are wrong" : null, format, options, sink);
        HeicLibrary.Start();
        try
        {
            using var file = HeicFile.Write(encoded);
            CheckHeader(file.Path, options);
            // EXIF does not count: a HEIC file states its orientation in its own property, and libheif has applied it.
            using var image = new MagickImage(file.Path, Settings(onlyFirst: true));
            DecodeChecks.Time(start, options);
            WriteRows(image, options, sink);
            DecodeChecks.Time(start, options);
        }
        catch (MagickResourceLimitErrorException exception)
        {
            throw HeicErrors.LimitReached(exception);
        }
        catch (MagickPolicyErrorException exception)
        {
            throw HeicErrors.NotAllowed(exception);
        }
        catch (MagickException exception)
        {
            Throw.ImageDamaged(ImageFormat.Heic, HeicErrors.Reason(exception), exception);
        }
    }

    public int RowsHeld => 100;

    public IImageDecoder? HandsTo(ImageFormat format) => null;

    /// <summary>Reads only the header of each picture in the file.</summary>
    private static void CheckHeader(string path, DecodeOptions options)
    {
        using var headers = new MagickImageCollection();
        headers.Ping(path, Settings(onlyFirst: false));
        DecodeChecks.Frames(headers.Count, options);
        DecodeChecks.Size(headers[0].Width, headers[0].Height, ImageFormat.Heic, options);
    }

    /// <summary>
    /// Naming the format keeps ImageMagick from guessing it from the bytes or the name, so no other reader sees the file.
    /// </summary>
    private static MagickReadSettings Settings(bool onlyFirst) => new()
    {
        Format = MagickFormat.Heic,
        FrameIndex = onlyFirst ? 0 : null,
        FrameCount = onlyFirst ? 1 : null,
    };

    private static void WriteRows(MagickImage image, DecodeOptions options, IRowSink sink)
    {
        var (width, height, channels) = ((int)image.Width, (int)image.Height, image.HasAlpha ? 4 : 3);
        // ImageMagick gives RGB for gray files too.
        var layout = new SampleLayout(3, channels, image.HasAlpha ? 3 : 0, IsDeep: false);
        using var converter = new RowConverter(layout, width, image.GetColorProfile()?.ToByteArray() ?? [], options, mayBeGray: true);
        sink.Begin(width, height, Decoding.Orientation.Upright);
        using var pixels = image.GetPixelsUnsafe();
        var stripHeight = Math.Max(1, StripBytes / (channels * width));
        for (var top = 0; top < height; top += stripHeight)
        {
            var rows = Math.Min(stripHeight, height - top);
            var strip = pixels.ToByteArray(0, top, (uint)width, (uint)rows, channels == 3 ? "RGB" : "RGBA");
            if (strip is null || strip.Length != width * rows * channels)
                Throw.ImageDamaged(ImageFormat.Heic, $"rows {top} to {top + rows - 1} could not be read");
            for (var row = 0; row < rows; row++) sink.Row(top + row, converter.Convert(strip.AsSpan(row * width * channels, width * channels)));
        }
    }

    private static string Version() =>
        typeof(MagickNET).Assembly.GetCustomAttribute<AssemblyFileVersionAttribute>() is { } file && System.Version.TryParse(file.Version, out var version)
            ? version.ToString(3)
            : typeof(MagickNET).Assembly.GetName().Version!.ToString(3);
}
