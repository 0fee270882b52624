using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using OnnxTransfer.Explaining;
using OnnxTransfer.Inference;
using OnnxTransfer.Reporting;

namespace OnnxTransfer;

/// <summary>Gathers the content of a report from the result of a run.</summary>
internal static class Reports
{
    internal static void Write(string path, ReportContent content, ImageClassifier classifier, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var options = classifier.Network.Options;
        ReportWriter.Write(path, WithHeat(content, classifier, cancellationToken), new Thumbnails(options.Decoder, options.Decode), cancellationToken);
    }

    private static ReportContent WithHeat(ReportContent content, ImageClassifier classifier, CancellationToken cancellationToken)
    {
        try
        {
            return content with { Heat = [.. HeatSection.Choose(content.Judged).Select(image => Heat(image, classifier, cancellationToken)).OfType<HeatTile>()] };
        }
        catch (ModelException exception)
        {
            // The page says why in the pictures' place.
            return content with { WhyNoHeat = exception.Message };
        }
    }

    private static HeatTile? Heat(JudgedImage image, ImageClassifier classifier, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var (photo, overlay) = classifier.Explain(image.Image, classifier.Labels[image.Predicted]).ToData(HeatSection.PhotoSide);
            return new HeatTile(image, photo, overlay);
        }
        catch (ImageDecodeException)
        {
            // Gone since it was judged: the page says so among the predictions.
            return null;
        }
    }

    internal static ReportContent OfTraining(TrainingResult result)
    {
        var classifier = result.Classifier;
        var sets = new List<ScoredSet> { new("training", result.Train) };
        if (result.Validation is not null) sets.Add(new ScoredSet("validation", result.Validation));
        if (result.Test is not null) sets.Add(new ScoredSet("test", result.Test));
        var epochs = result.History.Epochs.Count;
        var images = sets.Sum(set => set.Result.Count);
        return new ReportContent
        {
            Title = NameOf(result.Source),
            Summary = $"A classifier of {Words.Count(classifier.Labels.Count, "class", "classes")}, trained on the features of {classifier.Network.Card.Id} and {Words.Images(result.Train.Count)} of {result.Source}.",
            Labels = classifier.Labels,
            Sets = sets,
            Judged = result.Judge(),
            Vectors = result.JudgedVectors(),
            History = result.History,
            Tuning = result.Tuning,
            Skipped = result.Skipped,
            Warnings = result.Warnings,
            Times = [.. Times(result.Embedding, classifier), new StageTime($"Training the head, {Words.Count(epochs, "epoch", "epochs")}", result.TrainingTime, result.Train.Count * epochs)],
            Bottleneck = result.Embedding.Bottleneck,
            Facts = Facts(classifier, result.Source, images),
            Fingerprint = classifier.Training,
        };
    }

    internal static ReportContent OfEvaluation(
        ImageClassifier classifier, string source, EvaluationResult result, IReadOnlyList<JudgedImage> judged, EmbeddingResult embedding) => new()
        {
            Title = NameOf(source),
            Summary = $"A classifier of {Words.Count(classifier.Labels.Count, "class", "classes")} on {classifier.Network.Card.Id}, measured on {Words.Images(result.Count)} of {source}.",
            Labels = classifier.Labels,
            Sets = [new ScoredSet("evaluation", result)],
            Judged = judged,
            Vectors = embedding.Features,
            Skipped = embedding.Skipped,
            Warnings = embedding.Warnings,
            Times = Times(embedding, classifier),
            Bottleneck = embedding.Bottleneck,
            Facts = Facts(classifier, source, result.Count),
            Fingerprint = classifier.Training,
        };

    private static string NameOf(string source) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(source))) is { Length: > 0 } name ? name : source;

    private static StageTime[] Times(EmbeddingResult embedding, ImageClassifier classifier)
    {
        var images = embedding.Features.RowCount;
        var computed = images - embedding.Cached;
        return
        [
            new StageTime("Reading files, threads added up", embedding.Reading, images),
            new StageTime("Decoding and preparing, threads added up", embedding.Preparing, computed),
            new StageTime($"Network on {classifier.Provider.ToString().ToUpperInvariant()}, threads added up", embedding.Running, computed),
            new StageTime("Photos to vectors, by the clock", embedding.Elapsed, images),
        ];
    }

    private static (string, string)[] Facts(ImageClassifier classifier, string source, int images)
    {
        var (card, options) = (classifier.Network.Card, classifier.Network.Options);
        return
        [
            ("Written", DateTimeOffset.Now.ToString("yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture)),
            ("Images from", $"{(Path.Exists(source) ? Path.GetFullPath(source) : source)}, {Words.Images(images)} used"),
            ("Backbone", $"{card.Id}, {card.Features.Dim:N0} features, {card.Input.Width}×{card.Input.Height} pixels"),
            ("Backbone's SHA-256", card.Sha256 ?? "not stated"),
            ("Backbone's license", card.License ?? "not stated"),
            ("Backbone's source", card.Source ?? "not stated"),
            ("Runs on", $"{classifier.Provider.ToString().ToUpperInvariant()}: {classifier.ProviderReason}"),
            ("Decoder", options.Decoder.Name),
            ("OnnxTransfer", typeof(Reports).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion),
            ("ONNX Runtime", SessionFactory.RuntimeVersion),
            (".NET", RuntimeInformation.FrameworkDescription),
            ("System", $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}, {Environment.ProcessorCount} cores"),
        ];
    }
}
