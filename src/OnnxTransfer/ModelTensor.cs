using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>A tensor of a network: an input, an output, or the result of a layer.</summary>
public sealed record ModelTensor
{
    /// <summary>Its name in the graph.</summary>
    public required string Name { get; init; }

    /// <summary>The type of its elements, such as <c>float32</c>.</summary>
    public required string ElementType { get; init; }

    /// <summary>
    /// The sizes of its axes; null for a free axis, such as the batch. The whole list is null if the number of axes is not known.
    /// </summary>
    public IReadOnlyList<long?>? Shape { get; init => field = value is null ? null : EquatableList.Of(value, nameof(Shape)); }

    /// <summary>The ONNX operator that computes it; null for an input.</summary>
    public string? Operator { get; init; }

    /// <summary>D, the length of one image's vector after pooling height and width, if there are any; null if D is not known.</summary>
    public int? Dim { get; init; }

    /// <summary>The number of weights that this layer and all layers before it in the file read.</summary>
    public long ParametersSoFar { get; init; }

    /// <summary>
    /// Floating-point operations per image, of convolutions and matrix products up to here, where a multiplication with an addition
    /// counts as two; null after a layer whose shape is not known.
    /// </summary>
    public long? FlopsSoFar { get; init; }
}
