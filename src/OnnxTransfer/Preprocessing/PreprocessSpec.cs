using OnnxTransfer.Internals;

namespace OnnxTransfer.Preprocessing;

/// <summary>
/// How a backbone wants its pixels: resize, optional centre crop, then per channel
/// <c>x = (pixel * Rescale - Mean) / Std</c>, a pixel being 0 to 255. It travels with the model.
/// </summary>
public sealed partial record PreprocessSpec
{
    /// <summary>The resize, first step.</summary>
    public required ResizeSpec Resize { get; init; }

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
    public IReadOnlyList<double> Mean { get; init; } = [0, 0, 0];

    /// <summary>Divided by last, one number per channel of the tensor, in the tensor's channel order.</summary>
    public IReadOnlyList<double> Std { get; init; } = [1, 1, 1];

    /// <summary>The channel order of the tensor.</summary>
    public ChannelOrder Channels { get; init; } = ChannelOrder.Rgb;

    /// <summary>Width and height in pixels of the prepared image.</summary>
    public (int Width, int Height) OutputSize =>
        CropSize is { } side ? (side, side) : (Resize.Width, Resize.Height);

    /// <summary>Checks that the parts fit together; whatever takes a spec calls it first.</summary>
    /// <exception cref="ArgumentException">A size is missing, the crop is larger than what it is cut from, or a number is unusable.</exception>
    public void Validate()
    {
        Resize.Validate();
        if (Upsampling is { } filter && !Enum.IsDefined(filter)) Throw.EnumValueUnknown(filter);
        if (CropSize is { } side)
        {
            var (width, height) = Resize.Mode == ResizeMode.ShortestEdge ? (Resize.Size, Resize.Size) : (Resize.Width, Resize.Height);
            if (side <= 0) Throw.ArgumentNotPositive(nameof(CropSize), side);
            if (side > Math.Min(width, height)) Throw.CropNotInside(side, width, height);
        }
        else if (Resize.Mode == ResizeMode.ShortestEdge)
        {
            Throw.CropMissing(Resize.Size);
        }

        if (!double.IsFinite(Rescale) || Rescale == 0) Throw.RescaleWrong(Rescale);
        if (Mean.Count != 3) Throw.ChannelValuesWrong(nameof(Mean), Mean.Count);
        if (Std.Count != 3) Throw.ChannelValuesWrong(nameof(Std), Std.Count);
        for (var c = 0; c < 3; c++)
        {
            if (!double.IsFinite(Mean[c])) Throw.ChannelValueWrong(nameof(Mean), c, Mean[c], "finite");
            if (!double.IsFinite(Std[c]) || Std[c] == 0) Throw.ChannelValueWrong(nameof(Std), c, Std[c], "finite and not zero");
        }

        if (!Enum.IsDefined(Channels)) Throw.EnumValueUnknown(Channels);
    }
}

/// <summary>The resize step of a <see cref="PreprocessSpec"/>.</summary>
public sealed record ResizeSpec
{
    /// <summary>Whether the image is stretched to width and height, or its shorter side brought to <see cref="Size"/>.</summary>
    public required ResizeMode Mode { get; init; }

    /// <summary>The kernel, named by the reference implementation it equals.</summary>
    public required ResizeFilter Filter { get; init; }

    /// <summary>Height in pixels for <see cref="ResizeMode.Stretch"/>.</summary>
    public int Height { get; init; }

    /// <summary>Width in pixels for <see cref="ResizeMode.Stretch"/>.</summary>
    public int Width { get; init; }

    /// <summary>The shorter side in pixels for <see cref="ResizeMode.ShortestEdge"/>.</summary>
    public int Size { get; init; }

    /// <summary>Checks that the sizes that <see cref="Mode"/> needs are there.</summary>
    internal void Validate()
    {
        if (!Enum.IsDefined(Mode)) Throw.EnumValueUnknown(Mode);
        if (!Enum.IsDefined(Filter)) Throw.EnumValueUnknown(Filter);
        if (Mode == ResizeMode.ShortestEdge)
        {
            if (Size <= 0) Throw.ResizeSizeMissing("its shorter side", nameof(Size), Size);
            return;
        }

        if (Width <= 0) Throw.ResizeSizeMissing("stretching", nameof(Width), Width);
        if (Height <= 0) Throw.ResizeSizeMissing("stretching", nameof(Height), Height);
    }
}

/// <summary>How an image of any shape is brought to a size.</summary>
public enum ResizeMode
{
    /// <summary>Both sides to the given width and height, whatever that does to the proportions.</summary>
    Stretch,

    /// <summary>The shorter side to the given size, the longer in proportion (truncated, as torchvision does); a centre crop follows.</summary>
    ShortestEdge,
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

/// <summary>The order of the three colour channels in a tensor.</summary>
public enum ChannelOrder
{
    /// <summary>Red, green, blue.</summary>
    Rgb,

    /// <summary>Blue, green, red: Caffe's order, which Keras' VGG and ResNet v1 weights expect.</summary>
    Bgr,
}
