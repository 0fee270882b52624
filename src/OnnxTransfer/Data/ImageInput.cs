using OnnxTransfer.Data;
using OnnxTransfer.Decoding;
using SkiaSharp;

namespace OnnxTransfer;

/// <summary>
/// One image: a file, bytes, a stream, or pixels. The image is read when it is used, and again at each later use. A path converts to an
/// input by itself: <c>extractor.Embed("cat.jpg")</c>.
/// </summary>
/// <remarks>
/// The feature cache finds every kind of input by its content: encoded bytes from any source by their hash, and pixels and bitmaps by
/// the hash of their size and their RGB values. An encoded image and its decoded pixels are two entries.
/// </remarks>
public sealed class ImageInput
{
    private readonly ImageSource _source;
    private readonly string? _name;

    private ImageInput(ImageSource source, string? name)
    {
        _source = source;
        _name = name;
    }

    /// <summary>
    /// The name of the image in results and messages: the id that it was given, or the path of its file, or otherwise its kind, such as
    /// <c>bytes</c>.
    /// </summary>
    public string Id => _name ?? _source.Kind;

    /// <summary>An image file.</summary>
    /// <param name="path">The path, which is also the <see cref="Id"/>.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public static ImageInput FromFile(string path) => FromFile(path, path);

    /// <summary>An image file with its own id.</summary>
    /// <param name="path">The path.</param>
    /// <param name="id">The <see cref="Id"/>, such as the key of a database.</param>
    /// <exception cref="ArgumentException">The path or the id is empty.</exception>
    public static ImageInput FromFile(string path, string id)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        return new ImageInput(new FileSource(path), id);
    }

    /// <summary>Image files, in the order of their paths: <c>ImageInput.FromFiles(Directory.GetFiles("photos"))</c>.</summary>
    /// <param name="paths">The paths, each also the <see cref="Id"/> of its image.</param>
    /// <exception cref="ArgumentException">A path is empty.</exception>
    public static IReadOnlyList<ImageInput> FromFiles(IEnumerable<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return [.. paths.Select(FromFile)];
    }

    /// <summary>An encoded image (JPEG, PNG, WebP, ...) held in memory.</summary>
    /// <param name="encoded">The bytes, which must not change while the input is in use; they are not copied.</param>
    /// <param name="id">The <see cref="Id"/>.</param>
    public static ImageInput FromBytes(ReadOnlyMemory<byte> encoded, string? id = null) => new(new BytesSource(encoded), id);

    /// <summary>An encoded image that is read from a stream: a blob store, a web address, an entry of an archive.</summary>
    /// <param name="open">
    /// Opens a new stream at the start of the image each time it is called, on any thread. The library reads the stream
    /// asynchronously, up to <see cref="DecodeOptions.MaxEncodedBytes"/>, and disposes it.
    /// </param>
    /// <param name="id">The <see cref="Id"/>.</param>
    public static ImageInput FromStream(Func<CancellationToken, Task<Stream>> open, string? id = null)
    {
        ArgumentNullException.ThrowIfNull(open);
        return new ImageInput(new StreamSource(open), id);
    }

    /// <summary>Pixels that are decoded already.</summary>
    /// <param name="pixels">Upright sRGB pixels <c>[H,W,3]</c>. They stay the caller's, who disposes them when the input is no longer used.</param>
    /// <param name="id">The <see cref="Id"/>.</param>
    public static ImageInput FromPixels(PixelBuffer pixels, string? id = null)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        return new ImageInput(new PixelSource(pixels), id);
    }

    /// <summary>A SkiaSharp bitmap of any color type; transparent pixels are composited over <see cref="DecodeOptions.Background"/>.</summary>
    /// <param name="bitmap">The bitmap. It stays the caller's, who disposes it when the input is no longer used.</param>
    /// <param name="id">The <see cref="Id"/>.</param>
    public static ImageInput FromBitmap(SKBitmap bitmap, string? id = null)
    {
        ArgumentNullException.ThrowIfNull(bitmap);
        return new ImageInput(new BitmapSource(bitmap), id);
    }

    /// <summary>The file at a path, as <see cref="FromFile(string)"/>.</summary>
    public static implicit operator ImageInput(string path) => FromFile(path);

    /// <summary>The <see cref="Id"/>.</summary>
    public override string ToString() => Id;

    /// <summary>The same image under another id.</summary>
    internal ImageInput WithId(string id) => new(_source, id);

    /// <summary>The image for one use; blocks while a stream is read.</summary>
    /// <exception cref="ImageDecodeException">The image cannot be read or exceeds a limit.</exception>
    internal OpenedImage Open(DecodeOptions options, CancellationToken cancellationToken) => _source.Open(options, cancellationToken);

    /// <summary>The image for one use; waits for streams and disks without holding a thread.</summary>
    /// <exception cref="ImageDecodeException">The image cannot be read or exceeds a limit.</exception>
    internal Task<OpenedImage> OpenAsync(DecodeOptions options, CancellationToken cancellationToken) => _source.OpenAsync(options, cancellationToken);

    /// <summary>The pixels, which the caller disposes.</summary>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded; the exception names it.</exception>
    internal PixelBuffer ToPixels(IImageDecoder decoder, DecodeOptions options)
    {
        try
        {
            using var opened = Open(options, CancellationToken.None);
            if (opened.Pixels is { } pixels) return PixelBuffer.FromRgb(pixels.Pixels, pixels.Width, pixels.Height);
            using var place = MemoryGate.Shared.Enter(DecodeMemory.Of(opened.Encoded, decoder, options), options.MemoryBudget, CancellationToken.None);
            using var inside = MemoryGate.Entry.OnThread();
            return decoder.Decode(opened.Encoded, options);
        }
        catch (ImageDecodeException exception) when (MustName(exception))
        {
            throw Throw.ImageNamed(Id, exception);
        }
    }

    /// <summary>Whether the image has a name that the exception does not say.</summary>
    internal bool MustName(ImageDecodeException exception) => _name is not null && exception.Id != _name;
}
