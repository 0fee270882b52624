using OnnxTransfer.Datasets;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Features;
using OnnxTransfer.Heads;

namespace OnnxTransfer;

/// <summary>A trained classifier and how it came about.</summary>
public sealed class TrainingResult
{
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
}
