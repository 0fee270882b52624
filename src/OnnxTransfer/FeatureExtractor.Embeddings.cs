using Microsoft.Extensions.AI;

namespace OnnxTransfer;

public sealed partial class FeatureExtractor
{
    /// <summary>
    /// The extractor as an embedding generator of Microsoft.Extensions.AI, for vector stores, logging and telemetry that work with any
    /// generator. It gives one embedding of <see cref="Dim"/> numbers per image, in the order of the images; the vectors are those of
    /// <c>EmbedAsync</c>, which are not of unit length. The format of an image is recognized by its bytes;
    /// <see cref="DataContent.MediaType"/> is ignored. Thread-safe.
    /// </summary>
    /// <param name="disposeExtractor">
    /// Whether disposing the generator also disposes this extractor, for a container that knows only the generator. By default the
    /// extractor stays open and belongs to the caller.
    /// </param>
    /// <returns>
    /// A generator whose <c>GenerateAsync</c> throws an <see cref="ImageDecodeException"/> for the first image that cannot be used, a
    /// <see cref="NotSupportedException"/> for an option that it cannot honor, and an <see cref="ObjectDisposedException"/> after
    /// disposal. Its <c>GetService</c> gives the <see cref="EmbeddingGeneratorMetadata"/> and this extractor.
    /// </returns>
    public IEmbeddingGenerator<DataContent, Embedding<float>> AsEmbeddingGenerator(bool disposeExtractor = false)
    {
        ThrowIfDisposed();
        return new ImageEmbeddingGenerator(this, disposeExtractor);
    }
}
