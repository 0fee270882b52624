namespace OnnxTransfer;

/// <summary>
/// Says what is in an image: what the code of an application needs of a classifier, small enough for a test to stand in for it.
/// <see cref="ImageClassifier"/> and <see cref="ReloadableClassifier"/> are ones; <c>AddImageClassifier</c> registers one. Thread-safe.
/// </summary>
public interface IImageClassifier
{
    /// <summary>The classes, in the order of their probabilities.</summary>
    IReadOnlyList<string> Labels { get; }

    /// <summary>Says what is in an image, without blocking the caller while it is read and computed.</summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <param name="cancellationToken">Stops the reading; a network that runs is not interrupted.</param>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    Task<Prediction> PredictAsync(ImageInput image, CancellationToken cancellationToken = default);

    /// <summary>Says what is in an encoded image, read from the stream's position to its end, such as the body of a request.</summary>
    /// <param name="encoded">The stream, which is never read synchronously and stays open.</param>
    /// <param name="cancellationToken">Stops the reading; a network that runs is not interrupted.</param>
    /// <exception cref="ImageDecodeException">The stream holds no image that can be decoded, or more bytes than the limit.</exception>
    Task<Prediction> PredictAsync(Stream encoded, CancellationToken cancellationToken = default);
}
