using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using OnnxTransfer.Decoding;

namespace OnnxTransfer;

internal static partial class Throw
{
    [DoesNotReturn]
    internal static void PixelsTooMany(int width, int height) =>
        throw new ArgumentOutOfRangeException(nameof(width), $"An image of {width}x{height} pixels needs more than the 2 GB that one buffer can hold.");

    [DoesNotReturn]
    internal static void PixelsHaveWrongLength(int length, int width, int height) =>
        throw new ArgumentException($"RGB pixels of a {width}x{height} image are {3L * width * height} bytes, but {length} were given.");

    [DoesNotReturn]
    internal static void ImageEmpty() =>
        throw new ImageDecodeException("The image is empty: it has no bytes.");

    [DoesNotReturn]
    internal static void ImageNotRecognized() =>
        throw new ImageDecodeException($"The content is not an image in a supported format ({ImageFormats.Known}): its first bytes match none of them.");

    /// <param name="what">The kind of content, for example "an HTML page".</param>
    /// <param name="advice">What to do about it.</param>
    [DoesNotReturn]
    internal static void ImageIsOther(string what, string advice) =>
        throw new ImageDecodeException($"The content is {what}, which is not a supported image format: {advice}.");

    /// <summary>The text of a warning about damage, and of the refusal if warnings are not allowed.</summary>
    internal static string DamageText(ImageFormat format, string damage) => $"The {Name(format)} image is damaged: {damage}.";

    [DoesNotReturn]
    internal static void ImageDoubtful(string warning) =>
        throw new ImageDecodeException($"{warning.TrimEnd('.')}; it was refused because {nameof(DecodeOptions)}.{nameof(DecodeOptions.Strict)} is set.");

    [DoesNotReturn]
    internal static void ImageNeedsDecoder(ImageFormat format, string decoder) =>
        throw new ImageDecodeException(format == ImageFormat.Heic
            ? $"This is a HEIC image, which {decoder} does not read: add the package OnnxTransfer.Heic and call OnnxTransfer.Heic.HeicDecoder.Register() when the application starts."
            : $"This is {(format == ImageFormat.Avif ? "an" : "a")} {Name(format)} image, which {decoder} does not read: add the package OnnxTransfer.Vips and call OnnxTransfer.Vips.VipsDecoder.Register() when the application starts.");

    [DoesNotReturn]
    internal static void DecoderIsTheDefault(string parameter) =>
        throw new ArgumentException("The default decoder cannot be registered: it is the one that hands formats to registered decoders.", parameter);

    [DoesNotReturn]
    internal static void DecoderWithoutFormats(string parameter) =>
        throw new ArgumentException("No format is given: name the formats that the decoder reads (Tiff, Avif, Heic).", parameter);

    [DoesNotReturn]
    internal static void FormatNotForRegistering(ImageFormat format, string parameter) =>
        throw new ArgumentException(
            $"A decoder can be registered only for Tiff, Avif and Heic, not for {format}: to use it for other formats, set {nameof(FeatureExtractorOptions)}.{nameof(FeatureExtractorOptions.Decoder)}.", parameter);

    [DoesNotReturn]
    internal static void ImageTooLarge(long width, long height, long maxPixels) =>
        throw new ImageDecodeException(string.Create(CultureInfo.InvariantCulture,
            $"The image has {width}x{height} pixels, more than the limit of {maxPixels:N0} ({nameof(DecodeOptions)}.{nameof(DecodeOptions.MaxPixels)})."));

    [DoesNotReturn]
    internal static void ImageHasTooManyFrames(int frames, int limit) =>
        throw new ImageDecodeException(string.Create(CultureInfo.InvariantCulture,
            $"The image has {frames:N0} frames, more than the limit of {limit:N0} ({nameof(DecodeOptions)}.{nameof(DecodeOptions.MaxFrames)})."));

    [DoesNotReturn]
    internal static void ImageHasTooManyScans(int scans, int limit) =>
        throw new ImageDecodeException(string.Create(CultureInfo.InvariantCulture,
            $"The JPEG image has {scans:N0} scans, more than the limit of {limit:N0}: save it again."));

