using Microsoft.Extensions.AI;

namespace OnnxTransfer;

/// <summary>A feature extractor as a generator of Microsoft.Extensions.AI.</summary>
/// <param name="extractor">The extractor.</param>
/// <param name="ownsExtractor">Whether disposal closes it.</param>
internal sealed class ImageEmbeddingGenerator(FeatureExtractor extractor, bool ownsExtractor) : IEmbeddingGenerator<DataContent, Embedding<float>>, IAsyncDisposable
{
    private readonly EmbeddingGeneratorMetadata _metadata = new("onnxtransfer", providerUri: null, extractor.Model.Id, extractor.Dim);
    private volatile bool _disposed;

    /// <inheritdoc/>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<DataContent> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        ObjectDisposedException.ThrowIf(_disposed, this);
        Check(options);
        ImageInput[] images = [.. values.Select(ToInput)];
        cancellationToken.ThrowIfCancellationRequested();
        if (images.Length == 0) return [];
        var rows = await extractor.Network.EmbedAllAsync(images, cancellationToken).ConfigureAwait(false);
        var now = DateTimeOffset.UtcNow;
        return [.. rows.Select(row => new Embedding<float>(row) { ModelId = extractor.Model.Id, CreatedAt = now })];
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
    public void Dispose()
    {
        _disposed = true;
        if (ownsExtractor) extractor.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _disposed = true;
        return ownsExtractor ? extractor.DisposeAsync() : ValueTask.CompletedTask;
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
