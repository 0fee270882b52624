using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Backbones;

/// <summary>
/// What is stated about a model, by a <c>.model.json</c> or by the files that come with it elsewhere. Any of it may be missing: the graph
/// tells the rest.
/// </summary>
internal sealed record CardFacts
{
    /// <summary>Nothing is stated.</summary>
    internal static CardFacts None { get; } = new();

    internal string? Id { get; init; }

    internal string? Sha256 { get; init; }

    internal string? License { get; init; }

    internal string? Source { get; init; }

    internal InputFacts Input { get; init; } = new(null, null, null, null);

    internal FeaturesFacts Features { get; init; } = new(null, null);

    /// <summary>The network's own classes; null where nothing is stated.</summary>
    internal ClassesFacts? Classes { get; init; }

    internal PreprocessChoice? Preprocess { get; init; }

    /// <summary>The names of the classes themselves, in order; empty where a card names a file of names, or nobody does.</summary>
    internal IReadOnlyList<string> ClassNames { get; init; } = [];

    /// <summary>The file that states the preprocessing, for messages; null where none does.</summary>
    internal string? StatedBy { get; init; }

    /// <summary>What a user should know before they trust the preprocessing, each in one sentence.</summary>
    internal IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The same at the larger size that a timm configuration names for tests; null where there is one size.</summary>
    internal CardFacts? AtTestSize { get; init; }

    internal static CardFacts Of(ModelCard card) => new()
    {
        Id = card.Id,
        Sha256 = card.Sha256,
        License = card.License,
        Source = card.Source,
        Input = new InputFacts(card.Input.Tensor, card.Input.Layout, card.Input.Height, card.Input.Width),
        Features = new FeaturesFacts(card.Features.Tensor, card.Features.Dim, card.Features.Pooling),
        Classes = card.Classes is { } classes ? new ClassesFacts(classes.Tensor, classes.Kind, classes.Count, classes.Labels) : null,
        Preprocess = PreprocessChoice.Of(card.Preprocess),
    };

    /// <summary>Reads a <c>.model.json</c> file, whole or in part.</summary>
    /// <exception cref="ModelException">The file is not a card: the message names every field that is wrong.</exception>
    internal static CardFacts Load(string path) => ModelCardJson.ParseFacts(File.ReadAllBytes(path), path) with { StatedBy = path };

    /// <summary>The card; null where something is missing.</summary>
    internal ModelCard? Whole =>
        Id is { } id && Input is { Tensor: { } input, Layout: { } layout, Height: { } height, Width: { } width }
        && Features is { Tensor: { } features, Dim: { } dim } && Preprocess is { } preprocess
        && Classes is null or { Tensor: not null, Kind: not null, Count: not null }
            ? new ModelCard
            {
                Id = id,
                Sha256 = Sha256,
                License = License,
                Source = Source,
                Input = new ModelInput(input, layout, height, width),
                Features = new ModelFeatures(features, dim, Features.Pooling),
                Classes = Classes is { } classes ? new ModelClasses(classes.Tensor!, classes.Kind!.Value, classes.Count!.Value, classes.Labels) : null,
                Preprocess = preprocess.At(height, width, id),
                Warnings = Warnings,
            }
            : null;

    /// <summary>The image input: what is stated, and the rest as the graph has it.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="path">The model, for messages.</param>
    /// <param name="preprocess">The preprocessing in use, which may fix the size.</param>
    /// <exception cref="ModelException">The graph takes images of another size than the preprocessing makes.</exception>
    /// <exception cref="InvalidDataException">The graph has no such input.</exception>
    internal ModelInput InputOf(OnnxModel graph, string path, PreprocessChoice preprocess)
    {
        var image = Find(graph);
        // An option may name another size than the card.
        var (width, height) = preprocess.Size is { } size && (preprocess != Preprocess || Input.Height is null)
            ? (size.Width, size.Height)
            : (Input.Width ?? image.Width, Input.Height ?? image.Height);
        var made = preprocess.At(height, width, path).OutputSize;
        // The size that a card states is compared with the graph's when the network is cut, together with the layout.
        if (Input.Height is null && ((image.Height ?? made.Height) != made.Height || (image.Width ?? made.Width) != made.Width))
            throw Throw.PreparedSizeDiffers(path, image.Height, image.Width, made, StatedBy is { } file && preprocess == Preprocess ? file : null);
        return new ModelInput(image.Tensor, image.Layout, made.Height, made.Width);
    }

    private OnnxImageInput Find(OnnxModel graph)
    {
        if (Input.Tensor is { } tensor && Input.Layout is { } layout) return OnnxImageInput.Of(graph, tensor, layout);
        var image = OnnxImageInput.Of(graph);
        return OnnxImageInput.Of(graph, Input.Tensor ?? image.Tensor, Input.Layout ?? image.Layout);
    }

    /// <summary>The network's own classes: what is stated over what the graph shows.</summary>
    /// <param name="seen">The classes that the graph shows; null for none.</param>
    /// <param name="path">The model, for messages.</param>
    /// <exception cref="ModelException">Something is stated about classes, but neither it nor the graph tells which tensor they are.</exception>
    internal ModelClasses? ClassesOver(ModelClasses? seen, string path)
    {
        if (Classes is not { } stated) return seen;
        return (stated.Tensor ?? seen?.Tensor, stated.Kind ?? seen?.Kind, stated.Count ?? seen?.Count) is ({ } tensor, { } kind, { } count)
            ? new ModelClasses(tensor, kind, count, stated.Labels)
            : throw Throw.ClassesUnknown(path);
    }

    /// <summary>The same without names of classes, which come from elsewhere.</summary>
    internal CardFacts WithLabels() => this with { ClassNames = [], Classes = Classes is { } classes ? classes with { Labels = null } : null };

    /// <summary>The names of the classes, one per class; empty when the network has none or nobody names them.</summary>
    internal IReadOnlyList<string> NamesOf(ModelCard card, string path) =>
        ClassNames.Count > 0 && ClassNames.Count == card.Classes?.Count ? ClassNames : Backbones.ClassNames.Of(card, path);

    /// <summary>Why the names of the classes are not used; empty where they are, or where there are none.</summary>
    internal IEnumerable<string> ClassNameWarnings(ModelClasses? classes) => classes is { Count: var count } && ClassNames.Count > 0 && ClassNames.Count != count
        ? [$"{StatedBy ?? "The configuration"} names {ClassNames.Count} classes, but the network has {count}, so the names are not used."]
        : [];

    /// <summary>The facts at the size that the graph takes, where a configuration has two sizes.</summary>
    internal CardFacts FittingTo(OnnxModel graph)
    {
        if (AtTestSize is not { } other || Preprocess?.Size is not { } size || other.Preprocess?.Size is not { } testSize) return this;
        var image = Find(graph);
        var takesTestSize = image.Height == testSize.Height && image.Width == testSize.Width;
        return takesTestSize && size != testSize ? other : this;
    }
}

/// <summary>What is stated about the image input.</summary>
internal sealed record InputFacts(string? Tensor, TensorLayout? Layout, int? Height, int? Width);

/// <summary>What is stated about the features.</summary>
internal sealed record FeaturesFacts(string? Tensor, int? Dim, FeaturePooling? Pooling = null);

/// <summary>What is stated about the classes.</summary>
internal sealed record ClassesFacts(string? Tensor, ScoreKind? Kind, int? Count, string? Labels);
