namespace OnnxTransfer.Backbones;

/// <summary>One backbone of the catalog: its card, the sources of its bytes, and its published accuracy.</summary>
internal sealed record CatalogEntry
{
    /// <summary>Its identifier, <see cref="ModelCard.Id"/>.</summary>
    public string Id => Card.Id;

    /// <summary>A name for people, for example <c>ResNet-50 v2</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Tensors, preprocessing, license and the SHA-256 of the file.</summary>
    public required ModelCard Card { get; init; }

    /// <summary>Size of the ONNX file in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Addresses of the same bytes, tried in this order; empty when a <see cref="Package"/> brings the file.</summary>
    public IReadOnlyList<Uri> Mirrors { get; init; } = [];

    /// <summary>The NuGet package that puts the file beside the application; null when it is downloaded.</summary>
    public string? Package { get; init; }

    /// <summary>Published top-1 accuracy on ImageNet's validation set, in percent; null when none was published.</summary>
    public double? Top1 { get; init; }

    /// <summary>Published top-5 accuracy on ImageNet's validation set, in percent; null when none was published.</summary>
    public double? Top5 { get; init; }

    /// <summary>Who published the accuracy; null when none was published.</summary>
    public string? AccuracySource { get; init; }

    /// <summary>Further notes for a user of this model; null if there are none.</summary>
    public string? Note { get; init; }
}
