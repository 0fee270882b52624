using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Tests.Preprocessing;

public sealed class PresetTests
{
    /// <summary>What an image of one color, R 255, G 128, B 0, becomes: worked out by hand from the formulas in Keras' <c>preprocess_input</c>.</summary>
    [Theory]
    [InlineData("torch", 2.2489083, 0.2052, -1.8044444)]
    [InlineData("tf", 1, 0.0039216, -1)]
    [InlineData("tf-unit", 1, 0.5019608, 0)]
    [InlineData("caffe", -103.939, 11.221, 131.32)]
    [InlineData("raw", 255, 128, 0)]
    [InlineData("clip", 1.9303361, 0.1689141, -1.4802197)]
    [InlineData("siglip", 1, 0.0039216, -1)]
    [InlineData("vit", 1, 0.0039216, -1)]
    [InlineData("dinov2", 2.2489083, 0.2052, -1.8044444)]
    [InlineData("dinov3", 2.2489083, 0.2052, -1.8044444)]
    [InlineData("keras-resnet50", -103.939, 11.221, 131.32)]
    [InlineData("keras-resnet_v2", 1, 0.0039216, -1)]
    [InlineData("keras-densenet", 2.2489083, 0.2052, -1.8044444)]
    [InlineData("keras-efficientnet_v2", 255, 128, 0)]
    public void APresetPreparesAPixelAsItsSourceDoes(string name, double first, double second, double third)
    {
        byte[] pixel = [255, 128, 0];
        using var pixels = PixelBuffer.FromRgb([.. Enumerable.Repeat(pixel, 30 * 20).SelectMany(p => p)], 30, 20);
        var spec = PreprocessSpec.Named(name, 7);
        var tensor = new float[3 * 7 * 7];

        new ImagePreprocessor(spec, TensorLayout.Nhwc).Prepare(pixels, tensor);

        double[] expected = [first, second, third];
        for (var i = 0; i < tensor.Length; i++) Assert.Equal(expected[i % 3], tensor[i], 2e-4);
    }

    [Fact]
    public void EveryNameGivesASpecOfTheWantedSize()
    {
        Assert.Equal(["torch", "tf", "tf-unit", "caffe", "raw", "clip", "siglip", "vit", "dinov2", "dinov3"], PreprocessSpec.PresetNames.Where(name => !name.StartsWith("keras-", StringComparison.Ordinal)));
        foreach (var name in PreprocessSpec.PresetNames)
        {
            var spec = PreprocessSpec.Named(name, 299);
            Assert.Equal(new ImageSize(299, 299), spec.OutputSize);
        }
    }

    [Theory]
    [InlineData(224, 256)]
    [InlineData(299, 342)]
    public void TorchResizesAsTorchvisionDoes(int crop, int resize) => Assert.Equal(Resize.ShortestEdge(resize, crop), PreprocessSpec.Torch(crop).Resize);

    [Fact]
    public void WhatDoesNotExistIsRefused()
    {
        Assert.Contains("'tensorflow'; the names are", Assert.Throws<ArgumentException>(() => PreprocessSpec.Named("tensorflow")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => PreprocessSpec.Caffe(0));
    }
}
