using OnnxTransfer.Backbones.Folders;
using OnnxTransfer.Preprocessing;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Preprocessing;

namespace OnnxTransfer.Tests.Backbones.Folders;

/// <summary>
/// Each class of image processor against its formula, worked out in double from the pixels: resize by Pillow's definition, crop, rescale,
/// normalize, each a step of its own. Sizes are odd, and one leaves an odd number of pixels to cut off.
/// </summary>
public sealed class ImageProcessorTests : IDisposable
{
    private const double Byte = 1.0 / 255;
    private static readonly double[] s_clipMean = [0.48145466, 0.4578275, 0.40821073];
    private static readonly double[] s_clipStd = [0.26862954, 0.26130258, 0.27577711];
    private static readonly double[] s_mean = [0.485, 0.456, 0.406];
    private static readonly double[] s_std = [0.229, 0.224, 0.225];
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>What a class does, step by step.</summary>
    /// <param name="Resized">From the image's width and height to those of the resize.</param>
    /// <param name="Filter">The filter of the resize.</param>
    /// <param name="Crop">The side of the crop; 0 for none.</param>
    /// <param name="Value">From a pixel of 0 to 255 and its channel to the tensor's value.</param>
    /// <param name="Swaps">Whether the tensor's channels are B, G, R.</param>
    private sealed record Formula(Func<int, int, (int Width, int Height)> Resized, ResizeFilter Filter, int Crop, Func<double, int, double> Value, bool Swaps = false);

