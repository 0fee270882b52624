using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;
using OnnxTransfer.Preprocessing;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Onnx.Editing;

public sealed class OnnxPixelInputTests
{
    private static readonly double[] Mean = [0.485, 0.456, 0.406];
    private static readonly double[] Std = [0.229, 0.224, 0.225];

    /// <summary>A network that shows its input: image -> y.</summary>
    private static OnnxModel Mirror(TensorLayout layout, bool freeSize = false)
    {
        var graph = new OnnxGraphBuilder("mirror");
        OnnxDim height = freeSize ? OnnxDim.Named("H") : 4;
        OnnxDim[] dims = layout == TensorLayout.Nchw ? [OnnxDim.Named("N"), 3, height, 5] : [OnnxDim.Named("N"), height, 5, 3];
        graph.Input("image", OnnxElementType.Float32, dims);
        graph.Node("Identity", "y", ["image"]);
        graph.Output("y", OnnxElementType.Float32, dims);
        return graph.Build("mirror.onnx");
    }

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(true, true, false)]
    [InlineData(false, false, true)]
    [InlineData(false, true, false)]
    public void BytesBecomeWhatThePreprocessingMakesOfThem(bool nchw, bool bgr, bool freeSize)
    {
        var layout = nchw ? TensorLayout.Nchw : TensorLayout.Nhwc;
        var model = Mirror(layout, freeSize);
        var pixels = new byte[2 * 4 * 5 * 3];
        new Random(3).NextBytes(pixels);
        var spec = new PreprocessSpec
        {
            Filter = ResizeFilter.PillowBilinear,
            Resize = Resize.Stretch(5, 4),
            Mean = Mean,
            Std = Std,
            Bgr = bgr,
        };
        var expected = new float[pixels.Length];
        for (var i = 0; i < 2; i++)
        {
            using var image = PixelBuffer.Rent(5, 4);
            pixels.AsSpan(i * 60, 60).CopyTo(image.Pixels);
            new ImagePreprocessor(spec, layout).Prepare(image, expected.AsSpan(i * 60, 60));
        }

        OnnxPixelInput.Prepend(model, "image", "pixels", layout, 4, 5, spec.Rescale, spec.Mean, spec.Std, bgr);

        Assert.Equal("[N,4,5,3]", Assert.Single(model.Inputs).ShapeText);
        Assert.Equal(OnnxElementType.UInt8, model.Inputs[0].ElementType);
        var y = GraphRunner.Run(OnnxModel.Parse(model.ToBytes()), "pixels", pixels, 2, 4, 5, 3)["y"];
        Assert.Equal(layout == TensorLayout.Nchw ? [2L, 3, 4, 5] : [2L, 4, 5, 3], y.Shape);
        Assert.Equal(expected, y.Data);
    }

    [Fact]
    public void TheNewInputMayHaveTheOldName()
    {
        var model = SmallGraphs.Classifier();
        var pixels = new byte[8 * 8 * 3];
        new Random(5).NextBytes(pixels);
        var planes = new float[pixels.Length];
        for (var i = 0; i < pixels.Length; i++) planes[((i % 3) * 64) + (i / 3)] = (pixels[i] / 127.5f) - 1;
        var expected = GraphRunner.Run(model, ("image", new Values(planes, 1, 3, 8, 8)))["classes"];

        OnnxPixelInput.Prepend(model, "image", "image", TensorLayout.Nchw, 8, 8, 1 / 127.5, [1, 1, 1], [1, 1, 1], bgr: false);

        Assert.Equal("image", Assert.Single(model.Inputs).Name);
        GraphRunner.Run(model, "image", pixels, 1, 8, 8, 3)["classes"].AssertClose(expected, 1e-6);
        Assert.Equal("[N,5]", OnnxShapes.Infer(model)["classes"].ShapeText);
    }

    [Theory]
    [InlineData("imgae", "pixels", true, 8, "no input named 'imgae'")]
    [InlineData("image", "relu", true, 8, "already has a tensor named 'relu'")]
    [InlineData("image", "pixels", false, 8, "[N,8,8,3]")]
    [InlineData("image", "pixels", true, 9, "[N,3,9,8]")]
    public void WhatDoesNotFitIsRefusedAndTheModelLeftAlone(string input, string pixels, bool nchw, int height, string message)
    {
        var layout = nchw ? TensorLayout.Nchw : TensorLayout.Nhwc;
        var model = SmallGraphs.Classifier();
        var before = model.ToBytes();

        var error = Assert.Throws<ArgumentException>(() => OnnxPixelInput.Prepend(model, input, pixels, layout, height, 8, 1, Mean, Std, bgr: false));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(before, model.ToBytes());
    }

    [Fact]
    public void NumbersThatNoFloatHoldsAreRefused()
    {
        var model = SmallGraphs.Classifier();
        Assert.Throws<ArgumentException>(() => OnnxPixelInput.Prepend(model, "image", "pixels", TensorLayout.Nchw, 8, 8, 1, [0, 0], Std, bgr: false));
        var error = Assert.Throws<ArgumentException>(() => OnnxPixelInput.Prepend(model, "image", "pixels", TensorLayout.Nchw, 8, 8, 1, Mean, [1, 0, 1], bgr: false));
        Assert.Contains("Channel 1", error.Message, StringComparison.Ordinal);
    }

    [SharedFact("models/mobilenet_v2_imagenet.onnx")]
    public void ARealNetworkAnswersToBytesAsToFloats()
    {
        var model = OnnxModel.Load(Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx"));
        var card = ModelCard.Load(Repository.SharedPath("models", "mobilenet_v2_imagenet.model.json"));
        using var photo = ImageDecoders.Default.Decode(File.ReadAllBytes(Repository.SharedPath("data", "cat_720p.jpg")), DecodeOptions.Default);
        var raw = new float[3 * 224 * 224];
        var plain = card.Preprocess with { Rescale = 1, Mean = [0, 0, 0], Std = [1, 1, 1] };
        new ImagePreprocessor(plain, card.Input.Layout).Prepare(photo, raw);
        var pixels = Array.ConvertAll(raw, value => (byte)MathF.Round(value));
        var prepared = Array.ConvertAll(pixels, pixel => (float)((pixel * card.Preprocess.Rescale) - card.Preprocess.Mean[0]) / (float)card.Preprocess.Std[0]);
        var expected = GraphRunner.Run(model, (card.Input.Tensor, new Values(prepared, 1, 224, 224, 3)));

        OnnxPixelInput.Prepend(
            model, card.Input.Tensor, "pixels", TensorLayout.Nhwc, 224, 224, card.Preprocess.Rescale, card.Preprocess.Mean, card.Preprocess.Std, bgr: false);

        var actual = GraphRunner.Run(model, "pixels", pixels, 1, 224, 224, 3);
        actual["features"].AssertClose(expected["features"], 1e-4);
        actual["probabilities"].AssertClose(expected["probabilities"], 1e-4);
    }
}
