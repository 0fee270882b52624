using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>Registers feature extractors and classifiers with Microsoft.Extensions.DependencyInjection.</summary>
public static class OnnxTransferServiceCollectionExtensions
{
    /// <summary>
    /// Registers a <see cref="FeatureExtractor"/>, an <see cref="ImageClassifier"/> or both as singletons; with a classifier also a
    /// <see cref="ReloadableClassifier"/> of the same file, for an application that replaces it while it runs. Each is opened when it is
    /// first asked for, logs to the application's <see cref="ILoggerFactory"/> as <c>OnnxTransfer</c> unless
    /// <see cref="FeatureExtractorOptions.Logger"/> is set, and is disposed with the container.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="backbone">For a <see cref="FeatureExtractor"/>: the id of a model beside the application or of the catalogue, or the path of an <c>.onnx</c> file.</param>
    /// <param name="classifier">For an <see cref="ImageClassifier"/>: a file that <see cref="ImageClassifier.Save"/> wrote.</param>
    /// <param name="options">Provider, threads, decoder and store; null for the defaults.</param>
    /// <param name="serviceKey">Tells several of a kind apart: ask for them with <c>[FromKeyedServices(key)]</c>; null for the only one.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentException">Neither a backbone nor a classifier is named.</exception>
    public static IServiceCollection AddOnnxTransfer(
        this IServiceCollection services, string? backbone = null, string? classifier = null, FeatureExtractorOptions? options = null, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (string.IsNullOrWhiteSpace(backbone) && string.IsNullOrWhiteSpace(classifier)) Throw.NothingToRegister();
        options ??= new FeatureExtractorOptions();
        if (!string.IsNullOrWhiteSpace(backbone)) services.AddKeyedSingleton(serviceKey, (provider, _) => FeatureExtractor.Load(backbone, Logging(provider)));
        if (!string.IsNullOrWhiteSpace(classifier)) services.AddKeyedSingleton(serviceKey, (provider, _) => ImageClassifier.Load(classifier, Logging(provider)));
        if (!string.IsNullOrWhiteSpace(classifier)) services.AddKeyedSingleton(serviceKey, (provider, _) => ReloadableClassifier.Load(classifier, Logging(provider)));
        return services;

        FeatureExtractorOptions Logging(IServiceProvider provider) =>
            options.Logger is null ? options with { Logger = provider.GetService<ILoggerFactory>()?.CreateLogger("OnnxTransfer") } : options;
    }
}
