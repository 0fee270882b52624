using System.Text;
using System.Text.Json;
using OnnxTransfer.Backbones;
using OnnxTransfer.Embedding;
using OnnxTransfer.Inference;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Training;

/// <summary>
/// The file of a trained classifier: one graph from pixels, uint8 <c>[N,H,W,3]</c> in the order R, G, B and of the network's
/// input size, to <c>logits</c> and <c>probabilities</c> <c>[N,C]</c>; in the metadata the labels, the backbone's card with
/// its preprocessing, what the training was, a <see cref="ClassifierProbe"/>, and the vectors if they are kept. The same classifier always gives the same bytes.
/// </summary>
internal static class ClassifierFile
{
    private const string Pixels = "pixels";
    private const string FormatKey = "onnxtransfer.format";
    private const string CardKey = "onnxtransfer.card";
    private const string KeptKey = "onnxtransfer.features";
    private const string ProbeKey = "onnxtransfer.probe";
    private const string Format = "2";

    /// <summary>
    /// Writes the file, reads it back and gives it its name only if it gives the same probabilities as the classifier in memory.
    /// </summary>
    /// <exception cref="ModelException">The written head does not give the same probabilities, or the network gives none for the probe images.</exception>
    internal static void Write(
        string path, ImageNetwork network, ClassifierHead head, IReadOnlyList<string> labels, string? training, Certainty certainty, KeptFeatures? kept, CancellationToken cancellationToken)
    {
        var probe = ClassifierProbe.Of(network, head);
        if (probe.HasNoAnswer) throw Throw.ProbeNotFinite(path);
        var model = Build(network.Backbone, network.Card, head, labels, training, certainty, kept, probe);
        AtomicFile.Write(
            path, model.ToBytes(), written =>
            {
                HeadFile.RequireSame(path, Read(written).Head, head, ClassifierProbe.Rows(network));
                cancellationToken.ThrowIfCancellationRequested();
                RequireSameAnswers(path, written, probe, network);
            },
            cancellationToken);
    }

    /// <summary>The content of the file.</summary>
    internal static OnnxModel Build(
        Backbone backbone, ModelCard card, ClassifierHead head, IReadOnlyList<string> labels, string? training, Certainty certainty, KeptFeatures? kept, ClassifierProbe probe)
    {
        var model = Fuse(backbone, head);
        model.SetMetadata(FormatKey, Format);
        // The backbone's own classes are cut off, and with them what names them.
        var cardJson = (card with { Classes = null }).ToJson();
        model.SetMetadata(CardKey, cardJson);
        model.SetMetadata(ProbeKey, (probe with { CardSha256 = HashOf(cardJson) }).ToJson());
        model.SetMetadata(KeptKey, kept?.ToText());
        HeadFile.Describe(model, labels, training);
        HeadFile.Describe(model, certainty);
        return model;
    }

    internal static (Backbone Backbone, ClassifierHead Head, IReadOnlyList<string> Labels, string? Training, Certainty Certainty, ClassifierProbe Probe, KeptFeatures? Kept) Read(string path)
    {
        try
        {
            var model = OnnxModel.Load(path);
            if (HeadFile.LabelsOf(model) is not { } labels) throw Throw.NotAClassifier(path);
            if (!model.Metadata.TryGetValue(CardKey, out var cardJson)) throw Throw.HeadWithoutBackbone(path);
            var certainty = HeadFile.CertaintyOf(model);
            var format = model.Metadata.GetValueOrDefault(FormatKey);
            if (format != Format) throw Throw.ClassifierOfAnotherVersion(path, format, Format);
            var card = ModelCard.FromJson(cardJson, $"the card inside {path}");
            var classifier = HeadFile.HeadOf(model, path);
            if (labels.Count != classifier.ClassCount || classifier.Dim != card.Features.Dim)
            {
                throw Throw.ClassifierDamaged(path, $"it has {labels.Count} labels for {classifier.ClassCount} classes, and its head takes {classifier.Dim} features, but its backbone gives {card.Features.Dim}.");
            }

            var probe = ClassifierProbe.FromJson(model.Metadata.GetValueOrDefault(ProbeKey) ?? throw Throw.ClassifierDamaged(path, "its probe images are missing."));
            if (probe.CardSha256 is { } saved && saved != HashOf(cardJson)) throw Throw.ClassifierDamaged(path, "its card, which has the preprocessing, was changed after it was saved.");
            var kept = model.Metadata.TryGetValue(KeptKey, out var text) ? KeptFeatures.Parse(text, classifier.Dim, classifier.ClassCount) : null;
            // No session of ONNX Runtime needs to hold them too.
            model.SetMetadata(KeptKey, null);
            TakeNetwork(model, card);
            return (new Backbone(path, model, card, []), classifier, labels, HeadFile.TrainingOf(model), certainty, probe, kept);
        }
        catch (FileNotFoundException)
        {
            throw Throw.ClassifierNotFound(path);
        }
        catch (IOException exception)
        {
            throw Throw.ModelUnreadable(exception);
        }
        catch (Exception exception) when (exception is InvalidDataException or JsonException or ArgumentException)
        {
            throw Throw.ClassifierDamaged(path, exception.Message, exception);
        }
    }

    /// <summary>The card of the backbone inside a classifier; null when the model is none.</summary>
    internal static ModelCard? CardOf(OnnxModel model) =>
        model.Metadata.TryGetValue(CardKey, out var json) ? ModelCard.FromJson(json, $"the card inside {model.Source}") : null;

    /// <summary>
    /// Restores the original graph of a classifier, with the network's own input instead of pixels. The input of bytes is for other
    /// programs. Here the network gets the same floats as in training, which a float resize does not round to bytes.
    /// </summary>
    internal static void TakeNetwork(OnnxModel model, ModelCard card) => OnnxPixelInput.Remove(model, card.Input.Tensor, card.Input.Layout);

    private static string HashOf(string card) => FileHash.Sha256(Encoding.UTF8.GetBytes(card));

    private static OnnxModel Fuse(Backbone backbone, ClassifierHead head)
    {
        var card = backbone.Card;
        var model = backbone.Model.Clone();
        OnnxGraphEditor.Cut(model, [card.Features.Tensor]);
        OnnxGraphEditor.AppendHead(model, card.Features.Tensor, HeadFile.ToOnnx(head), HeadFile.Logits, HeadFile.Probabilities);
        OnnxGraphEditor.Cut(model, [HeadFile.Logits, HeadFile.Probabilities]);
        var spec = card.Preprocess;
        OnnxPixelInput.Prepend(
            model, card.Input.Tensor, OnnxGraphEditor.FreeName(model, Pixels), card.Input.Layout, card.Input.Height, card.Input.Width,
            spec.Rescale, spec.Mean, spec.Std, spec.Bgr);
        return model;
    }

    private static void RequireSameAnswers(string path, string written, ClassifierProbe probe, ImageNetwork network)
    {
        var input = network.Card.Input;
        using var session = new PixelSession(File.ReadAllBytes(written), path, HeadFile.Probabilities);
        var fused = new ClassifierProbe([.. probe.Probabilities.Select((_, n) => session.Run(ClassifierProbe.Pixels(n, input.Height, input.Width), input.Height, input.Width))]);
        var (difference, tolerance) = (fused.DifferenceTo(probe), network.Provider.Provider == ExecutionProvider.Cpu ? ClassifierProbe.SameMachine : ClassifierProbe.AnotherMachine);
        if (difference > tolerance) throw Throw.SavedClassifierDiffers(path, $"its graph gives probabilities that differ by up to {difference:0.######}, but at most {tolerance:0.######} is allowed");
    }
}
