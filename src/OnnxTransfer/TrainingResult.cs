using OnnxTransfer.Datasets;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Features;
using OnnxTransfer.Heads;
using OnnxTransfer.Reporting;

namespace OnnxTransfer;

/// <summary>A trained classifier and how it came about.</summary>
public sealed class TrainingResult
{
    private readonly IReadOnlyList<LabeledImage> _images;
    private readonly IReadOnlyList<int> _judgedRows;

    /// <param name="folder">The folder of photos.</param>
    /// <param name="images">The images that could be used, one for each row of <see cref="Embedding"/>.</param>
    /// <param name="judgedRows">Rows of the set that the training is judged by: the test images, else those for validation, else those trained on.</param>
    internal TrainingResult(string folder, IReadOnlyList<LabeledImage> images, IReadOnlyList<int> judgedRows)
    {
        Folder = folder;
        _images = images;
        _judgedRows = judgedRows;
    }

    /// <summary>The classifier; the caller disposes it. It runs on the extractor it was trained with, which must outlive it.</summary>
    public required ImageClassifier Classifier { get; init; }

    /// <summary>Loss and accuracy, step by step and epoch by epoch.</summary>
    public required TrainingHistory History { get; init; }

    /// <summary>The scores on the training images.</summary>
    public required EvaluationResult Train { get; init; }

    /// <summary>The scores on the validation images, which chose the weights; null when the split leaves none.</summary>
    public required EvaluationResult? Validation { get; init; }

    /// <summary>The scores on the test images, which nothing was chosen by; null when the split leaves none.</summary>
    public required EvaluationResult? Test { get; init; }

    /// <summary>The test images, in the order of the rows behind <see cref="Test"/>.</summary>
    public required IReadOnlyList<LabeledImage> TestImages { get; init; }

    /// <summary>The feature vectors and how long they took.</summary>
    public required EmbeddingResult Embedding { get; init; }

    /// <summary>The images that could not be used, with reasons.</summary>
    public IReadOnlyList<SkippedImage> Skipped => Embedding.Skipped;

    /// <summary>Wall-clock time of training the head.</summary>
    public required TimeSpan TrainingTime { get; init; }

    internal string Folder { get; }

    /// <summary>
    /// Writes the training as one HTML page that needs no network: accuracy with its confidence interval, curves, confusion
    /// matrix, classes, images with predictions, mistakes, skipped images, time and versions. It stays below 5 MB.
    /// </summary>
    /// <param name="path">The <c>.html</c> file to write, whole or not at all; an existing one is replaced.</param>
    public void WriteReport(string path) => Reports.Write(path, Reports.OfTraining(this), Classifier);

    internal IReadOnlyList<JudgedImage> Judge() => Classifier.Judge(Embedding.Features.Select(_judgedRows), [.. _judgedRows.Select(row => _images[row])]);
}
