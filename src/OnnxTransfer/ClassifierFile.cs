using System.Text.Json;
using System.Text.Json.Serialization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Features;
using OnnxTransfer.Heads;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer;

/// <summary>
/// The file of a trained classifier: one graph from pixels, uint8 <c>[N,H,W,3]</c> in the order R, G, B and of the network's
/// input size, to <c>logits</c> and <c>probabilities</c> <c>[N,C]</c>; in the metadata the labels, the backbone's card with
/// its preprocessing, what the training was, and a <see cref="ClassifierProbe"/>. The same classifier always gives the same bytes.
/// </summary>
internal static partial class ClassifierFile
{
    internal const string Probabilities = "probabilities";
    private const string Pixels = "pixels";
    private const string HeadInput = "features";
    private const string Logits = "logits";
    private const string FormatKey = "onnxtransfer.format";
    private const string CardKey = "onnxtransfer.card";
    private const string LabelsKey = "onnxtransfer.labels";
    private const string TrainingKey = "onnxtransfer.training";
    private const string ProbeKey = "onnxtransfer.probe";
    private const string Format = "2";

    /// <summary>Writes the file, reads it back and gives it its name only if it answers as the classifier in memory does.</summary>
    /// <exception cref="ModelException">What was written does not answer the same.</exception>
    internal static void Write(string path, FeatureExtractor extractor, ClassifierHead head, IReadOnlyList<string> labels, string? training)
    {
        var probe = ClassifierProbe.Of(extractor, head);
        var model = Fuse(extractor.Backbone, head);
        model.SetMetadata(FormatKey, Format);
        // The backbone's own classes are cut off, and with them what names them.
        model.SetMetadata(CardKey, (extractor.Card with { Classes = null }).ToJson());
        model.SetMetadata(ProbeKey, probe.ToJson());
        Describe(model, labels, training);
        AtomicFile.Write(path, model.ToBytes(), written =>
        {
            RequireSameHead(path, Read(written).Head, head, extractor);
            RequireSameAnswers(path, written, probe, extractor);
        });
    }

    /// <summary>Writes the head alone, a graph from <c>features</c> <c>[N,D]</c> to <c>probabilities</c> <c>[N,C]</c>, as carefully as <see cref="Write"/>.</summary>
    internal static void WriteHead(string path, FeatureExtractor extractor, ClassifierHead head, IReadOnlyList<string> labels, string? training)
    {
        var builder = new OnnxGraphBuilder("head");
        builder.Input(HeadInput, OnnxElementType.Float32, OnnxDim.Named("N"), head.Dim);
        var model = builder.Build(path);
        OnnxGraphEditor.AppendHead(model, HeadInput, ToOnnx(head), Logits, Probabilities);
        OnnxGraphEditor.Cut(model, [Probabilities]);
        Describe(model, labels, training);
        AtomicFile.Write(path, model.ToBytes(), written => RequireSameHead(path, HeadOf(OnnxModel.Load(written), path), head, extractor));
    }

