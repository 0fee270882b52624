namespace OnnxTransfer.Backbones;

/// <summary>The choices of a caller about a backbone.</summary>
internal sealed record BackboneOptions
{
    /// <summary>Where downloads are kept; null for the user's own folder.</summary>
    public ModelStore? Store { get; init; }

    /// <summary>Replaces the card's preprocessing; required if there is no card.</summary>
    public PreprocessChoice? Preprocess { get; init; }

    /// <summary>The layers whose tensors are the features; empty for the layers of the card.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];

    /// <summary>How the spatial axes of <see cref="Layers"/> are reduced.</summary>
    public FeaturePooling Pooling { get; init; }
}
