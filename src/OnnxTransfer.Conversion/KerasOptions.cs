using OnnxTransfer.Internals;

namespace OnnxTransfer.Conversion;

/// <summary>How a Keras model is converted. Every value is checked where it is set.</summary>
public sealed record KerasOptions
{
    /// <summary>The layers to keep, by Keras name; only what they need is converted. Empty for the model's own outputs.</summary>
    public IReadOnlyList<string> Outputs { get; init => field = Require.Names(value, nameof(Outputs)); } = EquatableList.Of<string>([]);

    /// <summary>The height in pixels of the image input; null for the model's own.</summary>
    public int? Height { get; init => field = value is { } side ? Require.Side(side, nameof(Height)) : null; }

    /// <summary>The width in pixels of the image input; null for the model's own.</summary>
    public int? Width { get; init => field = value is { } side ? Require.Side(side, nameof(Width)) : null; }

    /// <summary>
    /// The axis order of the image input. <see cref="TensorLayout.Nchw"/> needs no transpose at all;
    /// <see cref="TensorLayout.Nhwc"/> keeps Keras' order by one transpose at the input.
    /// </summary>
    public TensorLayout InputLayout { get; init => field = Require.Defined(value, nameof(InputLayout)); } = TensorLayout.Nchw;

    /// <summary>
    /// How the network wants its images, one of <see cref="PreprocessSpec.PresetNames"/>. With it the ONNX file gets its card, so
    /// that it can be used as a backbone at once. Null where it is not known: the file itself does not tell.
    /// </summary>
    public string? Preprocess { get; init => field = value is null ? null : Require.OneOf(value, PreprocessSpec.PresetNames, nameof(Preprocess)); }
}
