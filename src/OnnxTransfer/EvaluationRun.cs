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

    /// <summary>Compares this classifier with another one that was evaluated on the same images.</summary>
    /// <param name="other">The other evaluation, of the same dataset in the same order.</param>
    /// <exception cref="ArgumentException">The images differ, the two classifiers have different classes, or no image could be used by both.</exception>
    public EvaluationComparison CompareWith(EvaluationRun other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var (mine, others) = (_classifier.Labels, other._classifier.Labels);
        if (!mine.ToHashSet(StringComparer.Ordinal).SetEquals(others)) throw Throw.RunsOfOtherClasses(mine.Except(others), others.Except(mine));
        for (var i = 0; i < Math.Max(Images.Count, other.Images.Count); i++)
        {
            var (first, second) = (Images.ElementAtOrDefault(i), other.Images.ElementAtOrDefault(i));
            if (first?.Id != second?.Id || first?.Label != second?.Label) throw Throw.RunsOfOtherImages(i, first?.Id ?? "none", second?.Id ?? "none");
        }

        return EvaluationComparison.Of(Images, other.Images, mine, others);
    }

    /// <summary>
    /// Writes the evaluation as <see cref="WriteReport(string)"/> does, with a comparison with another classifier and the images that tell the two apart.
    /// </summary>
    /// <param name="path">The <c>.html</c> file to write, whole or not at all; an existing one is replaced.</param>
    /// <param name="other">The other evaluation, as for <see cref="CompareWith"/>.</param>
    /// <param name="name">What the page calls the other classifier, such as its file name.</param>
    /// <exception cref="ArgumentException">As <see cref="CompareWith"/>, or the name is empty.</exception>
    /// <inheritdoc cref="WriteReport(string)" path="/exception"/>
    public void WriteReport(string path, EvaluationRun other, string name) => Report(path, Against(other, name), CancellationToken.None);

    /// <summary>Writes the page with a comparison on a thread of the pool.</summary>
    /// <param name="path">The <c>.html</c> file to write, whole or not at all; an existing one is replaced.</param>
    /// <param name="other">The other evaluation, as for <see cref="CompareWith"/>.</param>
    /// <param name="name">What the page calls the other classifier, such as its file name.</param>
    /// <param name="cancellationToken">Stops before the file gets its name; an existing file then stays as it is.</param>
    /// <inheritdoc cref="WriteReport(string, EvaluationRun, string)" path="/exception"/>
    public Task WriteReportAsync(string path, EvaluationRun other, string name, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var against = Against(other, name);
        return Task.Run(() => Report(path, against, cancellationToken), cancellationToken);
    }

    /// <summary>Writes the evaluation as one HTML page that needs no network, as <see cref="TrainingResult.WriteReport"/> does.</summary>
    /// <param name="path">The <c>.html</c> file to write, whole or not at all; an existing one is replaced.</param>
    /// <exception cref="IOException">The folder does not exist, or the file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    /// <exception cref="ObjectDisposedException">The classifier is disposed, but the page shows its class activation maps.</exception>
    public void WriteReport(string path) => Report(path, against: null, CancellationToken.None);

    /// <summary>Writes the page as <see cref="WriteReport(string)"/> does, on a thread of the pool.</summary>
    /// <param name="path">The <c>.html</c> file to write, whole or not at all; an existing one is replaced.</param>
    /// <param name="cancellationToken">Stops before the file gets its name; an existing file then stays as it is.</param>
    /// <inheritdoc cref="WriteReport(string)" path="/exception"/>
    public Task WriteReportAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return Task.Run(() => Report(path, against: null, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// The threshold for <see cref="ImageClassifier.UnknownBelow"/> that leaves the most images with an answer and makes at least the given share
    /// of the answers right on these images; null if there is none. It was chosen on these images, so measure it on others.
    /// </summary>
    /// <param name="accuracy">The share of right answers, above 0 and at most 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is not such a number.</exception>
    public SelectiveAccuracy? ThresholdFor(double accuracy)
    {
        if (!(accuracy is > 0 and <= 1)) Throw.OptionOutOfRange(nameof(accuracy), accuracy, "above 0 and at most 1, such as 0.99");
        return SelectiveAccuracy.Reaching(accuracy, SelectiveAccuracy.Curve(Images.Where(image => image.Prediction is not null).Select(image => (image.Prediction!.Probability, image.IsCorrect))));
    }

    /// <summary>
    /// Copies the images that were classified wrongly to <c>folder/TRUE/PREDICTED/name</c>. The content is that of the image as it is now;
    /// pixels are written as PNG. Labels and names are changed where a file system would refuse them or they would lead elsewhere, and
    /// images with the same name get numbers.
    /// </summary>
    /// <param name="folder">A folder that does not exist or is empty. Its own folder must exist.</param>
    /// <param name="cancellationToken">Stops between two images; the copies so far stay.</param>
    /// <returns>The number of copies.</returns>
    /// <exception cref="ImageDecodeException">An image can no longer be read.</exception>
    /// <exception cref="IOException">The folder is not empty or is a file, or a file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public Task<int> CopyMistakesAsync(string folder, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        return Task.Run(() => MistakeFolder.Write(folder, JudgedImage.Of(Images, _dataset, _classifier.Labels), _classifier.Labels, _classifier.Network.Options.Decode, cancellationToken), cancellationToken);
    }

    private ComparedRun Against(EvaluationRun other, string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return new ComparedRun(name, CompareWith(other));
    }

    private void Report(string path, ComparedRun? against, CancellationToken cancellationToken) => Reports.Write(
        path, Reports.OfEvaluation(_classifier, _dataset.Source, Result, JudgedImage.Of(Images, _dataset, _classifier.Labels), _embedding) with { Against = against }, _classifier, cancellationToken);
}
