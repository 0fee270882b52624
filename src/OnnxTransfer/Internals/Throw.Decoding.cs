using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using OnnxTransfer.Decoding;

namespace OnnxTransfer.Internals;

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
    internal static void ImageNotRecognised() =>
        throw new ImageDecodeException($"The content is no image: it begins like none of {ImageFormats.Known}.");

    [DoesNotReturn]
    internal static void ImageFormatNotSupported(ImageFormat format, string decoder) =>
        throw new ImageDecodeException($"This {decoder} was built without a reader for {Name(format)} images.");

    /// <inheritdoc cref="ImageFile"/>
    internal static ImageDecodeException ImageNeedsLibvips(ImageFormat format, string decoder, DllNotFoundException inner) =>
        new($"{decoder} has no reader for {Name(format)} images, and there is no libvips to hand them to; add the package NetVips.Native.* of this platform to the application, or install libvips 8.14 or newer.", inner);

    [DoesNotReturn]
    internal static void ImageTooLarge(long width, long height, long maxPixels) =>
        throw new ImageDecodeException(string.Create(CultureInfo.InvariantCulture,
            $"The image has {width}x{height} pixels, more than the limit of {maxPixels:N0} ({nameof(DecodeOptions)}.{nameof(DecodeOptions.MaxPixels)})."));

    [DoesNotReturn]
    internal static void ImageHasTooManyFrames(int frames, int limit) =>
        throw new ImageDecodeException(string.Create(CultureInfo.InvariantCulture,
            $"The image has {frames:N0} frames, more than the limit of {limit:N0} ({nameof(DecodeOptions)}.{nameof(DecodeOptions.MaxFrames)})."));

    [DoesNotReturn]
    internal static void ImageTookTooLong(TimeSpan limit) =>
        throw new ImageDecodeException(string.Create(CultureInfo.InvariantCulture,
            $"The image took longer than the limit of {limit.TotalSeconds:0.###} seconds ({nameof(DecodeOptions)}.{nameof(DecodeOptions.MaxTime)})."));

    [DoesNotReturn]
    internal static void ImageDamaged(ImageFormat format, string? detail, Exception? inner = null) =>
        throw new ImageDecodeException(detail is null
            ? $"The {Name(format)} image is truncated or damaged."
            : $"The {Name(format)} image is truncated or damaged: {detail.TrimEnd('.')}.", inner);

    [DoesNotReturn]
    internal static void ImageColoursNotSupported(ImageFormat format, int channels) =>
        throw new ImageDecodeException($"The {Name(format)} image has {channels} channels whose colours cannot be brought to sRGB.");

    [DoesNotReturn]
    internal static void ImageHasTooManyBytes(long length, long limit) =>
        throw new ImageDecodeException(string.Create(CultureInfo.InvariantCulture,
            $"The image has {length:N0} bytes, more than the limit of {limit:N0} ({nameof(DecodeOptions)}.{nameof(DecodeOptions.MaxEncodedBytes)})."));

    [DoesNotReturn]
    internal static void ImageOutOfMemory(int width, int height) =>
        throw new ImageDecodeException($"There is not enough memory for the image's {width}x{height} pixels.");

    /// <summary>Returns what a catch block throws, so that the compiler sees where the flow ends.</summary>
    internal static ImageDecodeException ImageFile(string path, ImageDecodeException inner) =>
        new(path, inner.Reason, inner);

    /// <inheritdoc cref="ImageFile"/>
    internal static ImageDecodeException ImageFileUnreadable(string path, Exception inner) => inner switch
    {
        FileNotFoundException or DirectoryNotFoundException => new(path, "The file does not exist.", inner),
        UnauthorizedAccessException when Directory.Exists(path) => new(path, "This is a folder, not an image file.", inner),
        UnauthorizedAccessException => new(path, "The file may not be read: access is denied.", inner),
        IOException => new(path, $"The file could not be read: {inner.Message.Replace($" : '{Path.GetFullPath(path)}'", "", StringComparison.Ordinal)}", inner),
        _ => new(path, "This is not a valid path of a file.", inner),
    };

    [DoesNotReturn]
    internal static void VipsNotFound(string file) =>
        throw new DllNotFoundException($"libvips ({file}) was not found, so images cannot be decoded; add the package NetVips.Native.* of this platform to the application, or install libvips 8.14 or newer.");

    [DoesNotReturn]
    internal static void VipsNotStarted(string detail) =>
        throw new InvalidOperationException($"libvips was found but did not start: {detail.Trim()}");

    [DoesNotReturn]
    internal static void ImageNotEncoded(string format, int width, int height, string detail) =>
        throw new InvalidOperationException($"The {width}x{height} picture could not be written as {format}: {detail.Trim()}");

    private static string Name(ImageFormat format) => format switch
    {
        ImageFormat.Webp => "WebP",
        _ => format.ToString().ToUpperInvariant(),
    };

    [DoesNotReturn]
    internal static void BitmapHasNoPixels() => throw new ImageDecodeException("The bitmap has no pixels that can be read as RGB.");
}
