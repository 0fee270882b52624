using System.Buffers;
using System.Diagnostics;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Decoding.Interop;

/// <summary>
/// One decode through libvips: load, bring to sRGB, pull rows. Everything runs on the calling thread: strips are
/// fetched through a region, because libvips' own writers hand the work to worker threads and copy the result.
/// </summary>
internal static unsafe class VipsPipeline
{
    /// <summary>Rows to a fetch: what libvips' sequential readers keep at hand.</summary>
    private const int StripHeight = 16;

    /// <summary>Decodes an image whose format is known and hands its rows to the sink.</summary>
    internal static void Decode(ReadOnlySpan<byte> encoded, ImageFormat format, DecodeOptions options, IRowSink sink)
    {
        bool complete, suspicious;
        VipsErrors.Gate.EnterReadLock();
        try
        {
            complete = Run(encoded, format, options, sink, out suspicious);
        }
        finally
        {
            VipsErrors.Gate.ExitReadLock();
        }

        if (!complete || suspicious) Explain(encoded, format, options);
    }

    /// <summary>Runs a decode again, alone, and throws for what is wrong with the image, if anything is.</summary>
    private static void Explain(ReadOnlySpan<byte> encoded, ImageFormat format, DecodeOptions options)
    {
        VipsErrors.Gate.EnterWriteLock();
        try
        {
            VipsNative.vips_error_clear();
            var complete = Run(encoded, format, options, NullSink.Instance, out _);
            var text = VipsErrors.TakeText();
            if (!complete && VipsErrors.TellsOfMissingCodec(text)) Throw.ImageFormatNotSupported(format, $"libvips {VipsLibrary.Version}");
            if (!complete) Throw.ImageDamaged(format, VipsErrors.FirstError(text));
            if (VipsErrors.FirstDamage(text) is { } damage) Throw.ImageDamaged(format, damage);
        }
        finally
        {
            VipsErrors.Gate.ExitWriteLock();
        }
    }

    /// <summary>Decodes once; false when libvips gave up.</summary>
    private static bool Run(ReadOnlySpan<byte> encoded, ImageFormat format, DecodeOptions options, IRowSink sink, out bool suspicious)
    {
        suspicious = false;
        VipsErrors.BeginDecode();
        try
        {
            return Read(encoded, format, options, sink);
        }
        finally
        {
            // The readers are closed by now, and have said what they had to say.
            suspicious = VipsErrors.EndDecode();
        }
    }

    private static bool Read(ReadOnlySpan<byte> encoded, ImageFormat format, DecodeOptions options, IRowSink sink)
    {
        // libvips reads the bytes where they are, until the last reference to the source is gone.
        fixed (byte* data = encoded)
        {
            var source = VipsNative.vips_source_new_from_memory(data, (nuint)encoded.Length);
            nint image = 0;
            try
            {
                image = Load(source, format, shrink: 1);
                if (image == 0) return false;
                var orientation = CheckHeader(image, format, options);
                var shrink = format == ImageFormat.Jpeg && options.JpegShrink != JpegShrink.None
                    ? sink.Shrink(VipsNative.vips_image_get_width(image), VipsNative.vips_image_get_height(image), orientation, options.JpegShrink)
                    : 1;
                if (shrink > 1)
                {
                    VipsNative.g_object_unref(image);
                    image = Load(source, format, shrink);
                    if (image == 0) return false;
                }

                return ReadRows(ref image, format, orientation, options, sink);
            }
            finally
            {
                if (image != 0) VipsNative.g_object_unref(image);
                VipsNative.g_object_unref(source);
            }
        }
    }

    private static Orientation CheckHeader(nint image, ImageFormat format, DecodeOptions options)
    {
        DecodeChecks.Size(VipsNative.vips_image_get_width(image), VipsNative.vips_image_get_height(image), format, options);
        DecodeChecks.Frames(VipsNative.vips_image_get_n_pages(image), options);
        return (Orientation)VipsNative.vips_image_get_orientation(image);
    }

    private static bool ReadRows(ref nint image, ImageFormat format, Orientation orientation, DecodeOptions options, IRowSink sink)
    {
        var start = Stopwatch.GetTimestamp();
        var width = VipsNative.vips_image_get_width(image);
        var height = VipsNative.vips_image_get_height(image);
        var profile = BringToSrgb(ref image, format);
        var channels = VipsNative.vips_image_get_bands(image);
        if (channels > 4) Throw.ImageColoursNotSupported(format, channels);

        sink.Begin(width, height, orientation);
        var converted = channels == 3 ? null : ArrayPool<byte>.Shared.Rent(3 * width);
        var region = VipsNative.vips_region_new(image);
        try
        {
            for (var top = 0; top < height; top += StripHeight)
            {
                var rows = Math.Min(StripHeight, height - top);
                if (!ReadStrip(region, width, top, rows, channels, profile, converted, options.Background, sink)) return false;
                DecodeChecks.Time(start, options);
            }

            return true;
        }
        finally
        {
            VipsNative.g_object_unref(region);
            if (converted is not null) ArrayPool<byte>.Shared.Return(converted);
        }
    }