    private static readonly Dictionary<string, (string Json, Formula Formula)> s_cases = new()
    {
        ["ViT"] = (
            """{"image_processor_type":"ViTImageProcessor","do_resize":true,"size":{"height":45,"width":37},"resample":2,"do_rescale":true,"rescale_factor":0.00392156862745098,"do_normalize":true,"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}""",
            new Formula((_, _) => (37, 45), ResizeFilter.PillowBilinear, 0, (p, _) => ((p * Byte) - 0.5) / 0.5)),
        ["ViT, int size, old name, one mean for all"] = (
            """{"feature_extractor_type":"ViTFeatureExtractor","size":41,"resample":0,"image_mean":0.25,"image_std":0.5}""",
            new Formula((_, _) => (41, 41), ResizeFilter.PillowNearest, 0, (p, _) => ((p * Byte) - 0.25) / 0.5)),
        ["ViT, no rescale and no normalization"] = (
            """{"image_processor_type":"ViTImageProcessorFast","size":[41,33],"resample":4,"do_rescale":false,"do_normalize":false}""",
            new Formula((_, _) => (33, 41), ResizeFilter.PillowBox, 0, (p, _) => p)),
        ["CLIP"] = (
            """{"image_processor_type":"CLIPImageProcessor","size":{"shortest_edge":44},"resample":3,"do_center_crop":true,"crop_size":{"height":41,"width":41},"image_mean":[0.48145466,0.4578275,0.40821073],"image_std":[0.26862954,0.26130258,0.27577711],"do_convert_rgb":true}""",
            new Formula((w, h) => Shortest(44, w, h), ResizeFilter.PillowBicubic, 41, (p, c) => ((p * Byte) - s_clipMean[c]) / s_clipStd[c])),
        ["CLIP, int sizes are edge and square"] = (
            """{"feature_extractor_type":"CLIPFeatureExtractor","size":44,"resample":3,"crop_size":41,"image_mean":[0.48145466,0.4578275,0.40821073],"image_std":[0.26862954,0.26130258,0.27577711]}""",
            new Formula((w, h) => Shortest(44, w, h), ResizeFilter.PillowBicubic, 41, (p, c) => ((p * Byte) - s_clipMean[c]) / s_clipStd[c])),
        ["Siglip"] = (
            """{"image_processor_type":"SiglipImageProcessor","size":{"height":40,"width":40},"resample":3,"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}""",
            new Formula((_, _) => (40, 40), ResizeFilter.PillowBicubic, 0, (p, _) => ((p * Byte) - 0.5) / 0.5)),
        ["Bit, DINOv2's file"] = (
            """{"image_processor_type":"BitImageProcessor","size":{"shortest_edge":48},"resample":3,"crop_size":{"height":41,"width":41},"image_mean":[0.485,0.456,0.406],"image_std":[0.229,0.224,0.225]}""",
            new Formula((w, h) => Shortest(48, w, h), ResizeFilter.PillowBicubic, 41, (p, c) => ((p * Byte) - s_mean[c]) / s_std[c])),
        ["Bit, its own mean is CLIP's"] = (
            """{"image_processor_type":"BitImageProcessor","size":{"shortest_edge":48},"resample":3,"crop_size":41}""",
            new Formula((w, h) => Shortest(48, w, h), ResizeFilter.PillowBicubic, 41, (p, c) => ((p * Byte) - s_clipMean[c]) / s_clipStd[c])),
        ["Beit"] = (
            """{"image_processor_type":"BeitImageProcessor","size":{"height":52,"width":50},"resample":3,"crop_size":{"height":41,"width":39},"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5],"do_reduce_labels":false}""",
            new Formula((_, _) => (50, 52), ResizeFilter.PillowBicubic, -1, (p, _) => ((p * Byte) - 0.5) / 0.5)),
        ["DeiT"] = (
            """{"image_processor_type":"DeiTImageProcessor","size":{"height":50,"width":50},"resample":3,"crop_size":{"height":41,"width":41},"image_mean":[0.485,0.456,0.406],"image_std":[0.229,0.224,0.225]}""",
            new Formula((_, _) => (50, 50), ResizeFilter.PillowBicubic, 41, (p, c) => ((p * Byte) - s_mean[c]) / s_std[c])),
        ["MobileNetV1"] = (
            """{"image_processor_type":"MobileNetV1ImageProcessor","size":{"shortest_edge":50},"resample":2,"crop_size":{"height":41,"width":41},"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}""",
            new Formula((w, h) => Shortest(50, w, h), ResizeFilter.PillowBilinear, 41, (p, _) => ((p * Byte) - 0.5) / 0.5)),
        ["MobileNetV2"] = (
            """{"image_processor_type":"MobileNetV2ImageProcessor","size":50,"resample":2,"crop_size":{"height":41,"width":41},"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}""",
            new Formula((w, h) => Shortest(50, w, h), ResizeFilter.PillowBilinear, 41, (p, _) => ((p * Byte) - 0.5) / 0.5)),
        ["MobileViT"] = (
            """{"image_processor_type":"MobileViTImageProcessor","size":{"shortest_edge":50},"resample":2,"crop_size":{"height":41,"width":41},"do_flip_channel_order":true}""",
            new Formula((w, h) => Shortest(50, w, h), ResizeFilter.PillowBilinear, 41, (p, _) => p * Byte, Swaps: true)),
        ["ConvNext below 384"] = (
            """{"image_processor_type":"ConvNextImageProcessor","size":{"shortest_edge":41},"crop_pct":0.875,"resample":3,"image_mean":[0.485,0.456,0.406],"image_std":[0.229,0.224,0.225]}""",
            new Formula((w, h) => Shortest(46, w, h), ResizeFilter.PillowBicubic, 41, (p, c) => ((p * Byte) - s_mean[c]) / s_std[c])),
        ["ConvNext, no crop_pct, as ResNet's"] = (
            """{"feature_extractor_type":"ConvNextFeatureExtractor","crop_pct":null,"size":41,"resample":3,"image_mean":[0.485,0.456,0.406],"image_std":[0.229,0.224,0.225]}""",
            new Formula((w, h) => Shortest(46, w, h), ResizeFilter.PillowBicubic, 41, (p, c) => ((p * Byte) - s_mean[c]) / s_std[c])),
        ["ConvNext from 384 on"] = (
            """{"image_processor_type":"ConvNextImageProcessor","size":{"shortest_edge":384},"crop_pct":0.875,"resample":3,"image_mean":[0.485,0.456,0.406],"image_std":[0.229,0.224,0.225]}""",
            new Formula((_, _) => (384, 384), ResizeFilter.PillowBicubic, 0, (p, c) => ((p * Byte) - s_mean[c]) / s_std[c])),
        ["EfficientNet divides twice"] = (
            """{"image_processor_type":"EfficientNetImageProcessor","size":{"height":41,"width":41},"resample":0,"do_center_crop":false,"image_mean":[0.485,0.456,0.406],"image_std":[0.47853944,0.4732864,0.47434163]}""",
            new Formula((_, _) => (41, 41), ResizeFilter.PillowNearest, 0, (p, c) => ((p * Byte) - s_mean[c]) / (c switch { 0 => 0.47853944, 1 => 0.4732864, _ => 0.47434163 }) / (c switch { 0 => 0.47853944, 1 => 0.4732864, _ => 0.47434163 }))),
        ["EfficientNet without the head"] = (
            """{"image_processor_type":"EfficientNetImageProcessor","size":{"height":50,"width":50},"resample":3,"do_center_crop":true,"crop_size":{"height":41,"width":41},"include_top":false,"image_mean":[0.485,0.456,0.406],"image_std":[0.229,0.224,0.225]}""",
            new Formula((_, _) => (50, 50), ResizeFilter.PillowBicubic, 41, (p, c) => ((p * Byte) - s_mean[c]) / s_std[c])),
        ["EfficientNet with an offset"] = (
            """{"image_processor_type":"EfficientNetImageProcessor","size":{"height":41,"width":41},"resample":2,"rescale_offset":true,"rescale_factor":0.00784313725490196,"do_normalize":false,"include_top":true,"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}""",
            new Formula((_, _) => (41, 41), ResizeFilter.PillowBilinear, 0, (p, _) => ((p - 127.5) / 127.5) / 0.5)),
        ["DINOv3 resizes floats"] = (
            """{"image_processor_type":"DINOv3ViTImageProcessorFast","size":{"height":41,"width":41},"resample":2,"image_mean":[0.485,0.456,0.406],"image_std":[0.229,0.224,0.225],"do_center_crop":null,"crop_size":null}""",
            new Formula((_, _) => (41, 41), ResizeFilter.TorchBilinear, 0, (p, c) => ((p * Byte) - s_mean[c]) / s_std[c])),
    };

