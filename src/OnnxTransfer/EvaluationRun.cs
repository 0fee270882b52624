using OnnxTransfer.Reporting;
using OnnxTransfer.Training;

namespace OnnxTransfer;

/// <summary>A classifier measured on labeled images: the scores, and the result for every image.</summary>
public sealed class EvaluationRun
{
    private readonly ImageClassifier _classifier;
    private readonly ImageDataset _dataset;
    private readonly EmbeddingResult _embedding;

    internal EvaluationRun(ImageClassifier classifier, ImageDataset dataset, EmbeddingResult embedding, EvaluationResult result, IReadOnlyList<EvaluatedImage> images)
    {
        (_classifier, _dataset, _embedding) = (classifier, dataset, embedding);
        (Result, Images) = (result, images);
        Warnings = TrainingSets.WarningsOf(dataset, embedding);
        Skipped = EvaluatedImage.SkippedOf(images);
    }

    /// <summary>The scores on the images that could be used.</summary>
    public EvaluationResult Result { get; }

    /// <summary>Every image of the dataset in its order, including the images that could not be used.</summary>
    public IReadOnlyList<EvaluatedImage> Images { get; }

    /// <summary>The images that could not be used, with reasons.</summary>
    public IReadOnlyList<SkippedImage> Skipped { get; }

    /// <summary>What makes images doubtful that were used all the same, such as a damaged file.</summary>
    public IReadOnlyList<ImageWarning> Warnings { get; }

    /// <summary>Writes the evaluation as one HTML page that needs no network, as <see cref="TrainingResult.WriteReport"/> does.</summary>
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

    private void Report(string path, CancellationToken cancellationToken) => Reports.Write(
        path, Reports.OfEvaluation(_classifier, _dataset.Source, Result, JudgedImage.Of(Images, _dataset, _classifier.Labels), _embedding), _classifier, cancellationToken);
}
