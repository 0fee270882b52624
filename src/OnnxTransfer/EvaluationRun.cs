using OnnxTransfer.Datasets;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Features;
using OnnxTransfer.Reporting;

namespace OnnxTransfer;

/// <summary>A classifier measured on a folder of images.</summary>
public sealed class EvaluationRun
{
    internal EvaluationRun(ImageClassifier classifier, string folder, EvaluationResult result, IReadOnlyList<JudgedImage> judged, EmbeddingResult embedding)
    {
        Classifier = classifier;
        Folder = folder;
        Result = result;
        Judged = judged;
        Embedding = embedding;
    }

    /// <summary>The scores.</summary>
    public EvaluationResult Result { get; }

    /// <summary>The images that could not be used, with reasons.</summary>
    public IReadOnlyList<SkippedImage> Skipped => Embedding.Skipped;

    internal ImageClassifier Classifier { get; }

    internal string Folder { get; }

    internal IReadOnlyList<JudgedImage> Judged { get; }

    internal EmbeddingResult Embedding { get; }

    /// <summary>
    /// Writes the evaluation as one HTML page that needs no network: accuracy with its confidence interval, confusion matrix,
    /// classes, images with predictions, mistakes, skipped images, time and versions. It stays below 5 MB.
    /// </summary>
    /// <param name="path">The <c>.html</c> file to write, whole or not at all; an existing one is replaced.</param>
    public void WriteReport(string path) => Reports.Write(path, Reports.Of(this), Classifier);

    /// <summary>The scores and the skipped images.</summary>
    public void Deconstruct(out EvaluationResult result, out IReadOnlyList<SkippedImage> skipped) => (result, skipped) = (Result, Skipped);
}
