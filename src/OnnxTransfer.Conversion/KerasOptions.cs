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
    /// The preprocessing that the network expects, one of <see cref="PreprocessSpec.PresetNames"/>. It is written into the card of the
    /// ONNX file, which makes the file a backbone. Null if it is not known; then no card is written. The model's own file does not
    /// state it.
    /// </summary>
    public string? Preprocess { get; init => field = value is null ? null : Require.OneOf(value, PreprocessSpec.PresetNames, nameof(Preprocess)); }

    /// <summary>
    /// The architecture of an <c>.h5</c> file that has only weights, as those of <c>keras.applications</c>: <c>inception_v3</c>,
    /// <c>mobilenet_v2</c>, <c>resnet101v2</c>, <c>resnet50</c> or <c>vgg16</c>. Layers have Keras's names. The preprocessing of Keras's
    /// <c>preprocess_input</c> goes into the card if <see cref="Preprocess"/> is null. Null for a file with its own architecture.
    /// </summary>
    public string? Architecture { get; init => field = value is null ? null : Require.OneOf(value, Keras.KerasArchitecture.Names, nameof(Architecture)); }
}
