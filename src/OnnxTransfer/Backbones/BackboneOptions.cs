using OnnxTransfer.Onnx.Schema;

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

    /// <summary>How the spatial axes or tokens of <see cref="Layers"/> are reduced; a pooling of tokens also holds without layers.</summary>
    public FeaturePooling Pooling { get; init; }

    /// <summary>
    /// Runs a graph on one image, to learn the shape of the tensor that it ends in; null if nothing can be run. It comes from outside,
    /// because running is a later stage.
    /// </summary>
    public Func<OnnxModel, ModelInput, string, long[]?>? Measure { get; init; }
}
