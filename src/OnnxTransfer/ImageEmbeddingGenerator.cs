using Microsoft.Extensions.AI;
using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>A feature extractor as a generator of Microsoft.Extensions.AI.</summary>
/// <param name="extractor">The extractor.</param>
/// <param name="ownsExtractor">Whether disposal closes it.</param>
internal sealed class ImageEmbeddingGenerator(FeatureExtractor extractor, bool ownsExtractor) : IEmbeddingGenerator<DataContent, Embedding<float>>, IAsyncDisposable
{
    private readonly EmbeddingGeneratorMetadata _metadata = new("onnxtransfer", providerUri: null, extractor.Model.Id, extractor.Dim);
    private readonly RunGate _calls = new(typeof(ImageEmbeddingGenerator));

    /// <inheritdoc/>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<DataContent> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        _calls.ThrowIfClosed();
        Check(options);
        ImageInput[] images = [.. values.Select(ToInput)];
        cancellationToken.ThrowIfCancellationRequested();
        if (images.Length == 0) return [];
        // From here on disposal waits; the enumeration above is code of the caller's, who may dispose in it.
        if (!_calls.TryEnter()) throw _calls.Refusal();
        try
        {
            var rows = await extractor.Network.EmbedAllAsync(images, cancellationToken).ConfigureAwait(false);
            var now = DateTimeOffset.UtcNow;
            return [.. rows.Select(row => new Embedding<float>(row) { ModelId = extractor.Model.Id, CreatedAt = now })];
        }
        finally
        {
            _calls.Exit();
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null) return null;
        if (serviceType == typeof(EmbeddingGeneratorMetadata)) return _metadata;
        return serviceType.IsInstanceOfType(this) ? this : serviceType.IsInstanceOfType(extractor) ? extractor : null;
    }

    /// <inheritdoc/>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _calls.CloseAsync().ConfigureAwait(false);
        if (ownsExtractor) await extractor.DisposeAsync().ConfigureAwait(false);
    }

    private static ImageInput ToInput(DataContent? content, int index)
    {
        if (content is null) throw Throw.NoContent("values", index);
        return ImageInput.FromBytes(content.Data, string.IsNullOrWhiteSpace(content.Name) ? $"values[{index}]" : content.Name);
    }

    /// <summary>Refuses options that would otherwise be ignored without a message.</summary>
    private void Check(EmbeddingGenerationOptions? options)
    {
        if (options is null) return;
        if (options.Dimensions is { } dimensions && dimensions != extractor.Dim) throw Throw.OtherDimensions(dimensions, extractor.Dim, extractor.Model.Id);
        if (options.ModelId is { } model && model != extractor.Model.Id) throw Throw.OtherModel(model, extractor.Model.Id);
        if (options.RawRepresentationFactory is not null) throw Throw.NoRawRepresentation();
    }
}
