using Microsoft.Extensions.AI;
using OnnxTransfer.Decoding;
using OnnxTransfer.Hosting;
using OnnxTransfer.Internals;

namespace OnnxTransfer;

public sealed partial class FeatureExtractor
{
    /// <summary>
    /// The extractor as Microsoft.Extensions.AI sees it, for vector stores, logging and telemetry written for any generator. It gives one
    /// embedding of <see cref="Dim"/> numbers per image, in the order of the images; the vectors are those of <c>EmbedAsync</c>, which are
    /// not of unit length. Images are recognized by their bytes, whatever <see cref="DataContent.MediaType"/> says. Thread-safe.
    /// </summary>
    /// <param name="disposeExtractor">
    /// Whether disposing the generator disposes this extractor, for a container that knows the generator only. By default the extractor
    /// stays open and belongs to the caller.
    /// </param>
    /// <returns>
    /// A generator whose <c>GenerateAsync</c> throws an <see cref="ImageDecodeException"/> for the first image that cannot be used, a
    /// <see cref="NotSupportedException"/> for an option that it cannot honor, and an <see cref="ObjectDisposedException"/> after
    /// disposal. Its <c>GetService</c> gives the <see cref="EmbeddingGeneratorMetadata"/> and this extractor.
    /// </returns>
    public IEmbeddingGenerator<DataContent, Embedding<float>> AsEmbeddingGenerator(bool disposeExtractor = false)
    {
        _runs.ThrowIfClosed();
        return new ImageEmbeddingGenerator(this, disposeExtractor);
    }

    /// <summary>The vectors of all images, in order; the first image that cannot be used ends the run.</summary>
    /// <exception cref="ImageDecodeException">An image cannot be read or decoded; the exception names it.</exception>
    internal async Task<IReadOnlyList<float[]>> EmbedAllAsync(IReadOnlyList<ImageInput> images, CancellationToken cancellationToken)
    {
        // One image needs no pipeline, unless there is a cache to look it up in.
        if (images.Count == 1 && _cacheSpace is null) return [await EmbedAsync(images[0], cancellationToken).ConfigureAwait(false)];
        using var activity = _meter.Begin(images.Count);
        var rows = new List<float[]>(images.Count);
        await foreach (var image in Flatten(Pipeline(0, images.Count), images.ToAsyncEnumerable(), cancellationToken).ConfigureAwait(false))
        {
            rows.Add(image.Vector ?? throw Throw.ImageNamed(image.Id, new ImageDecodeException(image.Error!)));
        }

        return rows;
    }
}
