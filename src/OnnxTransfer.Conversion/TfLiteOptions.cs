using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Conversion;

/// <summary>How a TFLite model is converted.</summary>
public sealed record TfLiteOptions
{
    /// <summary>The largest height or width, in pixels, that can be asked for.</summary>
    public const int LargestSide = 16384;

    /// <summary>
    /// The tensors to keep, by TFLite name; only what they need is converted. Empty for the model's own outputs.
    /// A name that joins several with semicolons may be given by its first part where that is unique.
    /// </summary>
    public IReadOnlyList<string> Outputs { get; init; } = [];

    /// <summary>The height in pixels of the image input; null for the model's own.</summary>
    public int? Height { get; init; }

    /// <summary>The width in pixels of the image input; null for the model's own.</summary>
    public int? Width { get; init; }

    /// <summary>
    /// The axis order of the image input. <see cref="TensorLayout.Nchw"/> needs no transpose at all;
    /// <see cref="TensorLayout.Nhwc"/> keeps TFLite's order by one transpose at the input.
    /// </summary>
    public TensorLayout InputLayout { get; init; } = TensorLayout.Nchw;

    /// <summary>
    /// Whether the 8-bit weights and activations of a fully quantised model stay so, as pairs of QuantizeLinear and
    /// DequantizeLinear that ONNX Runtime runs as integer kernels. Inputs and outputs are float32 either way. When false,
    /// weights become float32 and activations are no longer rounded.
    /// </summary>
    public bool KeepQuantized { get; init; }

    /// <summary>
    /// How the network wants its images, one of <see cref="PreprocessSpec.PresetNames"/>. With it the ONNX file gets its card, so
    /// that it can be used as a backbone at once. Null where it is not known: the file itself does not tell.
    /// </summary>
    public string? Preprocess { get; init; }
}
