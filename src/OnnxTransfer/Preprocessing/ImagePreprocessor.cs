using System.Security.Cryptography;
using System.Text;
using OnnxTransfer.Data;
using OnnxTransfer.Decoding;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Preprocessing;

/// <summary>
/// From an image to its place in an input tensor: open, decode, resize, crop, normalize, lay out. One object serves one network. It keeps the
/// working memory of as many images as the process has cores, so that later calls allocate nothing. Thread-safe.
/// </summary>
internal sealed class ImagePreprocessor
{
    private readonly PreprocessSpec _spec;
    private readonly TensorLayout _layout;
    private readonly TensorWriter _writer;
    private readonly IImageDecoder _decoder;
    private readonly DecodeOptions _options;
    private readonly int _imageLength;
    private readonly Lock _gate = new();
    // The last one in is the first one out, because its memory is still in the processor's cache.
    private readonly Stack<PreprocessingSink> _idle = [];

    /// <param name="spec">The preprocessing of the backbone.</param>
    /// <param name="layout">The order of the tensor's axes.</param>
    /// <param name="decoder">Any decoder; null for the default one.</param>
    /// <param name="options">Limits and background; null for the defaults.</param>
    internal ImagePreprocessor(PreprocessSpec spec, TensorLayout layout, IImageDecoder? decoder = null, DecodeOptions? options = null)
    {
        (_spec, _layout) = (spec, layout);
        _writer = new TensorWriter(spec, layout);
        _decoder = decoder ?? ImageDecoders.Default;
        _options = options ?? DecodeOptions.Default;
        var (width, height) = spec.OutputSize;
        _imageLength = 3 * width * height;
    }

    /// <summary>Memory for a batch of the network's input, its content undefined.</summary>
    internal TensorBatch Rent(int count)
    {
        var (width, height) = _spec.OutputSize;
        return TensorBatch.Rent(count, width, height, _layout);
    }

    /// <summary>Opens an image; blocks while a stream is read.</summary>
    /// <exception cref="ImageDecodeException">The image cannot be read or exceeds a limit.</exception>
    internal OpenedImage Open(ImageInput image, CancellationToken cancellationToken) => image.Open(_options, cancellationToken);

    /// <summary>Opens an image without holding a thread while it is read.</summary>
    /// <exception cref="ImageDecodeException">The image cannot be read or exceeds a limit.</exception>
    internal Task<OpenedImage> OpenAsync(ImageInput image, CancellationToken cancellationToken) => image.OpenAsync(_options, cancellationToken);

    /// <summary>Waits, without holding a thread, until there is memory to decode an image that is open; null where nothing is to be decoded.</summary>
    internal ValueTask<MemoryGate.Entry?> AdmitAsync(in OpenedImage image, CancellationToken cancellationToken) =>
        image.Pixels is null ? WaitAsync(DecodeMemory.Of(image.Encoded, _decoder, _options), cancellationToken) : default;

    /// <summary>What a cache finds an image by; see <see cref="OpenedImage.ContentKey"/>.</summary>
    internal byte[] ContentKey(in OpenedImage image) => image.ContentKey(_decoder);

    /// <summary>The key of an image's row in a cache. The row of a view other than the plain one has a key of its own.</summary>
    /// <param name="contentKey">What <see cref="ContentKey"/> gives for the image.</param>
    /// <param name="view">How the image is seen.</param>
    internal static byte[] RowKey(byte[] contentKey, ImageView view) =>
        view.IsPlain ? contentKey : SHA256.HashData([.. contentKey, .. Encoding.UTF8.GetBytes($"view {view.Window}{(view.IsMirrored ? ", mirrored" : "")}")]);

    /// <summary>Prepares decoded pixels.</summary>
    /// <param name="pixels">The decoded image <c>[H,W,3]</c>.</param>
    /// <param name="destination">One image of the tensor: exactly 3 values for each pixel of <see cref="PreprocessSpec.OutputSize"/>.</param>
    /// <param name="view">How the image is seen.</param>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    internal void Prepare(PixelBuffer pixels, Span<float> destination, ImageView view = default)
    {
        CheckLength(destination.Length);
        var sink = Take();
        sink.Prepare(pixels, destination, view);
        GiveBack(sink);
    }

