using OnnxTransfer.Datasets;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Backbones;

/// <summary>A pretrained network: its graph and what must be known to use it.</summary>
/// <param name="Name">What to call it in messages: the path or id it was opened by.</param>
/// <param name="Model">The graph.</param>
/// <param name="Card">Tensors, preprocessing, origin.</param>
/// <param name="Labels">The names of the network's own classes, in order; empty when it has none or they are not known.</param>
internal sealed record Backbone(string Name, OnnxModel Model, ModelCard Card, IReadOnlyList<string> Labels)
{
    /// <summary>Opens a catalogue id or an <c>.onnx</c> file.</summary>
    /// <param name="model">The id or path.</param>
    /// <param name="store">Where downloads are kept; null for the user's own folder.</param>
    /// <param name="preprocess">Replaces the card's preprocessing; needed where there is no card.</param>
    /// <param name="progress">Told of a download's progress.</param>
    /// <param name="cancellationToken">Stops a download.</param>
    internal static async Task<Backbone> LoadAsync(
        string model, ModelStore? store, PreprocessSpec? preprocess, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var resolved = await BackboneResolver.ResolveAsync(model, store, progress: progress, cancellationToken: cancellationToken).ConfigureAwait(false);
        try
        {
            var graph = OnnxModel.Load(resolved.OnnxPath);
            var card = resolved.Card ?? Inspect(graph, resolved, preprocess ?? throw Throw.PreprocessingUnknown(resolved.OnnxPath, ModelCard.PathFor(resolved.OnnxPath)));
            card = card with { Sha256 = resolved.Sha256, Preprocess = preprocess ?? card.Preprocess };
            return new Backbone(model, graph, card, LabelsOf(card, resolved.OnnxPath));
        }
        catch (InvalidDataException exception)
        {
            throw Throw.ModelUnreadable(exception.Message, exception);
        }
    }

    /// <summary>The names of the network's own classes; where no label file names them, <c>class 0</c>, <c>class 1</c> and so on.</summary>
    internal IReadOnlyList<string> ClassLabels() =>
        Labels.Count > 0 ? Labels : [.. Enumerable.Range(0, Card.Classes?.Count ?? 0).Select(index => $"class {index}")];

    /// <summary>The graph that computes one tensor and nothing else, as the bytes of an ONNX file.</summary>
    internal byte[] GraphFor(string tensor)
    {
        var model = Model.Clone();
        try
        {
            OnnxGraphEditor.Cut(model, [tensor]);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidDataException)
        {
            throw Throw.ModelUnreadable(exception.Message, exception);
        }

        return model.ToBytes();
    }

    /// <summary>The card of a file that has none, read from its graph.</summary>
    private static ModelCard Inspect(OnnxModel graph, ResolvedBackbone resolved, PreprocessSpec preprocess)
    {
        var inspection = OnnxInspector.Inspect(graph);
        if (inspection.Features is not { Dim: { } dim, IsSpatial: false } features)
        {
            throw Throw.FeaturesUnknown(resolved.OnnxPath, inspection.WhyNoFeatures ?? "Its feature tensor still has a height and a width, or its length could not be inferred.");
        }

        var (width, height) = preprocess.OutputSize;
        var input = inspection.Input;
        return new ModelCard
        {
            Id = Path.GetFileNameWithoutExtension(resolved.OnnxPath),
            Input = new ModelInput(
                input.Tensor, input.Layout == OnnxImageLayout.Nchw ? TensorLayout.Nchw : TensorLayout.Nhwc, input.Height ?? height, input.Width ?? width),
            Features = new ModelFeatures(features.Tensor, dim),
            Classes = inspection.Classes is { Count: { } count } classes
                ? new ModelClasses(classes.Tensor, classes.Kind == OnnxScoreKind.Logits ? ScoreKind.Logits : ScoreKind.Probabilities, count, null)
                : null,
            Preprocess = preprocess,
        };
    }

    private static IReadOnlyList<string> LabelsOf(ModelCard card, string onnxPath) =>
        card.Classes is { Labels: { } file } classes
            ? LabelMap.Load(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(onnxPath))!, file), classes.Count).Labels
            : [];
}