    [DoesNotReturn]
    internal static void ImageTookTooLong(TimeSpan limit) =>
        throw new ImageDecodeException(string.Create(CultureInfo.InvariantCulture,
            $"Decoding was stopped after {limit.TotalSeconds:0.###} seconds, the limit that guards against hangs ({nameof(DecodeOptions)}.{nameof(DecodeOptions.MaxTime)}): the image may be valid and the machine busy, so try again or raise the limit.")) { TimedOut = true };

    [DoesNotReturn]
    internal static void ImageDamaged(ImageFormat format, string? detail, Exception? inner = null) =>
        throw new ImageDecodeException(detail is null
            ? $"The {Name(format)} image is truncated or damaged."
            : $"The {Name(format)} image is truncated or damaged: {detail.TrimEnd('.')}.", inner);

    [DoesNotReturn]
    internal static void ImageInksUnknown() => throw new ImageDecodeException(
        $"The JPEG image is CMYK with a profile, and {ImageDecoders.Default.Name} does not give its inks: read it with libvips (the package OnnxTransfer.Vips, FeatureExtractorOptions.Decoder = VipsDecoder.Instance), or save it as RGB.");

    [DoesNotReturn]
    internal static void ImageHasTooManyBytes(long length, long limit) =>
        throw new ImageDecodeException(string.Create(CultureInfo.InvariantCulture,
            $"The image has {length:N0} bytes, more than the limit of {limit:N0} ({nameof(DecodeOptions)}.{nameof(DecodeOptions.MaxEncodedBytes)})."));

    [DoesNotReturn]
    internal static void ImageStreamTooLong(long limit) =>
        throw new ImageDecodeException(string.Create(CultureInfo.InvariantCulture,
            $"The stream has more than {limit:N0} bytes, the limit ({nameof(DecodeOptions)}.{nameof(DecodeOptions.MaxEncodedBytes)})."));

    [DoesNotReturn]
    internal static void ImageIsNoOrdinaryFile(string kind) =>
        throw new ImageDecodeException($"This is a {kind}, not an image file; it was not opened.");

    internal static ImageDecodeException ImageStreamFailed(Exception inner) =>
        new($"The stream could not be read: {OneLine(inner.Message)}", inner);

    [DoesNotReturn]
    internal static void ImageOutOfMemory(long bytes) =>
        throw new ImageDecodeException(string.Create(CultureInfo.InvariantCulture, $"There is not enough memory for the {bytes:N0} bytes that the image needs."));

    [DoesNotReturn]
    internal static void ImageSideTooLong(long width, long height, int limit) =>
        throw new ImageDecodeException(string.Create(CultureInfo.InvariantCulture, $"The image has {width}x{height} pixels, but no side may be longer than {limit:N0} pixels."));

    [DoesNotReturn]
    internal static void ImageOutOfMemory(int width, int height) =>
        throw new ImageDecodeException($"There is not enough memory for the image's {width}x{height} pixels.");

    /// <summary>Returns what a catch block throws, so that the compiler sees where the flow ends.</summary>
    internal static ImageDecodeException ImageNamed(string id, ImageDecodeException inner) =>
        new(id, inner.Reason, inner) { TimedOut = inner.TimedOut };

    /// <inheritdoc cref="ImageNamed"/>
    internal static ImageDecodeException ImageFileUnreadable(string path, Exception inner) => inner switch
    {
        FileNotFoundException or DirectoryNotFoundException => new(path, "The file does not exist.", inner),
        UnauthorizedAccessException when Directory.Exists(path) => new(path, "This is a folder, not an image file.", inner),
        UnauthorizedAccessException => new(path, "The file could not be read: access is denied.", inner),
        IOException => new(path, $"The file could not be read: {inner.Message.Replace($" : '{Path.GetFullPath(path)}'", "", StringComparison.Ordinal)}", inner),
        _ => new(path, "This is not a valid file path.", inner),
    };

    [DoesNotReturn]
    internal static void ImageNotEncoded(string format, int width, int height) =>
        throw new InvalidOperationException($"The {width}x{height} picture could not be written as {format}.");

    private static string Name(ImageFormat format) => format switch
    {
        ImageFormat.Webp => "WebP",
        _ => format.ToString().ToUpperInvariant(),
    };

    [DoesNotReturn]
    internal static void BitmapHasNoPixels() => throw new ImageDecodeException("The bitmap has no pixels that can be read as RGB.");
}
