namespace OnnxTransfer;

/// <summary>
/// The classifier that <c>AddImageClassifier</c> opens, and its options. A classifier with a key uses the options of that name.
/// </summary>
public sealed class ImageClassifierServiceOptions
{
    /// <summary>A file that <see cref="ImageClassifier.Save"/> wrote. Required; the application does not start without it.</summary>
    public string Path { get; set; } = "";

    /// <summary>
    /// Provider, threads and decoder. Unless <see cref="FeatureExtractorOptions.Logger"/> is set, the library writes to the
    /// application's log under the name <c>OnnxTransfer</c>.
    /// </summary>
    public FeatureExtractorOptions Extractor { get; set; } = new();
}
