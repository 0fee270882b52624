using OnnxTransfer.Embedding;
using OnnxTransfer.Explaining;
using OnnxTransfer.Reporting;

namespace OnnxTransfer;

/// <content>Where a classifier looks, and what a report needs of it.</content>
public sealed partial class ImageClassifier
{
    /// <summary>The source of the rows that are scored.</summary>
    internal ImageNetwork Network { get; }

    internal bool IsDisposed => _disposed;

    /// <summary>The network, for a call that runs it.</summary>
    /// <exception cref="ObjectDisposedException">The classifier is disposed.</exception>
    private ImageNetwork Usable
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return Network;
        }
    }

    /// <summary>The record of the training; null if it is not known.</summary>
    internal string? Training => _training;

    /// <summary>
    /// Shows where in an image the classifier sees a class, by a class activation map. The map is exact; it takes one run of the
    /// network and no gradients. The head must be linear (softmax or sigmoid, on standardized features or not), and the features must
    /// be the average of a feature map.
    /// </summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <param name="label">The class; null for the most probable one.</param>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    /// <exception cref="ArgumentException">There is no such class.</exception>
    /// <exception cref="ModelException">
    /// The head has hidden layers, nothing was trained, or the backbone's features are not the average of a feature map.
    /// </exception>
    public Explanation Explain(ImageInput image, string? label = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        int? index = null;
        if (label is not null)
        {
            index = Labels.ToList().IndexOf(label);
            if (index < 0) throw Throw.NoSuchClass(label, Labels);
        }

        Usable.ThrowIfDisposed();
        var explainer = _explainer.Value;
        // The session was opened while Dispose ran and did not see it, so it is closed here. Its runs are refused then.
        Interlocked.MemoryBarrier();
        if (_disposed) explainer.Dispose();
        return explainer.Explain(image, index, Labels);
    }

    /// <summary>Writes photos with their classes as one HTML page that needs no network: at most 150 of them, in even steps over the list.</summary>
    /// <param name="path">The <c>.html</c> file to write, whole or not at all; an existing one is replaced.</param>
    /// <param name="predictions">
    /// Predictions of this classifier. Each <see cref="ImagePrediction.Id"/> is the path of the photo; a note stands in the place of a photo
    /// that is not there.
    /// </param>
    /// <param name="total">How many images were predicted, for a list that is a sample of them; null for its length.</param>
    /// <exception cref="IOException">The folder does not exist, or the file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public void WriteReport(string path, IReadOnlyList<ImagePrediction> predictions, long? total = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentNullException.ThrowIfNull(predictions);
        Report(path, predictions, total, CancellationToken.None);
    }

    /// <summary>Writes the page as <see cref="WriteReport"/> does, on a thread of the pool.</summary>
    /// <param name="path">The <c>.html</c> file to write, whole or not at all; an existing one is replaced.</param>
    /// <param name="predictions">Predictions of this classifier, with the paths of the photos as ids.</param>
    /// <param name="total">How many images were predicted, for a list that is a sample of them; null for its length.</param>
    /// <param name="cancellationToken">Stops before the file gets its name; an existing file then stays as it is.</param>
    /// <inheritdoc cref="WriteReport" path="/exception"/>
    public Task WriteReportAsync(string path, IReadOnlyList<ImagePrediction> predictions, long? total = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentNullException.ThrowIfNull(predictions);
        return Task.Run(() => Report(path, predictions, total, cancellationToken), cancellationToken);
    }

    private void Report(string path, IReadOnlyList<ImagePrediction> predictions, long? total, CancellationToken cancellationToken)
    {
        var options = Network.Options;
        PredictionPage.Of(predictions, total ?? predictions.Count, $"{Network.Card.Id}, which knows {Words.Count(Labels.Count, "class", "classes")}", new Thumbnails(options.Decoder, options.Decode))
            .Write(path, cancellationToken);
    }
}
