using System.Runtime.InteropServices;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Embedding.Caching;

/// <summary>
/// Thumbnails of images for the time of one run, those of earlier runs from the feature cache, where they have a space of their own. Thread-safe.
/// </summary>
internal sealed class CachedSamples : IDisposable
{
    private readonly ImageSampler _sampler;
    private readonly CachedRows? _rows;
    private readonly Lock _adding = new();

    /// <param name="sampler">Makes thumbnails.</param>
    /// <param name="cache">Where they are kept; null to make all of them.</param>
    internal CachedSamples(ImageSampler sampler, FeatureCache? cache)
    {
        _sampler = sampler;
        _rows = cache?.Open(CacheSpace.OfSamples(sampler.Description));
    }

    /// <summary>
    /// The thumbnail of an image; null if the image can no longer be read. An image whose content is known and whose thumbnail is in the cache is not
    /// read: the thumbnail is that of the content, even if the file has changed since.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="contentKey">Its content, as <see cref="EmbeddingResult.ContentKeys"/> has it; null to read the image for it.</param>
    /// <param name="cancellationToken">Stops before the image is decoded.</param>
    internal ImageSample? Read(ImageInput image, byte[]? contentKey, CancellationToken cancellationToken) =>
        (contentKey is null ? null : Find(contentKey)) ?? _sampler.Sample(image, Find, Keep, cancellationToken);

    public void Dispose() => _rows?.Dispose();

    private ImageSample? Find(byte[] key) => _rows?.Find(key) is { } row ? new ImageSample(MemoryMarshal.AsBytes<float>(row).ToArray()) : null;

    private void Keep(byte[] key, ImageSample sample)
    {
        if (_rows is null) return;
        lock (_adding) _rows.Add(key, MemoryMarshal.Cast<byte, float>(sample.Rgb).ToArray());
    }
}
