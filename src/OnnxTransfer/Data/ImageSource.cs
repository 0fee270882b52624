using OnnxTransfer.Decoding;
using SkiaSharp;

namespace OnnxTransfer.Data;

/// <summary>The source of an <see cref="ImageInput"/>'s content.</summary>
internal abstract class ImageSource
{
    /// <summary>The name of an image that has no id.</summary>
    internal abstract string Kind { get; }

    internal abstract OpenedImage Open(DecodeOptions options, CancellationToken cancellationToken);

    /// <summary>Off the caller's thread, because reading a disk and converting a bitmap take time.</summary>
    internal virtual Task<OpenedImage> OpenAsync(DecodeOptions options, CancellationToken cancellationToken) =>
        Task.Run(() => Open(options, cancellationToken), cancellationToken);
}

/// <inheritdoc/>
internal sealed class FileSource(string path) : ImageSource
{
    internal override string Kind => "file";

    internal override OpenedImage Open(DecodeOptions options, CancellationToken cancellationToken) => new(EncodedImage.Read(path, options));
}

/// <inheritdoc/>
internal sealed class BytesSource(ReadOnlyMemory<byte> encoded) : ImageSource
{
    internal override string Kind => "bytes";

    internal override OpenedImage Open(DecodeOptions options, CancellationToken cancellationToken) => new(encoded);

    internal override Task<OpenedImage> OpenAsync(DecodeOptions options, CancellationToken cancellationToken) => Task.FromResult(new OpenedImage(encoded));
}

/// <inheritdoc/>
internal sealed class StreamSource(Func<CancellationToken, Task<Stream>> open) : ImageSource
{
    internal override string Kind => "stream";

    /// <summary>By way of the pool, where no synchronization context waits for the thread that blocks here.</summary>
    internal override OpenedImage Open(DecodeOptions options, CancellationToken cancellationToken) =>
        Task.Run(() => OpenAsync(options, cancellationToken), cancellationToken).GetAwaiter().GetResult();

    internal override async Task<OpenedImage> OpenAsync(DecodeOptions options, CancellationToken cancellationToken)
    {
        try
        {
            var stream = await open(cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false)) return new OpenedImage(await EncodedImage.ReadAsync(stream, options, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception exception) when (exception is not ImageDecodeException && !cancellationToken.IsCancellationRequested)
        {
            // Streams throw the exceptions of their stores. After any of them, one image cannot be used and the others can.
            throw Throw.ImageStreamFailed(exception);
        }
    }
}

/// <inheritdoc/>
internal sealed class PixelSource(PixelBuffer pixels) : ImageSource
{
    internal override string Kind => "pixels";

    internal override OpenedImage Open(DecodeOptions options, CancellationToken cancellationToken) => new(pixels, owns: false);
}

/// <inheritdoc/>
internal sealed class BitmapSource(SKBitmap bitmap) : ImageSource
{
    internal override string Kind => "bitmap";

    internal override OpenedImage Open(DecodeOptions options, CancellationToken cancellationToken) => new(SkiaImageDecoder.ToPixels(bitmap, options), owns: true);
}
