namespace OnnxTransfer;

/// <summary>
/// The backbone that <c>AddFeatureExtractor</c> opens, and its options. An extractor with a key uses the options of that name.
/// </summary>
public sealed class FeatureExtractorServiceOptions
{
    /// <summary>
    /// The id of a model beside the application or of the catalog, or the path of an <c>.onnx</c> file. Required; the application does
    /// not start without it.
    /// </summary>
    public string Model { get; set; } = "";

    /// <summary>
    /// Layers, provider, threads, decoder and store. Unless <see cref="FeatureExtractorOptions.Logger"/> is set, the library writes to
    /// the application's log under the name <c>OnnxTransfer</c>.
    /// </summary>
    public FeatureExtractorOptions Extractor { get; set; } = new();
}
