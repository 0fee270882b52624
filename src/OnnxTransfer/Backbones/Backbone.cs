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
    /// <summary>The features as the file has them, before a pooling was added to <see cref="Model"/>.</summary>
    internal ModelFeatures Stated { get => field ?? Card.Features; init; }

    /// <summary>The card to write beside the file: <see cref="Card"/> is about <see cref="Model"/>, whose features may be pooled.</summary>
    internal ModelCard CardOfFile => Card with { Features = Stated };

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

    /// <summary>The backbone without any choice of a caller; null where the preprocessing is not stated or the features are not found.</summary>
    /// <exception cref="ModelException">What is stated does not fit the graph.</exception>
    internal static Backbone? TryOpen(OnnxModel graph, ResolvedBackbone resolved)
    {
        if (resolved.Facts.Preprocess is not { } choice) return null;
        var copy = graph.Clone();
        var image = ImageOf(copy, resolved.Facts.FittingTo(copy).InputOf(copy, resolved.OnnxPath, choice));
        return resolved.Facts.Features is { Tensor: null, Pooling: null } && OnnxInspector.Inspect(copy, image).Features is not { Dim: not null }
            ? null
            : Open(resolved.OnnxPath, copy, resolved, new BackboneOptions());
    }

    /// <summary>A backbone of a graph, which it changes.</summary>
    /// <param name="model">The name in messages.</param>
    /// <param name="graph">The graph.</param>
    /// <param name="resolved">What is stated about it.</param>
    /// <param name="options">Preprocessing and layers.</param>
    /// <exception cref="ModelException">The preprocessing is not known, the features are not found, or what is stated does not fit the graph.</exception>
    internal static Backbone Open(string model, OnnxModel graph, ResolvedBackbone resolved, BackboneOptions options)
    {
        var facts = resolved.Facts.FittingTo(graph);
        var path = resolved.OnnxPath;
        var choice = options.Preprocess ?? facts.Preprocess ?? throw Throw.PreprocessingUnknown(path, ModelCard.PathFor(path));
        var input = facts.InputOf(graph, path, choice);
        var preprocess = choice.At(input.Height, input.Width, path);
        // A network that takes bytes has its normalization inside: only the sizes of the preprocessing are its caller's business.
        if (OnnxImageInput.IsBytes(graph, input.Tensor)) preprocess = preprocess with { Rescale = 1, Mean = [0, 0, 0], Std = [1, 1, 1] };
        var image = ImageOf(graph, input);
        if (OnnxAdapter.MakeBackbone(graph, image) is null) image = image with { FixedBatch = null };
        ModelCard card;
        ModelFeatures? stated = null;
        if (options.Layers.Count > 0)
        {
            var cut = OnnxGraphEditor.CutToFeatures(graph, options.Layers, options.Pooling, image, options.Measure is { } measure ? (end, tensor) => measure(end, input, tensor) : null);
            // The nodes that computed the network's own classes are cut off.
            card = NewCard(resolved, input, new ModelFeatures(cut.Tensor, cut.Dim!.Value), preprocess);
        }
        else if (options.Pooling >= FeaturePooling.Cls)
        {
            // The tokens that the class scores or the stated features are made of.
            var cut = OnnxGraphEditor.CutToFeatures(graph, [OnnxInspector.TokensOf(graph, facts.Features.Tensor, image)], options.Pooling, image);
            card = NewCard(resolved, input, new ModelFeatures(cut.Tensor, cut.Dim!.Value), preprocess);
        }
        else
        {
            // Before a pooling is added, so that the classes are the file's own.
            var isStated = facts.Features.Tensor is not null && facts.Classes is null or { Tensor: not null, Kind: not null, Count: not null };
            var inspection = isStated ? null : OnnxInspector.Inspect(graph, image);
            var found = FeaturesOf(graph, image, facts.Features, inspection, options.Pooling, path);
            (card, stated) = (NewCard(resolved, input, found.InGraph, preprocess), found.InFile);
            card = card with { Classes = facts.ClassesOver(inspection is null ? null : ClassesOf(inspection), path) };
        }

        card = card with { Warnings = [.. options.Preprocess is null ? facts.Warnings : [], .. facts.ClassNameWarnings(card.Classes)] };
        return new Backbone(model, graph, card, facts.NamesOf(card, path)) { Stated = stated ?? card.Features };
    }

    /// <summary>The length of a feature tensor whose card leaves it to the graph.</summary>
    private static int LengthOf(OnnxModel graph, OnnxImageInput image, string tensor, string path)
    {
        var layers = OnnxSummary.Of(graph, image).Layers;
        var found = layers.FirstOrDefault(layer => layer.Value.Name == tensor);
        if (found is null) Throw.OnnxTensorUnknown(graph.Source, tensor, layers.Select(layer => layer.Value.Name));
        return found.FeatureDim ?? throw Throw.FeaturesUnknown(path, $"The length of '{tensor}' could not be inferred: state it as 'features.dim'.");
    }

    private static ModelClasses? ClassesOf(OnnxInspection inspection) =>
        inspection.Classes is { Count: { } count } classes ? new ModelClasses(classes.Tensor, classes.Kind, count, null) : null;

    /// <summary>The card of a file that has none, read from its graph.</summary>
    /// <param name="graph">The graph, which is left as it is.</param>
    /// <param name="path">The file, whose name becomes the id.</param>
    /// <param name="preprocess">The facts that a graph does not state.</param>
    /// <exception cref="ModelException">The graph has no feature vector, as far as can be seen.</exception>
    internal static ModelCard CardOf(OnnxModel graph, string path, PreprocessSpec preprocess) =>
        Open(path, graph.Clone(), new ResolvedBackbone(path, null, CardFacts.None), new BackboneOptions { Preprocess = PreprocessChoice.Of(preprocess) }).CardOfFile;

    /// <summary>The tensor of features as the file has it, and the vector that the graph makes of it: a map or tokens are pooled, the other nodes stay.</summary>
    /// <exception cref="ModelException">The features are not stated, and the graph does not show them.</exception>
    private static (ModelFeatures InFile, ModelFeatures InGraph) FeaturesOf(OnnxModel graph, OnnxImageInput image, FeaturesFacts facts, OnnxInspection? inspection, FeaturePooling wanted, string path)
    {
        var (tensor, pooling, dim) = (facts.Tensor, facts.Pooling, facts.Dim);
        if (tensor is null && pooling >= FeaturePooling.Cls)
        {
            tensor = OnnxInspector.TokensOf(graph, null, image);
        }
        else if (tensor is null)
        {
            if (inspection!.Features is not { Dim: { } length } seen) throw Throw.FeaturesUnknown(path, inspection.WhyNoFeatures ?? "The length of its feature tensor could not be inferred.");
            tensor = seen.Tensor;
            pooling ??= seen.Pooling ?? (seen.IsSpatial ? FeaturePooling.Average : null);
            if (pooling is null) dim ??= length;
        }

        // The average is what a caller gets who names none.
        if (wanted != FeaturePooling.Average)
        {
            if (pooling is null or FeaturePooling.None) throw Throw.PoolingOfVector(path, tensor, OnnxGraphEditor.PoolingName(wanted));
            (pooling, dim) = (wanted == FeaturePooling.None ? FeaturePooling.Flatten : wanted, null);
        }

        var vector = pooling is null or FeaturePooling.None ? tensor : OnnxGraphEditor.Pool(graph, [tensor], pooling.Value, image)[0];
        var inGraph = new ModelFeatures(vector, dim ?? LengthOf(graph, image, vector, path));
        return (inGraph with { Tensor = tensor, Pooling = pooling }, inGraph);
    }

    private static ModelCard NewCard(ResolvedBackbone resolved, ModelInput input, ModelFeatures features, PreprocessSpec preprocess) => new()
    {
        Id = resolved.Facts.Id ?? Path.GetFileNameWithoutExtension(resolved.OnnxPath),
        Sha256 = resolved.Sha256,
        License = resolved.Facts.License,
        Source = resolved.Facts.Source,
        Input = input,
        Features = features,
        Preprocess = preprocess,
    };
}
