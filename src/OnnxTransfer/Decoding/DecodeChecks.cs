using System.Diagnostics;
using OnnxTransfer.Decoding.Containers;

namespace OnnxTransfer.Decoding;

/// <summary>Checks that all decoders share, with the same messages.</summary>
internal static class DecodeChecks
{
    /// <summary>
    /// The most scans of a JPEG. Encoders write about ten. A file of a few kilobytes can have thousands, and each scan touches every pixel.
    /// </summary>
    private const int MaxScans = 100;

    /// <summary>
    /// The longest side. A decoder holds at least several rows, whatever the number of pixels. The sides of real images are far shorter.
    /// </summary>
    internal const int MaxSide = 1_000_000;

    /// <summary>Checks the limits against the bytes and their header, before a decoder sees them, and detects the format.</summary>
    /// <exception cref="ImageDecodeException">
    /// There are no bytes or too many, no format has their signature, or the header claims more pixels, frames or scans than the limits
    /// allow.
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

    /// <summary>Whether an image is refused because of its header.</summary>
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
        if (IsTooShort(header, encoded)) Throw.ImageDamaged(header.Format, $"its {encoded.Length} bytes are too few for {header.Width}x{header.Height} pixels");
    }

    /// <summary>
    /// Whether the header states the size of the decoded picture. If a file contains several pictures, only the decoder knows which one it
    /// takes. For a size of zero, the decoder gives a better message.
    /// </summary>
    private static bool StatesSize(in ImageHeader header) => header.Format is not (ImageFormat.Avif or ImageFormat.Heic) && header.Pixels > 0;

    private static bool IsTooShort(in ImageHeader header, ReadOnlySpan<byte> encoded) =>
        header.Format == ImageFormat.Png && !PngChunks.CanHold(encoded, (int)header.Width, (int)header.Height);

    /// <exception cref="ImageDecodeException">There are more bytes than the limit.</exception>
    internal static void EncodedLength(long length, DecodeOptions options)
    {
        if (length > options.MaxEncodedBytes) Throw.ImageHasTooManyBytes(length, options.MaxEncodedBytes);
    }

    /// <summary>Reports damage to the sink that leaves the picture usable.</summary>
    /// <param name="damage">The words that follow "is damaged: "; null if there is no damage.</param>
    /// <param name="format">The image's format.</param>
    /// <param name="options">Whether damage is refused.</param>
    /// <param name="sink">Receives the warning.</param>
    /// <exception cref="ImageDecodeException">There is damage, and <see cref="DecodeOptions.Strict"/> is set.</exception>
    internal static void Damage(string? damage, ImageFormat format, DecodeOptions options, IRowSink sink)
    {
        if (damage is not null) Warn(Throw.DamageText(format, damage), options, sink);
    }

    /// <summary>Reports anything to the sink that makes the picture doubtful.</summary>
    /// <exception cref="ImageDecodeException"><see cref="DecodeOptions.Strict"/> is set.</exception>
    internal static void Warn(string warning, DecodeOptions options, IRowSink sink)
    {
        if (options.Strict) Throw.ImageDoubtful(warning);
        sink.Warn(warning);
    }

    /// <summary>Checks the number of frames in the header.</summary>
    /// <exception cref="ImageDecodeException">There are more than the limit.</exception>
    internal static void Frames(int frames, DecodeOptions options)
    {
        if (frames > options.MaxFrames) Throw.ImageHasTooManyFrames(frames, options.MaxFrames);
    }

    /// <summary>
    /// Checks the time that an image has taken since <paramref name="start"/>, a time stamp of <see cref="Stopwatch"/>. This guards against
    /// hangs.
    /// </summary>
    /// <exception cref="ImageDecodeException">It has taken longer than the limit; <see cref="ImageDecodeException.TimedOut"/> is
    /// true.</exception>
    internal static void Time(long start, DecodeOptions options)
    {
        if (Stopwatch.GetElapsedTime(start) > options.MaxTime) Throw.ImageTookTooLong(options.MaxTime);
    }

    /// <summary>Checks the size in the header, before any pixel is decoded.</summary>
    /// <exception cref="ImageDecodeException">The sides are not positive, or the pixels exceed the limit.</exception>
    internal static void Size(long width, long height, ImageFormat format, DecodeOptions options)
    {
        if (width <= 0 || height <= 0) Throw.ImageDamaged(format, $"its header states {width}x{height} pixels");
        if (width > int.MaxValue || height > int.MaxValue || width * height > options.MaxPixels)
            Throw.ImageTooLarge(width, height, options.MaxPixels);
        if (Math.Max(width, height) > MaxSide) Throw.ImageSideTooLong(width, height, MaxSide);
        if (3 * width * height > Array.MaxLength) Throw.ImageTooLarge(width, height, Array.MaxLength / 3);
    }
}