    internal static (Backbone Backbone, ClassifierHead Head, IReadOnlyList<string> Labels, string? Training, ClassifierProbe Probe) Read(string path)
    {
        try
        {
            var model = OnnxModel.Load(path);
            if (!model.Metadata.TryGetValue(CardKey, out var cardJson) || !model.Metadata.TryGetValue(LabelsKey, out var labelsJson)) throw Throw.NotAClassifier(path);
            var format = model.Metadata.GetValueOrDefault(FormatKey);
            if (format != Format) throw Throw.ClassifierOfAnotherVersion(path, format, Format);
            var card = ModelCard.FromJson(cardJson, $"the card inside {path}");
            var labels = JsonSerializer.Deserialize(labelsJson, Json.Default.StringArray) ?? [];
            var classifier = HeadOf(model, path);
            if (labels.Length != classifier.ClassCount || classifier.Dim != card.Features.Dim)
            {
                throw Throw.ClassifierDamaged(path, $"it has {labels.Length} labels for {classifier.ClassCount} classes, and a head of {classifier.Dim} features behind {card.Features.Dim}.");
            }

            var probe = ClassifierProbe.FromJson(model.Metadata.GetValueOrDefault(ProbeKey) ?? throw Throw.ClassifierDamaged(path, "its probe images are not there."));
            TakeNetwork(model, card);
            return (new Backbone(path, model, card, []), classifier, labels, model.Metadata.GetValueOrDefault(TrainingKey), probe);
        }
        catch (FileNotFoundException exception)
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
    /// Turns the graph of a classifier into what it was made of, the network's own input instead of pixels. The input of bytes is
    /// for others: here the network gets what it got in training, which a float resize has not rounded to bytes.
    /// </summary>
    internal static void TakeNetwork(OnnxModel model, ModelCard card) => OnnxPixelInput.Remove(model, card.Input.Tensor, Layout(card));

    private static OnnxModel Fuse(Backbone backbone, ClassifierHead head)
    {
        var card = backbone.Card;
        var model = backbone.Model.Clone();
        OnnxGraphEditor.Cut(model, [card.Features.Tensor]);
        OnnxGraphEditor.AppendHead(model, card.Features.Tensor, ToOnnx(head), Logits, Probabilities);
        OnnxGraphEditor.Cut(model, [Logits, Probabilities]);
        var spec = card.Preprocess;
        OnnxPixelInput.Prepend(
            model, card.Input.Tensor, OnnxGraphEditor.FreeName(model, Pixels), Layout(card), card.Input.Height, card.Input.Width,
            spec.Rescale, spec.Mean, spec.Std, spec.Bgr);
        return model;
    }

    private static void Describe(OnnxModel model, IReadOnlyList<string> labels, string? training)
    {
        model.SetMetadata(LabelsKey, JsonSerializer.Serialize([.. labels], Json.Default.StringArray));
        model.SetMetadata(TrainingKey, training);
    }

    private static void RequireSameHead(string path, ClassifierHead read, ClassifierHead head, FeatureExtractor extractor)
    {
        foreach (var row in ClassifierProbe.Rows(extractor))
        {
            if (!read.Probabilities(row).AsSpan().SequenceEqual(head.Probabilities(row))) throw Throw.SavedClassifierDiffers(path, "its head gives other probabilities for the same features");
        }
    }

    private static void RequireSameAnswers(string path, string written, ClassifierProbe probe, FeatureExtractor extractor)
    {
        var input = extractor.Card.Input;
        using var session = new PixelSession(File.ReadAllBytes(written), path, Probabilities);
        var fused = new ClassifierProbe([.. probe.Probabilities.Select((_, n) => session.Run(ClassifierProbe.Pixels(n, input.Height, input.Width), input.Height, input.Width))]);
        var (difference, tolerance) = (fused.DifferenceTo(probe), extractor.Provider == ExecutionProvider.Cpu ? ClassifierProbe.SameMachine : ClassifierProbe.AnotherMachine);
        if (difference > tolerance) throw Throw.SavedClassifierDiffers(path, $"its graph gives probabilities that differ by up to {difference:0.######}, and {tolerance:0.######} is allowed");
    }

    private static ClassifierHead HeadOf(OnnxModel model, string path)
    {
        var head = OnnxHead.Find(model, Logits, Probabilities) ?? throw Throw.ClassifierDamaged(path, "its head is not there.");
        return ClassifierHead.FromLayers([.. head.Layers.Select(ToLayer)]);
    }

    private static OnnxImageLayout Layout(ModelCard card) => card.Input.Layout == TensorLayout.Nchw ? OnnxImageLayout.Nchw : OnnxImageLayout.Nhwc;

    private static OnnxHead ToOnnx(ClassifierHead head) => new([.. head.Layers.Select(layer => new OnnxDense(layer.Weights, layer.Bias, layer.Activation.ToString()))]);

    private static DenseLayer ToLayer(OnnxDense layer) =>
        Enum.TryParse<Activation>(layer.Activation, out var activation)
            ? new DenseLayer(layer.Inputs, layer.Bias.Length, layer.Weights, layer.Bias, activation)
            : throw new InvalidDataException($"its head has the activation {layer.Activation}.");

    [JsonSerializable(typeof(string[]))]
    private sealed partial class Json : JsonSerializerContext;
}
