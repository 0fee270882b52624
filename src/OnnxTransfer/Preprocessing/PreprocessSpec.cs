using OnnxTransfer.Internals;

namespace OnnxTransfer.Preprocessing;

/// <summary>
/// How a backbone wants its pixels: resize, optional centre crop, then per channel
/// <c>x = (pixel * Rescale - Mean) / Std</c>, a pixel being 0 to 255. It travels with the model.
/// </summary>
public sealed partial record PreprocessSpec
{
    /// <summary>The resize's kernel, named by the reference implementation it equals.</summary>
    public required ResizeFilter Filter { get; init; }

    /// <summary>Width in pixels that every image is stretched to, whatever that does to its proportions; 0 with <see cref="ShortestEdge"/>.</summary>
    public int Width { get; init; }

    /// <summary>Height in pixels that every image is stretched to; 0 with <see cref="ShortestEdge"/>.</summary>
    public int Height { get; init; }

    /// <summary>
    /// Instead of <see cref="Width"/> and <see cref="Height"/>: the length in pixels that the shorter side is brought to, the
    /// longer in proportion (truncated, as torchvision does); a crop must follow. Null to stretch.
    /// </summary>
    public int? ShortestEdge { get; init; }

    /// <summary>
    /// How an image that is nowhere larger than the input is enlarged: stretched to it whole by this filter, instead of the
    /// resize and the crop that all others get. <see cref="ResizeFilter.TensorFlowNearest"/> and
    /// <see cref="ResizeFilter.TensorFlowBilinear"/> equal Keras' <c>UpSampling2D</c> before the network. Null to treat all alike.
    /// </summary>
    public ResizeFilter? Upsampling { get; init; }

    /// <summary>The side in pixels of the square cut from the centre after the resize; null for none.</summary>
    public int? CropSize { get; init; }

    /// <summary>The factor on a pixel value of 0 to 255; 1/255 by default.</summary>
    public double Rescale { get; init; } = 1.0 / 255.0;

    /// <summary>Subtracted after the rescale, one number per channel of the tensor, in the tensor's channel order.</summary>
    public IReadOnlyList<double> Mean { get; init => field = EquatableList.Of(value, nameof(Mean)); } = EquatableList.Of([0.0, 0, 0]);

    /// <summary>Divided by last, one number per channel of the tensor, in the tensor's channel order.</summary>
    public IReadOnlyList<double> Std { get; init => field = EquatableList.Of(value, nameof(Std)); } = EquatableList.Of([1.0, 1, 1]);

    /// <summary>Whether the tensor's channels are B, G, R instead of R, G, B.</summary>
    public bool Bgr { get; init; }

    /// <summary>Width and height in pixels of the prepared image.</summary>
    public ImageSize OutputSize => CropSize is { } side ? new ImageSize(side, side) : new ImageSize(Width, Height);

    /// <summary>Checks that the parts fit together; whatever takes a spec calls it first.</summary>
    /// <exception cref="ArgumentException">A size is missing, the crop is larger than what it is cut from, or a number is unusable.</exception>
    public void Validate()
    {
        if (!Enum.IsDefined(Filter)) Throw.EnumValueUnknown(Filter);
        if (ShortestEdge is { } edge) ValidateShortestEdge(edge);
        else ValidateStretch();
        if (Upsampling is { } filter && !Enum.IsDefined(filter)) Throw.EnumValueUnknown(filter);
        if (CropSize is { } side)
        {
            var (width, height) = ShortestEdge is { } shortest ? (shortest, shortest) : (Width, Height);
            if (side <= 0) Throw.ArgumentNotPositive(nameof(CropSize), side);
            if (side > Math.Min(width, height)) Throw.CropNotInside(side, width, height);
        }

        if (!double.IsFinite(Rescale) || Rescale == 0) Throw.RescaleWrong(Rescale);
        if (Mean.Count != 3) Throw.ChannelValuesWrong(nameof(Mean), Mean.Count);
        if (Std.Count != 3) Throw.ChannelValuesWrong(nameof(Std), Std.Count);
        for (var c = 0; c < 3; c++)
        {
            if (!double.IsFinite(Mean[c])) Throw.ChannelValueWrong(nameof(Mean), c, Mean[c], "finite");
            if (!double.IsFinite(Std[c]) || Std[c] == 0) Throw.ChannelValueWrong(nameof(Std), c, Std[c], "finite and not zero");
        }
    }

    private void ValidateShortestEdge(int edge)
    {
        if (edge <= 0) Throw.ResizeSizeMissing("its shorter side", nameof(ShortestEdge), edge);
        if (Width != 0 || Height != 0) Throw.ResizeAmbiguous(edge, Width, Height);
        if (CropSize is null) Throw.CropMissing(edge);
    }

    private void ValidateStretch()
    {
        if (Width <= 0) Throw.ResizeSizeMissing("stretching", nameof(Width), Width);
        if (Height <= 0) Throw.ResizeSizeMissing("stretching", nameof(Height), Height);
    }
}

/// <summary>A resize kernel, named by the implementation whose numbers it equals.</summary>
public enum ResizeFilter
{
    /// <summary>Pillow's <c>BILINEAR</c>: antialiased triangle filter in 8-bit fixed point, bit-exact. torchvision on PIL images uses it.</summary>
    PillowBilinear,

    /// <summary>Pillow's <c>BICUBIC</c> (a = -0.5): antialiased, 8-bit fixed point, bit-exact.</summary>
    PillowBicubic,

    /// <summary>TensorFlow 2's <c>tf.image.resize</c> bilinear: half-pixel centres, no antialias, float.</summary>
    TensorFlowBilinear,

    /// <summary>OpenCV's <c>INTER_LINEAR</c> on 8-bit pixels: half-pixel centres, no antialias, 11-bit fixed point, bit-exact.</summary>
    OpenCvLinear,

    /// <summary>OpenCV's <c>INTER_NEAREST</c>: the source pixel at <c>floor(dst * in / out)</c>, in double as OpenCV rounds it.</summary>
    Nearest,

    /// <summary>
    /// TensorFlow 2's <c>tf.image.resize</c> nearest: the source pixel at <c>floor((dst + 0.5) * in / out)</c>, in float32 as
    /// TensorFlow rounds it. Whole factors repeat every pixel exactly, as Keras' <c>UpSampling2D</c> does.
    /// </summary>
    TensorFlowNearest,
}