    private static bool ReadStrip(
        nint region, int width, int top, int rows, int channels, IccProfile? profile, byte[]? converted, (byte R, byte G, byte B) background, IRowSink sink)
    {
        nuint length;
        var pixels = VipsNative.vips_region_fetch(region, 0, top, width, rows, &length);
        if (pixels is null) return false;
        try
        {
            var stride = width * channels;
            for (var row = 0; row < rows; row++)
            {
                var stored = new Span<byte>(pixels + ((long)row * stride), stride);
                profile?.ToSrgb(stored, channels);
                if (converted is not null)
                {
                    var rgb = converted.AsSpan(0, 3 * width);
                    RowConverter.ToRgb(stored, channels, rgb, background);
                    stored = rgb;
                }

                sink.Row(top + row, stored);
            }

            return true;
        }
        finally
        {
            VipsNative.g_free(pixels);
        }
    }

    /// <summary>Opens the header; pixels are decoded when a strip asks for them. Zero when it is not sound.</summary>
    private static nint Load(nint source, ImageFormat format, int shrink)
    {
        using var load = VipsOperation.New(format switch
        {
            ImageFormat.Jpeg => "jpegload_source"u8,
            ImageFormat.Png => "pngload_source"u8,
            ImageFormat.Gif => "gifload_source"u8,
            ImageFormat.Webp => "webpload_source"u8,
            ImageFormat.Tiff => "tiffload_source"u8,
            _ => "heifload_source"u8,
        });
        if (!load.Exists)
        {
            VipsNative.vips_error_clear();
            Throw.ImageFormatNotSupported(format, $"libvips {VipsLibrary.Version}");
        }

        load.Set("source"u8, VipsNative.vips_source_get_type(), source);
        load.Set("access"u8, "sequential"u8);
        load.Set("fail-on"u8, "error"u8);
        if (shrink > 1) load.Set("shrink"u8, shrink == 2 ? "2"u8 : shrink == 4 ? "4"u8 : "8"u8);
        return load.BuildImage();
    }

    /// <summary>
    /// Leaves 8-bit grey and sRGB as they are and converts everything else, by the embedded profile where there is one.
    /// A profile that is broken or does not fit the pixels is passed over, as browsers do.
    /// </summary>
    /// <returns>A profile that the rows have yet to be brought through: a matrix, which is faster here than in libvips.</returns>
    private static IccProfile? BringToSrgb(ref nint image, ImageFormat format)
    {
        var space = VipsNative.vips_image_get_interpretation(image);
        var eightBit = VipsNative.vips_image_get_format(image) == VipsFormat.UChar;
        void* profile;
        nuint length;
        var name = VipsOperation.Literal("icc-profile-data"u8);
        if (VipsNative.vips_image_get_typeof(image, name) != 0 && VipsNative.vips_image_get_blob(image, name, &profile, &length) == 0)
        {
            var matrix = space == VipsInterpretation.Srgb && eightBit ? IccProfile.Find(new ReadOnlySpan<byte>(profile, (int)length)) : null;
            if (matrix is not null) return matrix.IsSrgb ? null : matrix;
            if (TryTransform(ref image, space)) return null;
        }

        var plain = space is VipsInterpretation.Srgb or VipsInterpretation.BlackWhite;
        if (!plain) Convert(ref image, "colourspace"u8, "space"u8, "srgb"u8, format);
        if (VipsNative.vips_image_get_format(image) != VipsFormat.UChar) Convert(ref image, "cast"u8, "format"u8, "uchar"u8, format);
        return null;
    }

    private static bool TryTransform(ref nint image, VipsInterpretation space)
    {
        using var transform = VipsOperation.New("icc_transform"u8);
        if (!transform.Exists) return false;
        transform.Set("in"u8, VipsNative.vips_image_get_type(), image);
        transform.Set("embedded"u8, "true"u8);
        transform.Set("output-profile"u8, "srgb"u8);
        if (space == VipsInterpretation.Cmyk) transform.Set("input-profile"u8, "cmyk"u8);
        var transformed = transform.BuildImage();
        if (transformed == 0)
        {
            VipsNative.vips_error_clear();
            return false;
        }

        Replace(ref image, transformed);
        return true;
    }

    private static void Convert(
        ref nint image, ReadOnlySpan<byte> nickname, ReadOnlySpan<byte> argument, ReadOnlySpan<byte> value, ImageFormat format)
    {
        var channels = VipsNative.vips_image_get_bands(image);
        using var convert = VipsOperation.New(nickname);
        convert.Set("in"u8, VipsNative.vips_image_get_type(), image);
        convert.Set(argument, value);
        var converted = convert.BuildImage();
        if (converted == 0)
        {
            VipsNative.vips_error_clear();
            Throw.ImageColoursNotSupported(format, channels);
        }

        Replace(ref image, converted);
    }

    /// <summary>The new image holds its own reference to the one it is made from.</summary>
    private static void Replace(ref nint image, nint next)
    {
        VipsNative.g_object_unref(image);
        image = next;
    }

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
