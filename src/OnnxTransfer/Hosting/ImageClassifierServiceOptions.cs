namespace OnnxTransfer;

/// <summary>Which classifier <c>AddImageClassifier</c> opens, and how. One with a key has the options of that name.</summary>
public sealed class ImageClassifierServiceOptions
{
    /// <summary>A file that <see cref="ImageClassifier.Save"/> wrote. Required; the application does not start without it.</summary>
    public string Path { get; set; } = "";

    /// <summary>
    /// Provider, threads and decoder. The application's log hears of it as <c>OnnxTransfer</c> unless
    /// <see cref="FeatureExtractorOptions.Logger"/> is set.
    /// </summary>
    public FeatureExtractorOptions Extractor { get; set; } = new();
}
