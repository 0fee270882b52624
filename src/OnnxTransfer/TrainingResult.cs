using OnnxTransfer.Reporting;
using OnnxTransfer.Training;

namespace OnnxTransfer;

/// <summary>A trained classifier, and the record of its training.</summary>
public sealed class TrainingResult
{
    private readonly ImageDataset _dataset;
    private readonly TrainingSets _sets;
    private readonly Lazy<IReadOnlyList<EvaluatedImage>> _images;

    internal TrainingResult(ImageDataset dataset, TrainingSets sets)
    {
        (_dataset, _sets) = (dataset, sets);
        _images = new Lazy<IReadOnlyList<EvaluatedImage>>(() => _sets.Evaluate(row => Classifier!.ToPrediction(Embedding!.Features.Row(row))));
    }

    /// <summary>The classifier; the caller disposes it. It runs on the extractor it was trained with, which must outlive it.</summary>
    public required ImageClassifier Classifier { get; init; }

    /// <summary>Loss and accuracy, step by step and epoch by epoch.</summary>
    public required TrainingHistory History { get; init; }

    /// <summary>How the L2 was chosen; null unless <see cref="TrainingPlan.Tuning"/> asked for it.</summary>
    public TuningResult? Tuning { get; init; }

    /// <summary>The scores on the training images.</summary>
    public required EvaluationResult Train { get; init; }

    /// <summary>The scores on the validation images, by which the weights were chosen; null when there are none.</summary>
    public required EvaluationResult? Validation { get; init; }

    /// <summary>The scores on the test images, which training does not use; null when there are none.</summary>
    public required EvaluationResult? Test { get; init; }

    /// <summary>
    /// Every image of the dataset in its order: its class, its set, and the prediction of the trained classifier, or why the image
    /// could not be used. The predictions are computed from the feature vectors at the first access.
    /// </summary>
    public IReadOnlyList<EvaluatedImage> Images => _images.Value;

    /// <summary>The feature vectors and how long they took.</summary>
    public required EmbeddingResult Embedding { get; init; }

    /// <summary>The images that could not be used, with reasons.</summary>
    public required IReadOnlyList<SkippedImage> Skipped { get; init; }

    /// <summary>What makes images doubtful that were used all the same, such as a damaged file.</summary>
    public required IReadOnlyList<ImageWarning> Warnings { get; init; }

    /// <summary>
    /// Near duplicates in different sets, one finding for each pair: the scores on these images are too good. Only sets that the data state
    /// themselves can leak, because other near duplicates are kept in one set. Empty if <see cref="TrainingPlan.KeepDuplicatesTogether"/> is off.
    /// </summary>
    public required IReadOnlyList<DatasetFinding> Leaks { get; init; }

    /// <summary>The number of copies of training images (<see cref="TrainingPlan.Augment"/>) that were learned from besides the images; 0 without copies.</summary>
    public required int CopyCount { get; init; }

    /// <summary>The files, folders and rows of the source that are not used as images, with reasons.</summary>
    public IReadOnlyList<UnusedFile> Unused => _dataset.Unused;

    /// <summary>Wall-clock time of training the head.</summary>
    public required TimeSpan TrainingTime { get; init; }

    /// <summary>The folder, file or other source of the images.</summary>
    internal string Source => _dataset.Source;

    /// <summary>
    /// Writes the training as one HTML page that needs no network: accuracy with its confidence interval, curves, confusion
    /// matrix, classes, images with predictions, mistakes, skipped images, time and versions. It stays below 5 MB.
    /// </summary>
    /// <param name="path">The <c>.html</c> file to write, whole or not at all; an existing one is replaced.</param>
    /// <exception cref="IOException">The folder does not exist, or the file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    /// <exception cref="ObjectDisposedException">The classifier is disposed, but the page shows its class activation maps.</exception>
    public void WriteReport(string path) => Report(path, CancellationToken.None);

    /// <summary>Writes the page as <see cref="WriteReport"/> does, on a thread of the pool.</summary>
    /// <param name="path">The <c>.html</c> file to write, whole or not at all; an existing one is replaced.</param>
    /// <param name="cancellationToken">Stops before the file gets its name; an existing file then stays as it is.</param>
    /// <inheritdoc cref="WriteReport" path="/exception"/>
    public Task WriteReportAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return Task.Run(() => Report(path, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// The images of the set that scores the training: the test images; if there are none, the validation images; otherwise the
    /// training images.
    /// </summary>
    internal IReadOnlyList<JudgedImage> Judge() =>
    [
        .. _sets.Rows(Judged).Select(row => Embedding.Indices[row])
            .Select(index => new JudgedImage(_dataset.Images[index].Image, _dataset.ClassIndices[index], Images[index].Prediction!.Probabilities)),
    ];

    /// <summary>The vectors of the images that <see cref="Judge"/> gives.</summary>
    internal FeatureMatrix JudgedVectors() => Embedding.Features.Select(_sets.Rows(Judged));

    private DataSplit Judged => Test is not null ? DataSplit.Test : Validation is not null ? DataSplit.Validation : DataSplit.Train;

    private void Report(string path, CancellationToken cancellationToken) => Reports.Write(path, Reports.OfTraining(this), Classifier, cancellationToken);
}
