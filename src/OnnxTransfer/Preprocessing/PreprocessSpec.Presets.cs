using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <content>The preprocessings that most published networks were trained with, by name.</content>
public sealed partial record PreprocessSpec
{
    private static readonly (string Name, Func<int, PreprocessSpec> Make)[] s_presets =
        [("torch", Torch), ("tf", TensorFlow), ("tf-unit", TensorFlowUnit), ("caffe", Caffe)];

    /// <summary>
    /// The names that <see cref="Named"/> knows: <c>torch</c>, <c>tf</c> (RGB in [-1,1]), <c>tf-unit</c> (RGB in [0,1]) and
    /// <c>caffe</c> (BGR minus a mean).
    /// </summary>
    public static IReadOnlyList<string> PresetNames { get; } = [.. s_presets.Select(preset => preset.Name)];

    /// <summary>A preset by its name, for networks whose input is <paramref name="size"/> pixels square.</summary>
    /// <param name="name">One of <see cref="PresetNames"/>.</param>
    /// <param name="size">The side of the input in pixels.</param>
    /// <exception cref="ArgumentException">There is no such preset, or the size is out of range.</exception>
    public static PreprocessSpec Named(string name, int size = 224)
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach (var (known, make) in s_presets)
            if (known == name) return make(size);
        Throw.PresetUnknown(name, PresetNames);
        return null;
    }

    /// <summary>
    /// What torchvision's ImageNet weights, and most ONNX files made from PyTorch, expect: shorter side to 256/224 of
    /// <paramref name="size"/>, antialiased bilinear, center crop, RGB / 255, then mean (0.485, 0.456, 0.406) and standard deviation
    /// (0.229, 0.224, 0.225). Source: torchvision's <c>transforms.ImageClassification</c> with crop 224 and resize 256 (299 and 342
    /// for Inception v3); mode <c>torch</c> of Keras' <c>imagenet_utils.preprocess_input</c> has the same numbers.
    /// </summary>
    /// <param name="size">The side of the input in pixels.</param>
    /// <exception cref="ArgumentException">The size is out of range.</exception>
    public static PreprocessSpec Torch(int size = 224)
    {
        Require.Side(size, nameof(size));
        return new PreprocessSpec
        {
            Filter = ResizeFilter.PillowBilinear,
            Resize = Resize.ShortestEdge((int)Math.Round(size * 256.0 / 224), size),
            Mean = [0.485, 0.456, 0.406],
            Std = [0.229, 0.224, 0.225],
        };
    }

    /// <summary>
    /// What Keras' MobileNet, Inception v3 and ResNet v2 weights expect: the whole image stretched to the input as
    /// <c>tf.image.resize</c> does, RGB in [-1,1] by pixel / 127.5 - 1. Source: mode <c>tf</c> of Keras'
    /// <c>imagenet_utils.preprocess_input</c>; the resize is that of <c>image_dataset_from_directory</c>.
    /// </summary>
    /// <param name="size">The side of the input in pixels.</param>
    /// <exception cref="ArgumentException">The size is out of range.</exception>
    public static PreprocessSpec TensorFlow(int size = 224) => Stretched(size) with { Mean = [0.5, 0.5, 0.5], Std = [0.5, 0.5, 0.5] };

    /// <summary>
    /// What TensorFlow Hub's image models expect: the whole image stretched to the input as <c>tf.image.resize</c> does, RGB in
    /// [0,1]. Source: the image input convention of TensorFlow Hub's common signatures for images.
    /// </summary>
    /// <param name="size">The side of the input in pixels.</param>
    /// <exception cref="ArgumentException">The size is out of range.</exception>
    public static PreprocessSpec TensorFlowUnit(int size = 224) => Stretched(size);

    /// <summary>
    /// What Keras' VGG and ResNet v1 weights, which came from Caffe, expect: the whole image stretched to the input as
    /// <c>tf.image.resize</c> does, BGR of 0 to 255 minus the mean (103.939, 116.779, 123.68). Source: mode <c>caffe</c> of Keras'
    /// <c>imagenet_utils.preprocess_input</c>; the resize is that of <c>image_dataset_from_directory</c>.
    /// </summary>
    /// <param name="size">The side of the input in pixels.</param>
    /// <exception cref="ArgumentException">The size is out of range.</exception>
    public static PreprocessSpec Caffe(int size = 224) =>
        Stretched(size) with { Rescale = 1, Mean = [103.939, 116.779, 123.68], Bgr = true };

    private static PreprocessSpec Stretched(int size)
    {
        Require.Side(size, nameof(size));
        return new PreprocessSpec { Filter = ResizeFilter.TensorFlowBilinear, Resize = Resize.Stretch(size, size) };
    }
}
