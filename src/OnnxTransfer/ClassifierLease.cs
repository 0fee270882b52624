using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>
/// A classifier that stays open for as long as the lease is held, even if another one replaces it meanwhile; see
/// <see cref="ReloadableClassifier.Acquire"/>. Hold it for one request, and dispose the lease, not the classifier.
/// </summary>
/// <example>
/// <code>
/// using var lease = reloadable.Acquire();
/// Prediction prediction = lease.Classifier.Predict("unknown.jpg");
/// Explanation explanation = lease.Classifier.Explain("unknown.jpg", prediction.Label);
/// </code>
/// </example>
public sealed class ClassifierLease : IDisposable
{
    private readonly ImageClassifier _classifier;
    private RunGate? _requests;

    internal ClassifierLease(ImageClassifier classifier, RunGate requests) => (_classifier, _requests) = (classifier, requests);

    /// <summary>The classifier.</summary>
    /// <exception cref="ObjectDisposedException">The lease has ended.</exception>
    public ImageClassifier Classifier
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _requests) is null, this);
            return _classifier;
        }
    }

    /// <summary>Ends the lease.</summary>
    public void Dispose() => Interlocked.Exchange(ref _requests, null)?.Exit();
}