    public static TheoryData<string> Names => [.. s_cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryClassPreparesAsItsFormula(string name)
    {
        var (json, formula) = s_cases[name];
        var spec = ImageProcessor.Read(Config(json), modelType: null, []);
        // The third leaves 259 - 224 = 35 pixels to cut off at full size; here 44 to 41 and others are as odd.
        foreach (var (width, height) in (ReadOnlySpan<(int, int)>)[(97, 131), (131, 60), (59, 61), (30, 23)])
        {
            var source = Reference.Noise(width, height, width);
            using var pixels = PixelBuffer.FromRgb(source, width, height);
            var output = spec.OutputSize;
            var tensor = new float[3 * output.Width * output.Height];
            new ImagePreprocessor(spec, TensorLayout.Nchw).Prepare(pixels, tensor);
            var expected = Expected(formula, source, width, height, output);
            for (var i = 0; i < tensor.Length; i++) Assert.Equal(expected[i], tensor[i], 2e-5 * Math.Max(1, Math.Abs(expected[i])));
        }
    }

    /// <summary>259 to 224: transformers begins at 17, torchvision at 18.</summary>
    [Theory]
    [InlineData(259, 17)]
    [InlineData(257, 16)]
    [InlineData(256, 16)]
    public void TheCropBeginsWhereTransformersBegins(int edge, int start)
    {
        var spec = ImageProcessor.Read(
            Config($$"""{"image_processor_type":"CLIPImageProcessor","size":{"shortest_edge":{{edge}}},"resample":3,"crop_size":224,"image_mean":0,"image_std":1}"""), null, []);
        var geometry = ResizeGeometry.For(spec, edge, edge);
        Assert.Equal((start, start), (geometry.Left, geometry.Top));
    }

    [Theory]
    [InlineData("""{"image_processor_type":"CLIPImageProcessor"}""", "size, crop_size, resample, image_mean, image_std")]
    [InlineData("""{"image_processor_type":"ConvNextImageProcessor","size":{"shortest_edge":224},"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}""", "resample")]
    [InlineData("""{"image_processor_type":"EfficientNetImageProcessor","size":{"height":224,"width":224},"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}""", "resample")]
    [InlineData("""{"image_processor_type":"ViTImageProcessor","size":224,"resample":2,"do_normalize":false}""", "")]
    [InlineData("""{"image_processor_type":"ViTImageProcessor","size":224,"resample":2,"image_mean":null,"image_std":0.5}""", "image_mean")]
    public void AnAbsentFieldWhoseDefaultMayHaveChangedIsSaid(string json, string fields)
    {
        var warnings = new List<string>();
        ImageProcessor.Read(Config(json), null, warnings);
        var wanted = fields.Split(", ", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(wanted.Length, warnings.Count);
        foreach (var field in wanted) Assert.Contains(warnings, warning => warning.Contains($"has no '{field}'", StringComparison.Ordinal));
    }

    [Fact]
    public void ADefaultThatChangedIsSaidWithBothValues()
    {
        var warnings = new List<string>();
        var spec = ImageProcessor.Read(Config("""{"image_processor_type":"ConvNextImageProcessor","size":{"shortest_edge":224},"image_mean":0.5,"image_std":0.5}"""), null, warnings);
        Assert.Equal(ResizeFilter.PillowBilinear, spec.Filter);
        Assert.Contains("2 (bilinear) in older versions, which is used here, 3 (bicubic) in newer ones", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"image_processor_type":"ViTImageProcessor","do_resize":false}""", "do_resize is false")]
    [InlineData("""{"image_processor_type":"ViTImageProcessor","size":{"shortest_edge":224}}""", "size names the shortest edge only")]
    [InlineData("""{"image_processor_type":"ViTImageProcessor","size":{"shortest_edge":224,"longest_edge":800}}""", "size has the sides longest_edge and shortest_edge")]
    [InlineData("""{"image_processor_type":"ViTImageProcessor","size":{"max_height":224,"max_width":800}}""", "size has the sides max_height and max_width")]
    [InlineData("""{"image_processor_type":"ViTImageProcessor","size":224,"do_center_crop":true}""", "do_center_crop is true")]
    [InlineData("""{"image_processor_type":"ViTImageProcessor","size":224,"do_pad":true,"pad_size":{"height":230,"width":230}}""", "do_pad is true")]
    [InlineData("""{"image_processor_type":"ViTImageProcessor","size":224,"do_thumbnail":true}""", "does not know the step")]
    [InlineData("""{"image_processor_type":"ViTImageProcessor","size":224,"do_flip_channel_order":true}""", "has no such step")]
    [InlineData("""{"image_processor_type":"ViTImageProcessor","size":224,"resample":6}""", "resample is 6")]
    [InlineData("""{"image_processor_type":"ViTImageProcessor","size":224,"resample":"bicubic"}""", "'resample' must be a number, but is \"bicubic\"")]
    [InlineData("""{"image_processor_type":"ViTImageProcessor","size":224,"image_std":[0.5,0,0.5]}""", "image_std has a 0")]
    [InlineData("""{"image_processor_type":"ViTImageProcessor","size":224,"image_mean":[0.5]}""", "'image_mean' must be three numbers")]
    [InlineData("""{"image_processor_type":"ViTImageProcessor","size":224.5}""", "'size' must be a whole number of at least 1, but is 224.5")]
    [InlineData("""{"image_processor_type":"CLIPImageProcessor","size":{"shortest_edge":224},"crop_size":256}""", "crop_size is 256x256, larger than what the resize leaves")]
    [InlineData("""{"image_processor_type":"CLIPImageProcessor","size":{"shortest_edge":224},"do_center_crop":false}""", "no center crop")]
    [InlineData("""{"image_processor_type":"ConvNextImageProcessor","size":{"height":224,"width":224}}""", "size must be {\"shortest_edge\": S}")]
    [InlineData("""{"image_processor_type":"ConvNextImageProcessor","size":224,"do_center_crop":true}""", "do_center_crop is true")]
    [InlineData("""{"image_processor_type":"ConvNextImageProcessor","size":224,"crop_pct":1.5}""", "crop_pct must be a share")]
    [InlineData("""{"image_processor_type":"EfficientNetImageProcessor","size":224,"rescale_offset":true}""", "rescale_offset is true")]
    [InlineData("""{"image_processor_type":"DINOv3ViTImageProcessorFast","size":224,"resample":3}""", "resample is 3 (bicubic)")]
    [InlineData("""{"image_processor_type":"DonutImageProcessor","size":224}""", "which this version does not know")]
    [InlineData("""{"size":224}""", "image_processor_type is missing")]
    public void WhatCannotBeDoneToTheBitIsRefused(string json, string wanted)
    {
        var error = Assert.Throws<InvalidModelException>(() => ImageProcessor.Read(Config(json), null, []));
        Assert.Contains(wanted, error.Message, StringComparison.Ordinal);
        Assert.Contains("preprocessor_config.json", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dinov2", 224, true)]
    [InlineData("resnet", 384, false)]
    [InlineData("vit", 224, false)]
    public void TheModelTypeStandsInForAMissingClass(string type, int side, bool crops)
    {
        var spec = ImageProcessor.Read(Config("""{"do_resize":true}"""), type, []);
        Assert.Equal(new ImageSize(side, side), spec.OutputSize);
        Assert.Equal(crops, spec.Resize is ShortestEdgeResize);
    }

    private static (int Width, int Height) Shortest(int edge, int width, int height) => width <= height
        ? (edge, (int)((double)edge * height / width))
        : ((int)((double)edge * width / height), edge);

    private static double[] Expected(Formula formula, byte[] source, int width, int height, ImageSize output)
    {
        var (toWidth, toHeight) = formula.Resized(width, height);
        var resized = Pillow.Resize(source, width, height, toWidth, toHeight, formula.Filter);
        var (left, top) = formula.Crop == 0 ? (0, 0) : ((toWidth - output.Width) / 2, (toHeight - output.Height) / 2);
        if (formula.Crop > 0) Assert.Equal(new ImageSize(formula.Crop, formula.Crop), output);
        if (formula.Crop == 0) Assert.Equal(new ImageSize(toWidth, toHeight), output);
        var result = new double[3 * output.Width * output.Height];
        for (var c = 0; c < 3; c++)
        {
            for (var y = 0; y < output.Height; y++)
            {
                for (var x = 0; x < output.Width; x++)
                {
                    var channel = formula.Swaps ? 2 - c : c;
                    result[(((c * output.Height) + y) * output.Width) + x] = formula.Value(resized[(3 * (((top + y) * toWidth) + left + x)) + channel], c);
                }
            }
        }

        return result;
    }

    private ConfigFile Config(string json)
    {
        var path = _folder.File("preprocessor_config.json");
        File.WriteAllText(path, json);
        return ConfigFile.Load(path)!;
    }
}
