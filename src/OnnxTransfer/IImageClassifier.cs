namespace OnnxTransfer;

/// <summary>
/// Classifies images: the part of a classifier that an application needs, small enough to replace in a test.
/// <see cref="ImageClassifier"/> and <see cref="ReloadableClassifier"/> implement it; <c>AddImageClassifier</c> registers one.
/// Thread-safe.
/// </summary>
public interface IImageClassifier
{
    /// <summary>The classes, in the order of their probabilities.</summary>
    IReadOnlyList<string> Labels { get; }

    /// <summary>Classifies an image, without blocking the caller while the image is read and computed.</summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <param name="cancellationToken">Stops the reading; a run of the network that has begun is not interrupted.</param>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    /// <exception cref="ModelException">The network failed to run, or gave a number that is NaN or infinite.</exception>
    Task<Prediction> PredictAsync(ImageInput image, CancellationToken cancellationToken = default);

    /// <summary>Classifies an encoded image, read from the stream's position to its end, such as the body of a request.</summary>
    /// <param name="encoded">The stream, which is never read synchronously and stays open.</param>
    /// <param name="cancellationToken">Stops the reading; a run of the network that has begun is not interrupted.</param>
    /// <exception cref="ImageDecodeException">
    /// The stream does not hold an image that can be decoded, or it has more bytes than the limit.
    /// </exception>
    /// <exception cref="ModelException">The network failed to run, or gave a number that is NaN or infinite.</exception>
    Task<Prediction> PredictAsync(Stream encoded, CancellationToken cancellationToken = default);
}