    /// <summary>
    /// Decodes and prepares in one pass over the rows where the decoder can, to the same bits as
    /// <see cref="IImageDecoder.Decode"/> and <see cref="Prepare(PixelBuffer, Span{float}, ImageView)"/>.
    /// </summary>
    /// <param name="encoded">The bytes of the file.</param>
    /// <param name="destination">One image of the tensor; undefined when the decode fails.</param>
    /// <param name="place">The image's place in the <see cref="MemoryGate"/>, which is left when it is decoded; null to wait for one.</param>
    /// <param name="view">How the image is seen.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>What makes the picture doubtful, each in one sentence; empty for nothing.</returns>
    /// <exception cref="ImageDecodeException">The image cannot be decoded.</exception>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    /// <exception cref="OperationCanceledException">Canceled before there was a place.</exception>
    internal IReadOnlyList<string> Prepare(
        ReadOnlySpan<byte> encoded, Memory<float> destination, MemoryGate.Entry? place = null, ImageView view = default, CancellationToken cancellationToken = default)
    {
        using var held = place ?? MemoryGate.Shared.Enter(DecodeMemory.Of(encoded, _decoder, _options), _options.MemoryBudget, cancellationToken);
        using var inside = MemoryGate.Entry.OnThread();
        if (_decoder is not IRowDecoder rowDecoder)
        {
            using var pixels = _decoder.Decode(encoded, _options);
            if (_options.Strict && pixels.Warnings is [var first, ..]) Throw.ImageDoubtful(first);
            Prepare(pixels, destination.Span, view);
            return pixels.Warnings;
        }

        CheckLength(destination.Length);
        var sink = Take();
        sink.Target(destination, view);
        try
        {
            rowDecoder.DecodeRows(encoded, _options, sink);
            sink.Complete();
            return sink.Warnings;
        }
        finally
        {
            sink.Reset();
            GiveBack(sink);
        }
    }

    /// <summary>Opens, decodes and prepares an image of any kind.</summary>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded; the exception names it.</exception>
    /// <inheritdoc cref="Prepare(ReadOnlySpan{byte}, Memory{float}, MemoryGate.Entry?, ImageView, CancellationToken)"/>
    internal IReadOnlyList<string> Prepare(ImageInput image, Memory<float> destination)
    {
        try
        {
            using var opened = Open(image, CancellationToken.None);
            return Prepare(opened, destination);
        }
        catch (ImageDecodeException exception) when (image.MustName(exception))
        {
            throw Throw.ImageNamed(image.Id, exception);
        }
    }

    /// <summary>Prepares an image that is open.</summary>
    /// <param name="image">The image.</param>
    /// <param name="destination">One image of the tensor; undefined when the decode fails.</param>
    /// <param name="place">What <see cref="AdmitAsync"/> gave; null to wait here.</param>
    /// <param name="view">How the image is seen.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ImageDecodeException">The image cannot be decoded.</exception>
    /// <inheritdoc cref="Prepare(ReadOnlySpan{byte}, Memory{float}, MemoryGate.Entry?, ImageView, CancellationToken)"/>
    internal IReadOnlyList<string> Prepare(
        in OpenedImage image, Memory<float> destination, MemoryGate.Entry? place = null, ImageView view = default, CancellationToken cancellationToken = default)
    {
        if (image.Pixels is not { } pixels) return Prepare(image.Encoded, destination, place, view, cancellationToken);
        Prepare(pixels, destination.Span, view);
        return pixels.Warnings;
    }

    private async ValueTask<MemoryGate.Entry?> WaitAsync(long bytes, CancellationToken cancellationToken) =>
        await MemoryGate.Shared.EnterAsync(bytes, _options.MemoryBudget, cancellationToken).ConfigureAwait(false);

    private PreprocessingSink Take()
    {
        lock (_gate)
        {
            if (_idle.TryPop(out var sink)) return sink;
        }

        return new PreprocessingSink(_spec, _writer);
    }

    private void GiveBack(PreprocessingSink sink)
    {
        // A crowd of threads prepares no more images at the same time than there are cores, whatever each has begun.
        lock (_gate)
        {
            if (_idle.Count < Cores.Count(0)) _idle.Push(sink);
        }
    }

    private void CheckLength(int length)
    {
        if (length == _imageLength) return;
        var (width, height) = _spec.OutputSize;
        Throw.TensorHasWrongLength(length, width, height);
    }
}
