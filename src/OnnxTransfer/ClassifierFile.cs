using System.Text.Json;
using System.Text.Json.Serialization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Heads;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx;

namespace OnnxTransfer;

/// <summary>
/// The file of a trained classifier: the backbone up to its features, the head behind it as <c>logits</c> and
/// <c>probabilities</c> <c>[N,C]</c>, and in the metadata the labels, the backbone's card and what the training was. The same classifier always
/// gives the same bytes.
/// </summary>
internal static partial class ClassifierFile
{
    private const string Logits = "logits";
    private const string Probabilities = "probabilities";
    private const string FormatKey = "onnxtransfer.format";
    private const string CardKey = "onnxtransfer.card";
    private const string LabelsKey = "onnxtransfer.labels";
    private const string TrainingKey = "onnxtransfer.training";
    private const string Format = "1";

    internal static void Write(string path, Backbone backbone, ClassifierHead head, IReadOnlyList<string> labels, string? training)
    {
        var model = backbone.Model.Clone();
        OnnxGraphEditor.Cut(model, [backbone.Card.Features.Tensor]);
        var layers = head.Layers.Select(layer => new OnnxDense(layer.Weights, layer.Bias, layer.Activation.ToString()));
        OnnxGraphEditor.AppendHead(model, backbone.Card.Features.Tensor, new OnnxHead([.. layers]), Logits, Probabilities);
        OnnxGraphEditor.Cut(model, [Logits, Probabilities]);
        model.SetMetadata(FormatKey, Format);
        // The backbone's own classes are cut off, and with them what names them.
        model.SetMetadata(CardKey, (backbone.Card with { Classes = null }).ToJson());
        model.SetMetadata(LabelsKey, JsonSerializer.Serialize([.. labels], Json.Default.StringArray));
        model.SetMetadata(TrainingKey, training);
        model.Save(path);
    }

    internal static (Backbone Backbone, ClassifierHead Head, IReadOnlyList<string> Labels, string? Training) Read(string path)
    {
        try
        {
            var model = OnnxModel.Load(path);
            if (!model.Metadata.TryGetValue(CardKey, out var cardJson) || !model.Metadata.TryGetValue(LabelsKey, out var labelsJson)) throw Throw.NotAClassifier(path);
            var format = model.Metadata.GetValueOrDefault(FormatKey);
            if (format != Format) throw Throw.ClassifierOfAnotherVersion(path, format, Format);
            var card = ModelCard.FromJson(cardJson, $"the card inside {path}");
            var labels = JsonSerializer.Deserialize(labelsJson, Json.Default.StringArray) ?? [];
            var head = OnnxHead.Find(model, Logits, Probabilities) ?? throw Throw.ClassifierDamaged(path, "its head is not there.");
            var classifier = ClassifierHead.FromLayers([.. head.Layers.Select(ToLayer)]);
            if (labels.Length != classifier.ClassCount || classifier.Dim != card.Features.Dim)
            {
                throw Throw.ClassifierDamaged(path, $"it has {labels.Length} labels for {classifier.ClassCount} classes, and a head of {classifier.Dim} features behind {card.Features.Dim}.");
            }

            return (new Backbone(path, model, card, []), classifier, labels, model.Metadata.GetValueOrDefault(TrainingKey));
        }
        catch (FileNotFoundException exception)
        {
            throw Throw.ModelUnreadable(exception.Message, exception);
        }
        catch (Exception exception) when (exception is InvalidDataException or JsonException or ArgumentException)
        {
            throw Throw.ClassifierDamaged(path, exception.Message, exception);
        }
    }

    /// <summary>The card of the backbone inside a classifier; null when the model is none.</summary>
    internal static ModelCard? CardOf(OnnxModel model) =>
        model.Metadata.TryGetValue(CardKey, out var json) ? ModelCard.FromJson(json, $"the card inside {model.Source}") : null;

    private static DenseLayer ToLayer(OnnxDense layer) =>
        Enum.TryParse<Activation>(layer.Activation, out var activation)
            ? new DenseLayer(layer.Inputs, layer.Bias.Length, layer.Weights, layer.Bias, activation)
            : throw new InvalidDataException($"its head has the activation {layer.Activation}.");

    [JsonSerializable(typeof(string[]))]
    private sealed partial class Json : JsonSerializerContext;
}
