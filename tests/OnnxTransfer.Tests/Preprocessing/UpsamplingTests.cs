using OnnxTransfer.Preprocessing;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Preprocessing;

public sealed class UpsamplingTests
{
    private static readonly PreprocessSpec s_raw = PreprocessSpec.Torch(56) with { Rescale = 1, Mean = [0, 0, 0], Std = [1, 1, 1] };

    [Fact]
    public void NearestRepeatsEveryPixelAsKerasUpSampling2DDoes()
    {
        // Seven times, as from 32 to 224: no crop, though the spec has one.
        var source = Reference.Noise(8, 8, 3);

        var tensor = Prepare(source, 8, 8, s_raw with { Upsampling = ResizeFilter.TensorFlowNearest });

        for (var i = 0; i < tensor.Length; i++)
            Assert.Equal(source[(3 * ((i / 3 / 56 / 7 * 8) + (i / 3 % 56 / 7))) + (i % 3)], tensor[i]);
    }

    [Fact]
    public void BilinearIsThatOfTensorFlow()
    {
        var source = Reference.Noise(9, 5, 4);

        var tensor = Prepare(source, 9, 5, s_raw with { Upsampling = ResizeFilter.TensorFlowBilinear });

        for (var i = 0; i < tensor.Length; i++)
            Assert.Equal(Reference.TensorFlowBilinear(source, 9, 5, i / 3 % 56, i / 3 / 56, i % 3, 56, 56), tensor[i], 1e-4);
    }

    [Theory]
    [InlineData(57, 20)]
    [InlineData(20, 57)]
    [InlineData(112, 112)]
    public void AnImageThatIsAnywhereLargerIsPreparedAsAlways(int width, int height)
    {
        var source = Reference.Noise(width, height, 5);

        Assert.Equal(Prepare(source, width, height, s_raw), Prepare(source, width, height, s_raw with { Upsampling = ResizeFilter.TensorFlowNearest }));
    }

    [Theory]
    [InlineData(8, 8)]
    [InlineData(56, 40)]
    [InlineData(90, 70)]
    public void RowsFromTheDecoderGiveTheSameAsTheWholeImage(int width, int height)
    {
        var spec = s_raw with { Upsampling = ResizeFilter.TensorFlowNearest };
        var png = TestImage.NoisyPng(width, height, (90, 120, 30), 6);
        using var pixels = ImageDecoders.Default.Decode(png);
        var (rows, whole) = (new float[3 * 56 * 56], new float[3 * 56 * 56]);

        new ImagePreprocessor(spec, TensorLayout.Nchw).Prepare(png, rows);

        new ImagePreprocessor(spec, TensorLayout.Nchw).Prepare(pixels, whole);
        Assert.Equal(whole, rows);
    }

    private static float[] Prepare(byte[] rgb, int width, int height, PreprocessSpec spec)
    {
        using var pixels = PixelBuffer.FromRgb(rgb, width, height);
        var tensor = new float[3 * 56 * 56];
        new ImagePreprocessor(spec, TensorLayout.Nhwc).Prepare(pixels, tensor);
        return tensor;
    }
}
