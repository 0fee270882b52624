using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>A tensor of a network: an input, an output, or what a layer computes.</summary>
public sealed record ModelTensor
{
    /// <summary>Its name in the graph.</summary>
    public required string Name { get; init; }

    /// <summary>The type of its elements, such as <c>float32</c>.</summary>
    public required string ElementType { get; init; }

    /// <summary>Its axes; null for one that is free, such as the batch. Null as a whole where not even their number is known.</summary>
    public IReadOnlyList<long?>? Shape { get; init => field = value is null ? null : EquatableList.Of(value, nameof(Shape)); }

    /// <summary>The ONNX operator that computes it; null for an input.</summary>
    public string? Operator { get; init; }

    /// <summary>D, the numbers for one image after pooling height and width, if there are any; null where it is not known.</summary>
    public int? Dim { get; init; }

    /// <summary>The weights that it and everything before it in the file read.</summary>
    public long ParametersSoFar { get; init; }

    /// <summary>
    /// Floating-point operations per image, of convolutions and matrix products up to here, a multiplication with addition
    /// being two; null past a layer whose shape is not known.
    /// </summary>
    public long? FlopsSoFar { get; init; }
}
