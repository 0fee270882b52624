using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Backbones;

/// <summary>A pretrained network: its graph and the facts that are needed to use it.</summary>
/// <param name="Name">The name in messages: the path or id that opened it.</param>
/// <param name="Model">The graph.</param>
/// <param name="Card">Tensors, preprocessing, origin.</param>
/// <param name="Labels">The names of the network's own classes, in order; empty when it has none or they are not known.</param>
internal sealed record Backbone(string Name, OnnxModel Model, ModelCard Card, IReadOnlyList<string> Labels)
{
    /// <summary>Opens a model beside the application, one of the catalog, or an <c>.onnx</c> file.</summary>
    /// <param name="model">The id or path.</param>
    /// <param name="options">Store, preprocessing and layers.</param>
    /// <param name="progress">Receives the progress of a download.</param>
    /// <param name="cancellationToken">Stops a download.</param>
    internal static async Task<Backbone> LoadAsync(
        string model, BackboneOptions options, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            var resolved = await BackboneResolver.ResolveAsync(model, options.Store, progress: progress, cancellationToken: cancellationToken).ConfigureAwait(false);
            return Open(model, OnnxModel.Load(resolved.OnnxPath), resolved, options);
        }
        catch (Exception exception) when (exception is InvalidDataException or ArgumentException or IOException)
        {
            throw Throw.ModelUnreadable(exception);
        }
    }

    /// <summary>The image input as the card says, with its size; read from the graph where there is no card.</summary>
    internal static OnnxImageInput ImageOf(OnnxModel graph, ModelInput? input) => input is null
        ? OnnxImageInput.Of(graph)
        : OnnxImageInput.Of(graph, input.Tensor, input.Layout) with { Height = input.Height, Width = input.Width };

    /// <summary>The names of the network's own classes; where its card does not name them, <c>class 0</c>, <c>class 1</c> and so on.</summary>
    internal IReadOnlyList<string> ClassLabels() =>
        Labels.Count > 0 ? Labels : [.. Enumerable.Range(0, Card.Classes?.Count ?? 0).Select(index => $"class {index}")];

    /// <summary>The graph that computes one float32 tensor and nothing else; a copy.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="length">Its length for one image.</param>
    /// <exception cref="ModelException">There is no such tensor, or the network does not take images of the card's size.</exception>
    internal OnnxModel CutTo(string tensor, int length)
    {
        var model = Model.Clone();
        try
        {
            OnnxGraphEditor.Cut(model, [tensor]);
            OnnxAdapter.UseFloat32(model);
            OnnxFit.Check(model, ImageOf(model, Card.Input), tensor, length);
            return model;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidDataException)
        {
            throw Throw.ModelUnusable(exception);
        }
    }

    private static Backbone Open(string model, OnnxModel graph, ResolvedBackbone resolved, BackboneOptions options)
    {
        var card = resolved.Card;
        // A network that takes bytes has its normalization inside: only the sizes of the preprocessing are its caller's business.
        if ((options.Preprocess ?? card?.Preprocess) is { } given && OnnxImageInput.IsBytes(graph, card?.Input.Tensor))
            options = options with { Preprocess = given with { Rescale = 1, Mean = [0, 0, 0], Std = [1, 1, 1] } };
        if (options.Preprocess is { } preprocess && card is not null)
        {
            var (width, height) = preprocess.OutputSize;
            card = card with { Preprocess = preprocess, Input = card.Input with { Width = width, Height = height } };
        }

        var input = card?.Input ?? InputOf(graph, options.Preprocess ?? throw Throw.PreprocessingUnknown(resolved.OnnxPath, ModelCard.PathFor(resolved.OnnxPath)));
        var image = ImageOf(graph, input);
        if (OnnxAdapter.MakeBackbone(graph, image) is null) image = image with { FixedBatch = null };
        if (options.Layers.Count > 0)
        {
            var cut = OnnxGraphEditor.CutToFeatures(graph, options.Layers, options.Pooling, image, options.Measure is { } measure ? (end, tensor) => measure(end, input, tensor) : null);
            var features = new ModelFeatures(cut.Tensor, cut.Dim!.Value);
            // The nodes that computed the network's own classes are cut off.
            card = card is null ? NewCard(resolved, input, features, options.Preprocess!) : card with { Features = features, Classes = null };
        }

        else if (options.Pooling >= FeaturePooling.Cls)
        {
            // The tokens that the class scores or the features of the card are made of.
            var cut = OnnxGraphEditor.CutToFeatures(graph, [OnnxInspector.TokensOf(graph, card?.Features.Tensor, image)], options.Pooling, image);
            var features = new ModelFeatures(cut.Tensor, cut.Dim!.Value);
            card = card is null ? NewCard(resolved, input, features, options.Preprocess!) : card with { Features = features, Classes = null };
        }

        card ??= Inspect(graph, resolved, image, input, options.Preprocess!);
        card = card with { Sha256 = resolved.Sha256 };
        return new Backbone(model, graph, card, ClassNames.Of(card, resolved.OnnxPath));
    }

    /// <summary>The image input of a file without a card, at the size that is prepared.</summary>
    private static ModelInput InputOf(OnnxModel graph, PreprocessSpec preprocess)
    {
        var image = OnnxImageInput.Of(graph);
        var (width, height) = preprocess.OutputSize;
        return new ModelInput(image.Tensor, image.Layout, height, width);
    }

    /// <summary>The card of a file that has none, read from its graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="path">The file, whose name becomes the id.</param>
    /// <param name="preprocess">The facts that a graph does not state.</param>
    /// <exception cref="ModelException">The graph has no feature vector, as far as can be seen.</exception>
    internal static ModelCard CardOf(OnnxModel graph, string path, PreprocessSpec preprocess) =>
        Inspect(graph, new ResolvedBackbone(path, "", null), ImageOf(graph, InputOf(graph, preprocess)), InputOf(graph, preprocess), preprocess);

    private static ModelCard Inspect(OnnxModel graph, ResolvedBackbone resolved, OnnxImageInput image, ModelInput input, PreprocessSpec preprocess)
    {
        var inspection = OnnxInspector.Inspect(graph, image);
        if (inspection.Features is not { Dim: { } dim } features)
            throw Throw.FeaturesUnknown(resolved.OnnxPath, inspection.WhyNoFeatures ?? "The length of its feature tensor could not be inferred.");
        // A map or tokens become a vector; the nodes of the network's own classes stay.
        if (features.IsSpatial || features.Pooling is not null)
            features = features with { Tensor = OnnxGraphEditor.Pool(graph, [features.Tensor], features.Pooling ?? FeaturePooling.Average, image)[0] };
        return NewCard(resolved, input, new ModelFeatures(features.Tensor, dim), preprocess) with
        {
            Classes = inspection.Classes is { Count: { } count } classes
                ? new ModelClasses(classes.Tensor, classes.Kind, count, null)
                : null,
        };
    }

    private static ModelCard NewCard(ResolvedBackbone resolved, ModelInput input, ModelFeatures features, PreprocessSpec preprocess) =>
        new() { Id = Path.GetFileNameWithoutExtension(resolved.OnnxPath), Input = input, Features = features, Preprocess = preprocess };
}
