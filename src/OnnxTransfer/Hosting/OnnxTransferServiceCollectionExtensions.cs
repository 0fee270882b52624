using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OnnxTransfer.Hosting;

namespace OnnxTransfer;

/// <summary>Registers classifiers and feature extractors with Microsoft.Extensions.DependencyInjection.</summary>
public static class OnnxTransferServiceCollectionExtensions
{
    /// <summary>
    /// Registers a classifier as a singleton, which is opened at its first use and closed with the container. It is registered as an
    /// <see cref="IImageClassifier"/>, and as a <see cref="ReloadableClassifier"/> for an application that replaces it at run time or
    /// explains its predictions.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="path">A file that <see cref="ImageClassifier.Save"/> wrote.</param>
    /// <param name="options">Provider, threads and decoder; null for the defaults.</param>
    /// <param name="serviceKey">
    /// The key of this classifier, if there are several: request it with <c>[FromKeyedServices(key)]</c>. Null for the only one.
    /// </param>
    /// <returns>A builder that adds a warm-up and a health check.</returns>
    public static OnnxTransferBuilder AddImageClassifier(
        this IServiceCollection services, string path, FeatureExtractorOptions? options = null, string? serviceKey = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return services.AddImageClassifier(one => (one.Path, one.Extractor) = (path, options ?? one.Extractor), serviceKey);
    }

    /// <inheritdoc cref="AddImageClassifier(IServiceCollection, string, FeatureExtractorOptions?, string?)"/>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets the file and its options; <c>services.Configure</c> can change them further.</param>
    /// <param name="serviceKey">
    /// The key of this classifier, if there are several, and the name of its options. Null for the only one.
    /// </param>
    public static OnnxTransferBuilder AddImageClassifier(
        this IServiceCollection services, Action<ImageClassifierServiceOptions> configure, string? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<ImageClassifierServiceOptions>(serviceKey).Configure(configure)
            .Validate(one => !string.IsNullOrWhiteSpace(one.Path), "ImageClassifierServiceOptions.Path is empty: name a file that ImageClassifier.Save wrote.")
            .ValidateOnStart();
        services.AddKeyedSingleton(serviceKey, (provider, _) =>
        {
            var options = provider.GetRequiredService<IOptionsMonitor<ImageClassifierServiceOptions>>().Get(serviceKey);
            return ReloadableClassifier.Load(options.Path, Logging(options.Extractor, provider));
        });
        services.AddKeyedSingleton<IImageClassifier>(serviceKey, (provider, _) => provider.GetRequiredKeyedService<ReloadableClassifier>(serviceKey));
        return new OnnxTransferBuilder(services, serviceKey, "classifier", provider => new ClassifierReadiness(provider.GetRequiredKeyedService<ReloadableClassifier>(serviceKey)));
    }

    /// <summary>
    /// Registers a <see cref="FeatureExtractor"/> as a singleton, which is opened at its first use and closed with the container, and
    /// an <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/> of <see cref="DataContent"/> that runs it.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="model">The id of a model beside the application or of the catalog, or the path of an <c>.onnx</c> file.</param>
    /// <param name="options">Layers, provider, threads, decoder and store; null for the defaults.</param>
    /// <param name="serviceKey">
    /// The key of this extractor, if there are several: request it with <c>[FromKeyedServices(key)]</c>. Null for the only one.
    /// </param>
    /// <returns>A builder that adds a warm-up and a health check.</returns>
    public static OnnxTransferBuilder AddFeatureExtractor(
        this IServiceCollection services, string model, FeatureExtractorOptions? options = null, string? serviceKey = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        return services.AddFeatureExtractor(one => (one.Model, one.Extractor) = (model, options ?? one.Extractor), serviceKey);
    }

    /// <inheritdoc cref="AddFeatureExtractor(IServiceCollection, string, FeatureExtractorOptions?, string?)"/>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets the backbone and its options; <c>services.Configure</c> can change them further.</param>
    /// <param name="serviceKey">
    /// The key of this extractor, if there are several, and the name of its options. Null for the only one.
    /// </param>
    public static OnnxTransferBuilder AddFeatureExtractor(
        this IServiceCollection services, Action<FeatureExtractorServiceOptions> configure, string? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<FeatureExtractorServiceOptions>(serviceKey).Configure(configure)
            .Validate(one => !string.IsNullOrWhiteSpace(one.Model), "FeatureExtractorServiceOptions.Model is empty: name a model such as resnet18, or the path of an .onnx file.")
            .ValidateOnStart();
        services.AddKeyedSingleton(serviceKey, (provider, _) =>
        {
            var options = provider.GetRequiredService<IOptionsMonitor<FeatureExtractorServiceOptions>>().Get(serviceKey);
            return FeatureExtractor.Load(options.Model, Logging(options.Extractor, provider));
        });
        services.AddKeyedSingleton(serviceKey, (provider, _) => provider.GetRequiredKeyedService<FeatureExtractor>(serviceKey).AsEmbeddingGenerator());
        return new OnnxTransferBuilder(services, serviceKey, "extractor", provider => new ExtractorReadiness(provider.GetRequiredKeyedService<FeatureExtractor>(serviceKey)));
    }

    private static FeatureExtractorOptions Logging(FeatureExtractorOptions options, IServiceProvider provider) =>
        options.Logger is null ? options with { Logger = provider.GetService<ILoggerFactory>()?.CreateLogger("OnnxTransfer") } : options;
}
