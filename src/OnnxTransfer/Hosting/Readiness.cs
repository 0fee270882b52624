namespace OnnxTransfer.Hosting;

/// <summary>The part of an open model that a warm-up and a health check need.</summary>
internal abstract class Readiness
{
    /// <summary>Runs one image through the network.</summary>
    internal abstract Task RunAsync(CancellationToken cancellationToken);

    /// <summary>What is known of the model without a run.</summary>
    /// <exception cref="ObjectDisposedException">The model is closed.</exception>
    internal abstract IReadOnlyDictionary<string, object> Describe();

    /// <summary>One gray pixel.</summary>
    private protected static PixelBuffer Pixel() => PixelBuffer.FromRgb([128, 128, 128], 1, 1);
}

/// <inheritdoc/>
internal sealed class ClassifierReadiness(ReloadableClassifier classifier) : Readiness
{
    internal override async Task RunAsync(CancellationToken cancellationToken)
    {
        using var pixel = Pixel();
        await classifier.PredictAsync(ImageInput.FromPixels(pixel), cancellationToken).ConfigureAwait(false);
    }

    internal override IReadOnlyDictionary<string, object> Describe()
    {
        using var lease = classifier.Acquire();
        var one = lease.Classifier;
        return new Dictionary<string, object> { ["model"] = one.Model.Id, ["provider"] = one.Provider.ToString(), ["classes"] = one.Labels.Count };
    }
}

/// <inheritdoc/>
internal sealed class ExtractorReadiness(FeatureExtractor extractor) : Readiness
{
    internal override async Task RunAsync(CancellationToken cancellationToken)
    {
        using var pixel = Pixel();
        await extractor.EmbedAsync(ImageInput.FromPixels(pixel), cancellationToken).ConfigureAwait(false);
    }

    internal override IReadOnlyDictionary<string, object> Describe()
    {
        extractor.ThrowIfDisposed();
        return new Dictionary<string, object> { ["model"] = extractor.Model.Id, ["provider"] = extractor.Provider.ToString(), ["dimensions"] = extractor.Dim };
    }
}
