using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OnnxTransfer.Backbones;
using OnnxTransfer.Data;
using OnnxTransfer.Decoding;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Embedding;

/// <summary>Prepares images for one network, each at its place in an input tensor. Thread-safe.</summary>
internal sealed class TensorFiller(ModelCard card, IImageDecoder decoder, DecodeOptions options)
{
    private readonly ImagePreprocessor _preprocessor = new(card.Preprocess, card.Input.Layout, decoder, options);

    /// <summary>Memory for a batch of the network's input, its content undefined.</summary>
    internal TensorBatch Rent(int count) => TensorBatch.Rent(count, card.Input.Width, card.Input.Height, card.Input.Layout);

    /// <summary>Opens an image; blocks while a stream is read.</summary>
    /// <exception cref="ImageDecodeException">The image cannot be read or exceeds a limit.</exception>
    internal OpenedImage Open(ImageInput image, CancellationToken cancellationToken) => image.Open(options, cancellationToken);

    /// <summary>Opens an image without holding a thread while it is read.</summary>
    /// <exception cref="ImageDecodeException">The image cannot be read or exceeds a limit.</exception>
    internal Task<OpenedImage> OpenAsync(ImageInput image, CancellationToken cancellationToken) => image.OpenAsync(options, cancellationToken);

    /// <summary>
    /// The key of an image's vector in the feature cache: the hash of its content, and also the decoder's name if another decoder than
    /// the extractor's reads it. So a vector is found only while the same decoder would read the image. The content of pixels is their
    /// size and their RGB values.
    /// </summary>
    /// <returns>32 bytes.</returns>
    internal byte[] CacheKey(in OpenedImage image)
    {
        if (image.Pixels is { } pixels)
            return SHA256.HashData([.. SHA256.HashData(pixels.Pixels), .. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"pixels {pixels.Width}x{pixels.Height}"))]);
        var hash = SHA256.HashData(image.Encoded);
        return decoder.HandedTo(image.Encoded) is { } other ? SHA256.HashData([.. hash, .. Encoding.UTF8.GetBytes(other.Name)]) : hash;
    }

    /// <summary>Waits, without holding a thread, until there is memory to decode an image that is open; null where nothing is to be decoded.</summary>
    internal ValueTask<MemoryGate.Entry?> AdmitAsync(in OpenedImage opened, CancellationToken cancellationToken) =>
        opened.Pixels is null ? WaitAsync(DecodeMemory.Of(opened.Encoded, decoder, options), cancellationToken) : default;

    /// <summary>Decodes and prepares an encoded image.</summary>
    /// <returns>What makes the picture doubtful, each in one sentence; empty for nothing.</returns>
    /// <exception cref="ImageDecodeException">The image cannot be decoded.</exception>
    internal IReadOnlyList<string> Fill(ReadOnlySpan<byte> encoded, Memory<float> image) => _preprocessor.Prepare(encoded, image);

    /// <summary>Prepares an image that is open.</summary>
    /// <param name="opened">The image.</param>
    /// <param name="image">Its place in a tensor.</param>
    /// <param name="place">What <see cref="AdmitAsync"/> gave; null to wait here.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>What makes the picture doubtful, each in one sentence; empty for nothing.</returns>
    /// <exception cref="ImageDecodeException">The image cannot be decoded.</exception>
    internal IReadOnlyList<string> Fill(in OpenedImage opened, Memory<float> image, MemoryGate.Entry? place = null, CancellationToken cancellationToken = default) =>
        _preprocessor.Prepare(opened, image, place, cancellationToken);

    private async ValueTask<MemoryGate.Entry?> WaitAsync(long bytes, CancellationToken cancellationToken) =>
        await MemoryGate.Shared.EnterAsync(bytes, options.MemoryBudget, cancellationToken).ConfigureAwait(false);
}
