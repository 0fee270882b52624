namespace OnnxTransfer;

/// <summary>Which backbone <c>AddFeatureExtractor</c> opens, and how. One with a key has the options of that name.</summary>
public sealed class FeatureExtractorServiceOptions
{
    /// <summary>
    /// The id of a model beside the application or of the catalog, or the path of an <c>.onnx</c> file. Required; the application does
    /// not start without it.
    /// </summary>
    public string Model { get; set; } = "";

    /// <summary>
    /// Layers, provider, threads, decoder and store. The application's log hears of it as <c>OnnxTransfer</c> unless
    /// <see cref="FeatureExtractorOptions.Logger"/> is set.
    /// </summary>
    public FeatureExtractorOptions Extractor { get; set; } = new();
}
