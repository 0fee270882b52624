using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using OnnxTransfer.Decoding.Containers;
using SkiaSharp;

namespace OnnxTransfer.Decoding;

/// <summary>
/// Decodes JPEG, PNG, WebP, GIF and ICO with SkiaSharp and BMP with this library's own reader. It passes the other formats to the decoders
/// that are registered for them. It decodes the first frame of an animation.
/// </summary>
/// <param name="others">The registry that holds the decoders of TIFF, AVIF and HEIC.</param>
internal sealed class SkiaImageDecoder(DecoderRegistry others) : IRowDecoder
{
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
            // Do not pass these formats to Skia: it would look for a raw photo in a TIFF file.
            default:
                others.DecodeRows(this, format, encoded, options, sink);
                break;
        }
    }

    int IRowDecoder.RowsHeld => 100;

    IImageDecoder? IRowDecoder.HandsTo(ImageFormat format) => Knows(format) ? null : others.Find(format);

    /// <summary>Whether this decoder reads a format itself.</summary>
    internal static bool Knows(ImageFormat format) =>
        format is ImageFormat.Jpeg or ImageFormat.Png or ImageFormat.Webp or ImageFormat.Gif or ImageFormat.Bmp or ImageFormat.Ico;

    /// <summary>The pixels of a bitmap of any color type, in the same form as from <see cref="Decode"/>.</summary>
    /// <exception cref="ImageDecodeException">The bitmap has no pixels, or Skia cannot convert them.</exception>
    internal static PixelBuffer ToPixels(SKBitmap bitmap, DecodeOptions options)
    {
        using var source = bitmap.PeekPixels();
        if (source is null) Throw.BitmapHasNoPixels();
        using var converted = Allocate(new SKImageInfo(bitmap.Width, bitmap.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, s_srgb));
        if (!source.ReadPixels(converted.Info, converted.GetPixels(), converted.RowBytes)) Throw.BitmapHasNoPixels();
        using var sink = new PixelBufferSink();
        sink.Begin(bitmap.Width, bitmap.Height, Orientation.Upright);
        WriteRows(converted, Layout(isGray: false, isOpaque: false), isDeepInFile: false, [], options, sink);
        return sink.Take();
    }

    private static void DecodeBySkia(ReadOnlySpan<byte> encoded, ImageFormat format, long start, DecodeOptions options, IRowSink sink)
    {
        using var input = CodecInput.Of(encoded, format, options, JpegCheck.Always);
        DecodeChecks.Damage(input.Damage, format, options, sink);
        using var codec = Open(input.Bytes, format, options);

        var profile = EmbeddedProfile.Find(input.Bytes, format);
        if (format == ImageFormat.Jpeg) DecodeJpeg(codec, encoded, input, profile, start, options, sink);
        else if (format == ImageFormat.Png && PngChunks.IsDeep(input.Bytes)) DecodeDeep(codec, input, profile, start, options, sink);
        else DecodeWhole(codec, input, format, profile, start, options, sink);
    }

    private static SKCodec Open(ReadOnlySpan<byte> bytes, ImageFormat format, DecodeOptions options)
    {
        using var data = SKData.CreateCopy(bytes);
        var codec = SKCodec.Create(data);
        if (codec is null) Throw.ImageDamaged(format, null);
        try
        {
            DecodeChecks.Size(codec.Info.Width, codec.Info.Height, format, options);
            return codec;
        }
        catch
        {
            codec.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Decodes a JPEG. If the codes run out before the last row, decodes again and takes the rows after those that were received.
    /// </summary>
    private static void DecodeJpeg(
        SKCodec codec, ReadOnlySpan<byte> encoded, in CodecInput input, ReadOnlySpan<byte> profile, long start, DecodeOptions options, IRowSink sink)
    {
        var size = Scaled(codec, input.Orientation, options, sink);
        var channels = JpegHeader.Channels(input.Bytes);
        var hasInks = channels == 4 && IccProfile.Find(profile, 4) is not null;
        var layout = hasInks ? new SampleLayout(4, 4, 0, IsDeep: false) : Layout(channels == 1, isOpaque: true);
        using var converter = new RowConverter(layout, size.Width, profile, options);
        sink.Begin(size.Width, size.Height, input.Orientation);
        var rows = DecodeStrips(codec, input.Bytes, size, 0);
        if (rows == size.Height) return;
        if (!input.IsOpen) Throw.ImageDamaged(ImageFormat.Jpeg, $"it ends in row {rows} of {size.Height}");

        DecodeChecks.Damage(CodecInput.JudgeJpeg(encoded), ImageFormat.Jpeg, options, sink);
        var closed = input.Close();
        using var again = Open(closed, ImageFormat.Jpeg, options);
        rows = DecodeStrips(again, closed, size, rows);
        if (rows < size.Height) Throw.ImageDamaged(ImageFormat.Jpeg, $"it ends in row {rows} of {size.Height}");

        // JPEG is decoded in strips, so no memory for the whole image is needed. Returns the number of rows that the sink has received,
        // which is less than all if the codes run out. first is the first row that the sink lacks.
        int DecodeStrips(SKCodec codec, ReadOnlySpan<byte> bytes, SKSizeI size, int first)
        {
            using ISkiaStrips strips = hasInks ? new SkiaInks(codec, bytes, size) : new SkiaStrips(codec, size, colors: null);
            for (var top = 0; top < size.Height;)
            {
                var count = strips.Read(top);
                if (count == 0) return Math.Max(first, top);
                for (var row = 0; top >= first && row < count; row++) sink.Row(top + row, converter.Convert(strips.Row(row)));
                top += count;
                DecodeChecks.Time(start, options);
            }

            return size.Height;
        }
    }

    /// <summary>The size to which a JPEG image is decoded.</summary>
    private static SKSizeI Scaled(SKCodec codec, Orientation orientation, DecodeOptions options, IRowSink sink) =>
        options.JpegShrink != JpegShrink.None && sink.Shrink(codec.Info.Width, codec.Info.Height, orientation, options.JpegShrink) is > 1 and var factor
            ? codec.GetScaledDimensions(1f / factor)
            : codec.Info.Size;

    /// <summary>Decodes the formats that Skia can only decode in one piece.</summary>
    private static void DecodeWhole(
        SKCodec codec, in CodecInput input, ImageFormat format, ReadOnlySpan<byte> profile, long start, DecodeOptions options, IRowSink sink)
    {
        using var bitmap = Whole(codec, SKColorType.Rgba8888, format, start, options);
        sink.Begin(bitmap.Width, bitmap.Height, input.Orientation);
        var isGray = format == ImageFormat.Png && PngChunks.IsGray(input.Bytes);
        var isDeepInFile = format == ImageFormat.Png && PngChunks.IsDeep(input.Bytes);
        WriteRows(bitmap, Layout(isGray, bitmap.AlphaType == SKAlphaType.Opaque), isDeepInFile, profile, options, sink);
    }

    /// <summary>Decodes a PNG image with 16 bits per sample.</summary>
    private static void DecodeDeep(
        SKCodec codec, in CodecInput input, ReadOnlySpan<byte> profile, long start, DecodeOptions options, IRowSink sink)
    {
        var encoded = input.Bytes;
        var isGray = PngChunks.IsGray(encoded);
        if (options.Levels == SampleLevels.Full && IccProfile.Find(profile, isGray ? 1 : 3) is null)
        {
            // Without a conversion only the high byte counts, and Skia gives that itself.
            DecodeWhole(codec, input, ImageFormat.Png, [], start, options, sink);
            return;
        }

        var isOpaque = codec.Info.AlphaType == SKAlphaType.Opaque;
        // The first codec's copy of the file is no longer needed.
        codec.Dispose();
        using var plain = Open(isGray ? PngChunks.AsBytes(encoded) : PngChunks.WithoutProfile(encoded), ImageFormat.Png, options);
        // Half floats keep eleven of sixteen bits, but for gray Skia would give only eight. If half floats are requested, Skia converts
        // through the profile of the file and back, which not every profile allows.
        using var bitmap = Whole(plain, isGray ? SKColorType.Rgba8888 : SKColorType.RgbaF16, ImageFormat.Png, start, options);
        var layout = Layout(isGray, isOpaque) with { IsDeep = true };
        if (isGray) layout = ToWholeGray(bitmap.GetPixelSpan(), PngChunks.HasAlpha(encoded), PngChunks.TransparentGray(encoded));
        else ToWholeNumbers(MemoryMarshal.Cast<byte, ushort>(bitmap.GetPixelSpan()));
        sink.Begin(bitmap.Width, bitmap.Height, input.Orientation);
        WriteRows(bitmap, layout, isDeepInFile: true, profile, options, sink);
    }

    /// <summary>
    /// Joins the bytes of 16-bit gray. The first and the last of four bytes are the gray sample, or all four are gray and alpha.
    /// </summary>
    private static SampleLayout ToWholeGray(Span<byte> pixels, bool hasAlpha, ushort? transparent)
    {
        for (; !pixels.IsEmpty; pixels = pixels[4..])
        {
            var gray = (ushort)((pixels[0] << 8) | (hasAlpha ? pixels[1] : pixels[3]));
            var alpha = hasAlpha ? (ushort)((pixels[2] << 8) | pixels[3]) : gray == transparent ? ushort.MinValue : ushort.MaxValue;
            MemoryMarshal.Write(pixels, gray);
            MemoryMarshal.Write(pixels[2..], alpha);
        }

        return new SampleLayout(1, 2, 1, IsDeep: true);
    }

    /// <summary>
    /// Decodes all pixels as stored. Without a target color space, Skia converts nothing and ignores the gamma of a PNG file.
    /// </summary>
    private static SKBitmap Whole(SKCodec codec, SKColorType type, ImageFormat format, long start, DecodeOptions options)
    {
        var alpha = codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul;
        var bitmap = Allocate(new SKImageInfo(codec.Info.Width, codec.Info.Height, type, alpha));
        try
        {
            var result = codec.GetPixels(bitmap.Info, bitmap.GetPixels());
            DecodeChecks.Time(start, options);
            if (result != SKCodecResult.Success) Throw.ImageDamaged(format, result.ToString());
            return bitmap;
        }
        catch
        {
            bitmap.Dispose();
            throw;
        }
    }

    /// <summary>The layout of Skia's pixels: gray has three equal channels, and opaque pixels also have a fourth channel.</summary>
    private static SampleLayout Layout(bool isGray, bool isOpaque) => new(isGray ? 1 : 3, 4, isOpaque ? 0 : 3, IsDeep: false);

    internal static SKBitmap Allocate(SKImageInfo info)
    {
        var bitmap = new SKBitmap();
        if (bitmap.TryAllocPixels(info)) return bitmap;
        bitmap.Dispose();
        Throw.ImageOutOfMemory(info.Width, info.Height);
        return bitmap;
    }

    /// <summary>Passes the rows of a bitmap to the sink as RGB over the background.</summary>
    private static void WriteRows(
        SKBitmap bitmap, SampleLayout layout, bool isDeepInFile, ReadOnlySpan<byte> profile, DecodeOptions options, IRowSink sink)
    {
        var pixels = bitmap.GetPixelSpan();
        SampleRange? range = null;
        if (layout.IsDeep && options.Levels == SampleLevels.Data)
        {
            range = new SampleRange();
            for (var y = 0; y < bitmap.Height; y++) range.Add(Row(pixels, y), layout);
        }

        using var converter = new RowConverter(layout, bitmap.Width, profile, options, range) { IsDeepInFile = isDeepInFile };
        for (var y = 0; y < bitmap.Height; y++) sink.Row(y, converter.Convert(Row(pixels, y)));
        if (converter.Warning is { } warning) DecodeChecks.Warn(warning, options, sink);

        Span<byte> Row(Span<byte> all, int y) => all.Slice(y * bitmap.RowBytes, layout.PixelBytes * bitmap.Width);
    }

    /// <summary>Converts half floats from 0..1 to integers from 0 to 65535.</summary>
    private static void ToWholeNumbers(Span<ushort> samples)
    {
        foreach (ref var sample in samples) sample = (ushort)((Math.Clamp((float)BitConverter.UInt16BitsToHalf(sample), 0, 1) * ushort.MaxValue) + 0.5f);
    }

    /// <summary>The version of the package; the assembly version does not change within a minor version.</summary>
    private static string Version() =>
        typeof(SKCodec).Assembly.GetCustomAttribute<AssemblyFileVersionAttribute>() is { } file && System.Version.TryParse(file.Version, out var version)
            ? version.ToString(3)
            : typeof(SKCodec).Assembly.GetName().Version!.ToString(3);
}
