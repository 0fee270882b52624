using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>
/// A classifier that a newer one can replace while it serves requests. New requests get the new classifier. Running requests finish on
/// the old one, which is closed after the last of them. Thread-safe; one instance serves a whole process.
/// </summary>
/// <example>
/// <code>
/// await using var classifier = ReloadableClassifier.Load("flowers.onnx");
/// Prediction prediction = classifier.Predict("unknown.jpg");
/// await classifier.ReloadAsync("flowers-2.onnx");
/// </code>
/// </example>
public sealed class ReloadableClassifier : IImageClassifier, IDisposable, IAsyncDisposable
{
    private readonly FeatureExtractorOptions? _options;
    private readonly Lock _exchange = new();
    // Replaced, and not closed yet because requests still use them.
    private readonly HashSet<Generation> _retiring = [];
    // Null once disposed.
    private volatile Generation? _current;

    /// <summary>Serves a classifier that is open already.</summary>
    /// <param name="classifier">The classifier. It is closed when it is replaced, or when this object is disposed.</param>
    /// <param name="options">
    /// The options for the files that <see cref="ReloadAsync"/> opens: provider, threads and decoder; null for the defaults.
    /// </param>
    public ReloadableClassifier(ImageClassifier classifier, FeatureExtractorOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(classifier);
        ObjectDisposedException.ThrowIf(classifier.IsDisposed, classifier);
        _options = options;
        _current = new Generation(classifier);
    }

    /// <summary>Serves a classifier from a file.</summary>
    /// <param name="path">A file that <see cref="ImageClassifier.Save"/> wrote.</param>
    /// <param name="options">
    /// Provider, threads and decoder, for this file and for every <see cref="ReloadAsync"/>; null for the defaults.
    /// </param>
    /// <exception cref="ModelException">
    /// The file is missing, damaged, or not such a classifier; see <see cref="ImageClassifier.Load"/>.
    /// </exception>
    public static ReloadableClassifier Load(string path, FeatureExtractorOptions? options = null) =>
        new(ImageClassifier.Load(path, options), options);

    /// <summary>Serves a classifier from a file, which is read and opened on a thread of the pool.</summary>
    /// <param name="path">A file that <see cref="ImageClassifier.Save"/> wrote.</param>
    /// <param name="options">
    /// Provider, threads and decoder, for this file and for every <see cref="ReloadAsync"/>; null for the defaults.
    /// </param>
    /// <param name="cancellationToken">Stops the loading.</param>
    /// <inheritdoc cref="Load" path="/exception"/>
    public static async Task<ReloadableClassifier> LoadAsync(string path, FeatureExtractorOptions? options = null, CancellationToken cancellationToken = default) =>
        new(await ImageClassifier.LoadAsync(path, options, cancellationToken).ConfigureAwait(false), options);

    /// <summary>
    /// The classes of the current classifier; another classifier may have other classes. A prediction has the labels of the classifier
    /// that made it.
    /// </summary>
    /// <exception cref="ObjectDisposedException">This object is disposed.</exception>
    public IReadOnlyList<string> Labels
    {
        get
        {
            using var lease = Acquire();
            return lease.Classifier.Labels;
        }
    }

    /// <summary>Classifies an image, as <see cref="ImageClassifier.Predict(ImageInput)"/> does.</summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    /// <exception cref="ModelException">The network failed to run, or gave a number that is NaN or infinite.</exception>
    public Prediction Predict(ImageInput image)
    {
        using var lease = Acquire();
        return lease.Classifier.Predict(image);
    }

    /// <summary>Classifies an encoded image held in memory.</summary>
    /// <exception cref="ImageDecodeException">The bytes are not an image that can be decoded.</exception>
    /// <exception cref="ModelException">The network failed to run, or gave a number that is NaN or infinite.</exception>
    public Prediction Predict(ReadOnlySpan<byte> encoded)
    {
        using var lease = Acquire();
        return lease.Classifier.Predict(encoded);
    }

