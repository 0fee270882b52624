using System.Diagnostics;
using OnnxTransfer.Decoding.Containers;

namespace OnnxTransfer.Decoding;

/// <summary>What every decoder refuses, in the same words.</summary>
internal static class DecodeChecks
{
    /// <summary>
    /// The most scans of a JPEG. Encoders make about ten; a file of a few kilobytes can have thousands, each of which touches every pixel.
    /// </summary>
    private const int MaxScans = 100;

    /// <summary>The longest side. A decoder holds several rows at least, whatever the number of pixels; the sides of real images are far below.</summary>
    internal const int MaxSide = 1_000_000;

    /// <summary>Checks the bytes before the decoder sees them, by what their header claims, and tells their format.</summary>
    /// <exception cref="ImageDecodeException">
    /// There are no bytes or too many, they begin like no image, or the header claims more pixels, frames or scans than are allowed.
    /// </exception>
    internal static ImageFormat Format(ReadOnlySpan<byte> encoded, DecodeOptions options)
    {
        if (encoded.IsEmpty) Throw.ImageEmpty();
        EncodedLength(encoded.Length, options);
        var format = ImageFormats.Detect(encoded);
        if (format == ImageFormat.Tiff && TiffFile.RawName(encoded) is { } raw) Refuse(FileKind.Raw(raw));
        if (format != ImageFormat.Unknown)
        {
            Header(ImageHeader.Read(encoded, format), encoded, options);
            return format;
        }

        if (FileKind.Of(encoded) is { } kind) Refuse(kind);
        Throw.ImageNotRecognized();
        return format;

        static void Refuse(FileKind kind) => Throw.ImageIsOther(kind.Name, kind.Advice);
    }

    /// <summary>Whether an image is refused for what its header claims.</summary>
    internal static bool Refuses(in ImageHeader header, ReadOnlySpan<byte> encoded, DecodeOptions options) =>
        encoded.Length > options.MaxEncodedBytes || header.Frames > options.MaxFrames || header.Scans > MaxScans
        || (StatesSize(header) && (header.Pixels > options.MaxPixels || Math.Max(header.Width, header.Height) > MaxSide || IsTooShort(header, encoded)));

    /// <exception cref="ImageDecodeException">The header claims what <see cref="Refuses"/> refuses.</exception>
    private static void Header(in ImageHeader header, ReadOnlySpan<byte> encoded, DecodeOptions options)
    {
        Frames(header.Frames, options);
        if (header.Scans > MaxScans) Throw.ImageHasTooManyScans(header.Scans, MaxScans);
        if (!StatesSize(header)) return;
        Size(header.Width, header.Height, header.Format, options);
        if (IsTooShort(header, encoded)) Throw.ImageDamaged(header.Format, $"{encoded.Length} bytes are too few for {header.Width}x{header.Height} pixels");
    }

    /// <summary>Of several pictures in a file, only the decoder knows which one it takes; and it knows better what is wrong with a size of zero.</summary>
    private static bool StatesSize(in ImageHeader header) => header.Format is not (ImageFormat.Avif or ImageFormat.Heic) && header.Pixels > 0;

    private static bool IsTooShort(in ImageHeader header, ReadOnlySpan<byte> encoded) =>
        header.Format == ImageFormat.Png && !PngChunks.CanHold(encoded, (int)header.Width, (int)header.Height);

    /// <exception cref="ImageDecodeException">There are more bytes than the limit.</exception>
    internal static void EncodedLength(long length, DecodeOptions options)
    {
        if (length > options.MaxEncodedBytes) Throw.ImageHasTooManyBytes(length, options.MaxEncodedBytes);
    }

    /// <summary>Tells the sink of damage that leaves the picture usable.</summary>
    /// <param name="damage">The words that follow "is damaged: "; null for none.</param>
    /// <param name="format">The image's format.</param>
    /// <param name="options">Whether damage is refused.</param>
    /// <param name="sink">Takes the warning.</param>
    /// <exception cref="ImageDecodeException">There is damage, and <see cref="DecodeOptions.Strict"/> is set.</exception>
    internal static void Damage(string? damage, ImageFormat format, DecodeOptions options, IRowSink sink)
    {
        if (damage is not null) Warn(Throw.DamageText(format, damage), options, sink);
    }

    /// <summary>Tells the sink of whatever makes the picture doubtful.</summary>
    /// <exception cref="ImageDecodeException"><see cref="DecodeOptions.Strict"/> is set.</exception>
    internal static void Warn(string warning, DecodeOptions options, IRowSink sink)
    {
        if (options.Strict) Throw.ImageDoubtful(warning);
        sink.Warn(warning);
    }

    /// <summary>Checks how many frames the header claims.</summary>
    /// <exception cref="ImageDecodeException">There are more than the limit.</exception>
    internal static void Frames(int frames, DecodeOptions options)
    {
        if (frames > options.MaxFrames) Throw.ImageHasTooManyFrames(frames, options.MaxFrames);
    }

    /// <summary>Checks how long an image has taken since <paramref name="start"/>, a time stamp of <see cref="Stopwatch"/>: a guard against hangs.</summary>
    /// <exception cref="ImageDecodeException">It has taken longer than the limit; <see cref="ImageDecodeException.TimedOut"/>.</exception>
    internal static void Time(long start, DecodeOptions options)
    {
        if (Stopwatch.GetElapsedTime(start) > options.MaxTime) Throw.ImageTookTooLong(options.MaxTime);
    }

    /// <summary>Checks what the header claims, before any pixel is decoded.</summary>
    /// <exception cref="ImageDecodeException">The sides are not positive, or the pixels exceed the limit.</exception>
    internal static void Size(long width, long height, ImageFormat format, DecodeOptions options)
    {
        if (width <= 0 || height <= 0) Throw.ImageDamaged(format, $"its header says {width}x{height} pixels");
        if (width > int.MaxValue || height > int.MaxValue || width * height > options.MaxPixels)
            Throw.ImageTooLarge(width, height, options.MaxPixels);
        if (Math.Max(width, height) > MaxSide) Throw.ImageSideTooLong(width, height, MaxSide);
        if (3 * width * height > Array.MaxLength) Throw.ImageTooLarge(width, height, Array.MaxLength / 3);
    }
}
