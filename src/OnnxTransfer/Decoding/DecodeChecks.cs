using System.Diagnostics;
using OnnxTransfer.Decoding.Containers;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Decoding;

/// <summary>What every decoder refuses, in the same words.</summary>
internal static class DecodeChecks
{
    /// <summary>Checks the bytes before the decoder sees them and tells their format.</summary>
    /// <exception cref="ImageDecodeException">There are no bytes or too many, or they begin like no image.</exception>
    internal static ImageFormat Format(ReadOnlySpan<byte> encoded, DecodeOptions options)
    {
        if (encoded.IsEmpty) Throw.ImageEmpty();
        EncodedLength(encoded.Length, options);
        var format = ImageFormats.Detect(encoded);
        if (format == ImageFormat.Tiff && TiffFile.RawName(encoded) is { } raw) Refuse(FileKind.Raw(raw));
        if (format != ImageFormat.Unknown) return format;
        if (FileKind.Of(encoded) is { } kind) Refuse(kind);
        Throw.ImageNotRecognised();
        return format;

        static void Refuse(FileKind kind) => Throw.ImageIsOther(kind.Name, kind.Advice);
    }

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

    /// <summary>Checks how long an image has taken since <paramref name="start"/>, a time stamp of <see cref="Stopwatch"/>.</summary>
    /// <exception cref="ImageDecodeException">It has taken longer than the limit.</exception>
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
        if (3 * width * height > Array.MaxLength) Throw.ImageTooLarge(width, height, Array.MaxLength / 3);
    }
}
