using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <content>The preprocessings that most published networks were trained with, by name.</content>
public sealed partial record PreprocessSpec
{
    private static readonly double[] s_imageNetMean = [0.485, 0.456, 0.406];

    private static readonly double[] s_imageNetStd = [0.229, 0.224, 0.225];

    private static readonly double[] s_half = [0.5, 0.5, 0.5];

    /// <summary>The modules of <c>keras.applications</c>, each by the preprocessing of its <c>preprocess_input</c>.</summary>
    private static readonly (string Module, Func<int, PreprocessSpec> Make)[] s_keras =
    [
        ("vgg16", Caffe), ("vgg19", Caffe), ("resnet", Caffe), ("resnet50", Caffe),
        ("resnet_v2", TensorFlow), ("mobilenet", TensorFlow), ("mobilenet_v2", TensorFlow), ("inception_v3", TensorFlow),
        ("inception_resnet_v2", TensorFlow), ("xception", TensorFlow), ("nasnet", TensorFlow),
        ("densenet", size => Stretched(size) with { Mean = s_imageNetMean, Std = s_imageNetStd }),
        ("mobilenet_v3", Raw), ("efficientnet", Raw), ("efficientnet_v2", Raw), ("convnext", Raw),
    ];

    private static readonly (string Name, Func<int, PreprocessSpec> Make)[] s_presets =
    [
        ("torch", Torch), ("tf", TensorFlow), ("tf-unit", TensorFlowUnit), ("caffe", Caffe), ("raw", Raw),
        ("clip", Clip), ("siglip", Siglip), ("vit", Vit), ("dinov2", Dinov2), ("dinov3", Dinov3),
        .. s_keras.Select(one => ($"keras-{one.Module}", one.Make)),
    ];

    /// <summary>
    /// The names that <see cref="Named"/> knows: <c>torch</c>, <c>tf</c> (RGB in [-1,1]), <c>tf-unit</c> (RGB in [0,1]), <c>caffe</c> (BGR
    /// minus a mean), <c>raw</c> (RGB of 0 to 255), <c>clip</c>, <c>siglip</c>, <c>vit</c>, <c>dinov2</c>, <c>dinov3</c>, and
    /// <c>keras-MODULE</c> for each module of <c>keras.applications</c>, such as <c>keras-resnet50</c>.
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
            Mean = s_imageNetMean,
            Std = s_imageNetStd,
        };
    }

    /// <summary>
    /// What Keras' MobileNet, Inception v3 and ResNet v2 weights expect: the whole image stretched to the input as
    /// <c>tf.image.resize</c> does, RGB in [-1,1] by pixel / 127.5 - 1. Source: mode <c>tf</c> of Keras'
    /// <c>imagenet_utils.preprocess_input</c>; the resize is that of <c>image_dataset_from_directory</c>.
    /// </summary>
    /// <param name="size">The side of the input in pixels.</param>
    /// <exception cref="ArgumentException">The size is out of range.</exception>
    public static PreprocessSpec TensorFlow(int size = 224) => Stretched(size) with { Mean = s_half, Std = s_half };

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

    /// <summary>
    /// What Keras' EfficientNet, ConvNeXt and MobileNetV3 expect, which normalize inside the network: the whole image stretched to the
    /// input as <c>tf.image.resize</c> does, RGB of 0 to 255. Source: their <c>preprocess_input</c>, which changes nothing; the resize is
    /// that of <c>image_dataset_from_directory</c>.
    /// </summary>
    /// <param name="size">The side of the input in pixels.</param>
    /// <exception cref="ArgumentException">The size is out of range.</exception>
    public static PreprocessSpec Raw(int size = 224) => Stretched(size) with { Rescale = 1 };

    /// <summary>
    /// What OpenAI's CLIP expects: shorter side to <paramref name="size"/>, Pillow's bicubic filter, center crop, RGB / 255, then CLIP's
    /// own mean and standard deviation. Source: <c>CLIPImageProcessor</c> of Hugging Face's transformers.
    /// </summary>
    /// <param name="size">The side of the input in pixels.</param>
    /// <exception cref="ArgumentException">The size is out of range.</exception>
    public static PreprocessSpec Clip(int size = 224) => new()
    {
        Filter = ResizeFilter.PillowBicubic,
        Resize = Resize.ShortestEdge(Require.Side(size, nameof(size)), size) with { CropRounding = CropRounding.Down },
        Mean = [0.48145466, 0.4578275, 0.40821073],
        Std = [0.26862954, 0.26130258, 0.27577711],
    };

    /// <summary>
    /// What SigLIP expects: the whole image stretched to the input, Pillow's bicubic filter, RGB in [-1,1]. Source:
    /// <c>SiglipImageProcessor</c> of Hugging Face's transformers.
    /// </summary>
    /// <param name="size">The side of the input in pixels.</param>
    /// <exception cref="ArgumentException">The size is out of range.</exception>
    public static PreprocessSpec Siglip(int size = 224) => Vit(size) with { Filter = ResizeFilter.PillowBicubic };

    /// <summary>
    /// What Google's ViT weights expect: the whole image stretched to the input, Pillow's bilinear filter, RGB in [-1,1]. Source:
    /// <c>ViTImageProcessor</c> of Hugging Face's transformers.
    /// </summary>
    /// <param name="size">The side of the input in pixels.</param>
    /// <exception cref="ArgumentException">The size is out of range.</exception>
    public static PreprocessSpec Vit(int size = 224) =>
        new() { Filter = ResizeFilter.PillowBilinear, Resize = Resize.Stretch(Require.Side(size, nameof(size)), size), Mean = s_half, Std = s_half };

    /// <summary>
    /// What DINOv2 expects: shorter side to 256/224 of <paramref name="size"/>, Pillow's bicubic filter, center crop, RGB / 255, then
    /// ImageNet's mean and standard deviation. Source: the <c>preprocessor_config.json</c> of DINOv2 for <c>BitImageProcessor</c>.
    /// </summary>
    /// <param name="size">The side of the input in pixels.</param>
    /// <exception cref="ArgumentException">The size is out of range.</exception>
    public static PreprocessSpec Dinov2(int size = 224) => Torch(size) with
    {
        Filter = ResizeFilter.PillowBicubic,
        Resize = Resize.ShortestEdge((int)Math.Round(size * 256.0 / 224), size) with { CropRounding = CropRounding.Down },
    };

    /// <summary>
    /// What DINOv3 expects: the whole image stretched to the input in floats, antialiased bilinear, RGB / 255, then ImageNet's mean and
    /// standard deviation. Source: <c>DINOv3ViTImageProcessorFast</c> of Hugging Face's transformers, which rescales before it resizes.
    /// </summary>
    /// <param name="size">The side of the input in pixels.</param>
    /// <exception cref="ArgumentException">The size is out of range.</exception>
    public static PreprocessSpec Dinov3(int size = 224) =>
        new() { Filter = ResizeFilter.TorchBilinear, Resize = Resize.Stretch(Require.Side(size, nameof(size)), size), Mean = s_imageNetMean, Std = s_imageNetStd };

    private static PreprocessSpec Stretched(int size) => new() { Filter = ResizeFilter.TensorFlowBilinear, Resize = Resize.Stretch(Require.Side(size, nameof(size)), size) };
}