    /// <summary>Classifies an image, as <see cref="ImageClassifier.PredictAsync(ImageInput, CancellationToken)"/> does.</summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <param name="cancellationToken">Stops the reading; a run of the network that has begun is not interrupted.</param>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    /// <exception cref="ModelException">The network failed to run, or gave a number that is NaN or infinite.</exception>
    public async Task<Prediction> PredictAsync(ImageInput image, CancellationToken cancellationToken = default)
    {
        using var lease = Acquire();
        return await lease.Classifier.PredictAsync(image, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Classifies an encoded image of a stream, as <see cref="ImageClassifier.PredictAsync(Stream, CancellationToken)"/> does.
    /// </summary>
    /// <param name="encoded">The stream, of which at most <see cref="DecodeOptions.MaxEncodedBytes"/> are read.</param>
    /// <param name="cancellationToken">Stops the reading; a run of the network that has begun is not interrupted.</param>
    /// <exception cref="ImageDecodeException">
    /// The stream does not hold an image that can be decoded, or it has more bytes than the limit.
    /// </exception>
    /// <exception cref="ModelException">The network failed to run, or gave a number that is NaN or infinite.</exception>
    public async Task<Prediction> PredictAsync(Stream encoded, CancellationToken cancellationToken = default)
    {
        using var lease = Acquire();
        return await lease.Classifier.PredictAsync(encoded, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Classifies many images, all by the same classifier, as <see cref="ImageClassifier"/> does.</summary>
    /// <param name="images">The images; <see cref="ImageInput.FromFiles"/> makes them of paths.</param>
    /// <param name="batchSize">Images per run of the network; 0 for the number that suits the provider.</param>
    /// <param name="progress">Receives the progress after every batch.</param>
    /// <param name="cancellationToken">Stops after the current batch.</param>
    /// <returns>One entry per image, in order.</returns>
    public async Task<IReadOnlyList<ImagePrediction>> PredictAsync(
        IReadOnlyList<ImageInput> images, int batchSize = 0, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        using var lease = Acquire();
        return await lease.Classifier.PredictAsync(images, batchSize, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Lends the current classifier to a request that calls it more than once; it stays open until the lease is disposed.</summary>
    /// <exception cref="ObjectDisposedException">This object is disposed.</exception>
    public ClassifierLease Acquire()
    {
        while (true)
        {
            var current = _current ?? throw Disposed();
            // Where a swap came between the two lines, another classifier is current by now.
            if (current.Requests.TryEnter()) return new ClassifierLease(current.Classifier, current.Requests);
        }
    }

    /// <summary>
    /// Replaces the classifier. Every request that begins after this call gets the new one. The task ends when the requests on the
    /// old one have ended and it is closed; await it to hold no more than two classifiers in memory, but not while holding a lease.
    /// </summary>
    /// <param name="next">The new classifier. It is closed when it is replaced, or when this object is disposed.</param>
    /// <param name="cancellationToken">
    /// Stops the waiting. The new classifier stays, and the old one is closed after its last request.
    /// </param>
    /// <exception cref="ArgumentException">The classifier already serves here, or it served before and is being closed.</exception>
    /// <exception cref="ObjectDisposedException">
    /// This object or the new classifier is disposed; the new classifier is left as it is.
    /// </exception>
    public Task SwapAsync(ImageClassifier next, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(next);
        return RetireAsync(Exchange(next)).WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Replaces the classifier by one from a file, as <see cref="SwapAsync"/> does. The new classifier is loaded and checked first. If
    /// that fails, the old one continues to serve. Of several calls at once, the one that loads last wins.
    /// </summary>
    /// <param name="path">A file that <see cref="ImageClassifier.Save"/> wrote.</param>
    /// <param name="cancellationToken">Before the replacement: stops, and nothing changes. After it: stops the waiting.</param>
    /// <exception cref="ModelException">
    /// The file is missing, damaged, or not such a classifier; see <see cref="ImageClassifier.Load"/>.
    /// </exception>
    /// <exception cref="ObjectDisposedException">This object is disposed.</exception>
    public async Task ReloadAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (_current is null) throw Disposed();
        var next = await ImageClassifier.LoadAsync(path, _options, cancellationToken).ConfigureAwait(false);
        Generation old;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            old = Exchange(next);
        }
        catch
        {
            await next.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        await RetireAsync(old).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Closes the current classifier and the older ones that requests still use, as <see cref="ImageClassifier.Dispose"/> does: the
    /// method waits for a run of the network that has begun, and every unfinished request throws an
    /// <see cref="ObjectDisposedException"/>.
    /// </summary>
    public void Dispose()
    {
        foreach (var generation in TakeAll()) generation.Classifier.Dispose();
    }

    /// <summary>Closes as <see cref="Dispose"/> does, without blocking the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var generation in TakeAll()) await generation.Classifier.DisposeAsync().ConfigureAwait(false);
    }

    private static ObjectDisposedException Disposed() => new(typeof(ReloadableClassifier).FullName);

    /// <returns>The classifier that served before.</returns>
    private Generation Exchange(ImageClassifier next)
    {
        lock (_exchange)
        {
            var old = _current ?? throw Disposed();
            if (old.Classifier == next || _retiring.Any(generation => generation.Classifier == next)) throw Throw.ClassifierIsInUse();
            ObjectDisposedException.ThrowIf(next.IsDisposed, next);
            _retiring.Add(old);
            _current = new Generation(next);
            return old;
        }
    }

    private async Task RetireAsync(Generation old)
    {
        await old.Requests.CloseAsync().ConfigureAwait(false);
        await old.Classifier.DisposeAsync().ConfigureAwait(false);
        lock (_exchange) _retiring.Remove(old);
    }

    private List<Generation> TakeAll()
    {
        lock (_exchange)
        {
            List<Generation> all = [.. _retiring];
            if (_current is { } current) all.Add(current);
            _current = null;
            return all;
        }
    }

    /// <summary>A classifier and the requests that use it.</summary>
    private sealed record Generation(ImageClassifier Classifier)
    {
        internal RunGate Requests { get; } = new(typeof(ReloadableClassifier));
    }
}
