using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>
/// The preprocessing of a backbone: resize and crop, then for each channel <c>x = (pixel * Rescale - Mean) / Std</c>, where a pixel is
/// 0 to 255. It travels with the model. Every value is checked where it is set, so a spec that exists can be used.
/// </summary>
public sealed partial record PreprocessSpec
{
    /// <summary>The size that an image is brought to, and the crop that is cut from it.</summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public required Resize Resize { get; init => field = Require.NotNull(value, nameof(Resize)); }

    /// <summary>The resize's kernel, named by the reference implementation it equals.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the enumeration.</exception>
    public required ResizeFilter Filter { get; init => field = Require.Defined(value, nameof(Filter)); }

    /// <summary>
    /// The filter for an image of which neither side is larger than the input. The whole image is stretched to the input by this
    /// filter, instead of the resize and the crop that all other images get. <see cref="ResizeFilter.TensorFlowNearest"/> and
    /// <see cref="ResizeFilter.TensorFlowBilinear"/> equal Keras' <c>UpSampling2D</c> before the network. Null treats all images alike.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the enumeration.</exception>
    public ResizeFilter? Upsampling { get; init => field = value is { } filter ? Require.Defined(filter, nameof(Upsampling)) : null; }

    /// <summary>The factor on a pixel value of 0 to 255, finite and not 0; 1/255 by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is 0, infinite or NaN.</exception>
    public double Rescale { get; init => field = Require.NotZero(value, nameof(Rescale)); } = 1.0 / 255.0;

    /// <summary>
    /// The number subtracted after the rescale: one finite number per channel of the tensor, in the tensor's channel order.
    /// </summary>
    /// <exception cref="ArgumentException">There are not three numbers, or one is infinite or NaN.</exception>
    public IReadOnlyList<double> Mean { get; init => field = Require.Channels(value, nameof(Mean), Require.Finite); } = EquatableList.Of([0.0, 0, 0]);

    /// <summary>
    /// The divisor, applied last: one finite number other than 0 per channel of the tensor, in the tensor's channel order.
    /// </summary>
    /// <exception cref="ArgumentException">There are not three numbers, or one is 0, infinite or NaN.</exception>
    public IReadOnlyList<double> Std { get; init => field = Require.Channels(value, nameof(Std), Require.NotZero); } = EquatableList.Of([1.0, 1, 1]);

    /// <summary>Whether the tensor's channels are B, G, R instead of R, G, B.</summary>
    public bool Bgr { get; init; }

    /// <summary>Width and height in pixels of the prepared image.</summary>
    public ImageSize OutputSize => Resize.OutputSize;
}

/// <summary>A resize kernel, named by the implementation whose numbers it equals.</summary>
public enum ResizeFilter
{
    /// <summary>Pillow's <c>BILINEAR</c>: antialiased triangle filter in 8-bit fixed point, bit-exact. torchvision on PIL images uses it.</summary>
    PillowBilinear,

    /// <summary>Pillow's <c>BICUBIC</c> (a = -0.5): antialiased, 8-bit fixed point, bit-exact.</summary>
    PillowBicubic,

    /// <summary>TensorFlow 2's <c>tf.image.resize</c> bilinear: half-pixel centers, no antialias, float.</summary>
    TensorFlowBilinear,

    /// <summary>OpenCV's <c>INTER_LINEAR</c> on 8-bit pixels: half-pixel centers, no antialias, 11-bit fixed point, bit-exact.</summary>
    OpenCvLinear,

    /// <summary>OpenCV's <c>INTER_NEAREST</c>: the source pixel at <c>floor(dst * in / out)</c>, in double as OpenCV rounds it.</summary>
    Nearest,

    /// <summary>
    /// TensorFlow 2's <c>tf.image.resize</c> nearest: the source pixel at <c>floor((dst + 0.5) * in / out)</c>, in float32 as
    /// TensorFlow rounds it. Whole factors repeat every pixel exactly, as Keras' <c>UpSampling2D</c> does.
    /// </summary>
    TensorFlowNearest,

    /// <summary>Pillow's <c>NEAREST</c>: the source pixel under the center of the result's pixel, in double as Pillow sums it.</summary>
    PillowNearest,

    /// <summary>Pillow's <c>LANCZOS</c> (three lobes): antialiased, 8-bit fixed point, bit-exact.</summary>
    PillowLanczos,

    /// <summary>Pillow's <c>BOX</c>: the mean of the covered pixels, 8-bit fixed point, bit-exact.</summary>
    PillowBox,

    /// <summary>Pillow's <c>HAMMING</c>: antialiased, 8-bit fixed point, bit-exact.</summary>
    PillowHamming,

    /// <summary>
    /// torchvision's bilinear <c>resize</c> of a float tensor with <c>antialias=True</c>: the filter of <see cref="PillowBilinear"/>
    /// without rounding to bytes. DINOv3's processor uses it.
    /// </summary>
    TorchBilinear,
}
