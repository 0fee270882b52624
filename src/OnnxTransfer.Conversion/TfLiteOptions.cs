using OnnxTransfer.Internals;

namespace OnnxTransfer.Conversion;

/// <summary>How a TFLite model is converted. Every value is checked where it is set.</summary>
public sealed record TfLiteOptions
{
    /// <summary>The largest height or width, in pixels, that can be asked for.</summary>
    public const int LargestSide = Require.LargestSide;

    /// <summary>
    /// The tensors to keep, by TFLite name; only what they need is converted. Empty for the model's own outputs. If a name joins
    /// several names with semicolons, its first part is enough when that part is unique.
    /// </summary>
    public IReadOnlyList<string> Outputs { get; init => field = Require.Names(value, nameof(Outputs)); } = EquatableList.Of<string>([]);

    /// <summary>The height in pixels of the image input; null for the model's own.</summary>
    public int? Height { get; init => field = value is { } side ? Require.Side(side, nameof(Height)) : null; }

    /// <summary>The width in pixels of the image input; null for the model's own.</summary>
    public int? Width { get; init => field = value is { } side ? Require.Side(side, nameof(Width)) : null; }

    /// <summary>
    /// The axis order of the image input. <see cref="TensorLayout.Nchw"/> needs no transpose at all;
    /// <see cref="TensorLayout.Nhwc"/> keeps TFLite's order by one transpose at the input.
    /// </summary>
    public TensorLayout InputLayout { get; init => field = Require.Defined(value, nameof(InputLayout)); } = TensorLayout.Nchw;

    /// <summary>
    /// Whether the 8-bit weights of a fully quantized model stay bytes in the file, and convolutions and fully connected layers compute
    /// in integers. The inputs of these layers are rounded to bytes by the ranges that the model states, as pairs of QuantizeLinear and
    /// DequantizeLinear, and ONNX Runtime has integer kernels for them. Everything else (sums, pools, scores) is float32, as inputs and
    /// outputs are. When false, weights become float32 and nothing is rounded.
    /// </summary>
    public bool KeepQuantized { get; init; }

    /// <summary>
    /// With <see cref="KeepQuantized"/>, the share of all multiplications that may stay in float32, counted from the input on, 0 to 1.
    /// Rounding in the first layers affects all later layers and changes the answers most.
    /// </summary>
    public double FloatShare { get; init => field = Require.Share(value, nameof(FloatShare)); } = 0.15;

    /// <summary>
    /// The preprocessing that the network expects, one of <see cref="PreprocessSpec.PresetNames"/>. It is written into the card of the
    /// ONNX file, which makes the file a backbone. Null if it is not known; then no card is written. The model's own file does not
    /// state it.
    /// </summary>
    public string? Preprocess { get; init => field = value is null ? null : Require.OneOf(value, PreprocessSpec.PresetNames, nameof(Preprocess)); }
}
