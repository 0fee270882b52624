using OnnxTransfer.Decoding;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Tests.Preprocessing;

public sealed class ImagePreprocessorTests
{
    internal static readonly PreprocessSpec Spec = new()
    {
        Filter = ResizeFilter.PillowBilinear,
        Resize = Resize.Stretch(3, 2),
        Mean = [0.485, 0.456, 0.406],
        Std = [0.229, 0.224, 0.225],
    };

    private static readonly byte[] s_pixels =
    [
        0, 10, 20, 30, 40, 50, 60, 70, 80,
        90, 100, 110, 120, 130, 140, 150, 160, 255,
    ];

    [Fact]
    public void Prepare_Nhwc_NormalisesEveryChannelByItsOwnNumbers()
    {
        var tensor = Prepare(Spec, TensorLayout.Nhwc);
        for (var i = 0; i < s_pixels.Length; i++)
            Assert.Equal((float)(((s_pixels[i] / 255.0) - Spec.Mean[i % 3]) / Spec.Std[i % 3]), tensor[i], 1e-6f);
    }

    [Fact]
    public void Prepare_Nchw_HasAPlaneToAChannel()
    {
        var (interleaved, planar) = (Prepare(Spec, TensorLayout.Nhwc), Prepare(Spec, TensorLayout.Nchw));
        for (var c = 0; c < 3; c++)
        {
            for (var i = 0; i < 6; i++) Assert.Equal(interleaved[(3 * i) + c], planar[(6 * c) + i]);
        }
    }

    [Theory]
    [InlineData(TensorLayout.Nchw)]
    [InlineData(TensorLayout.Nhwc)]
    public void Prepare_Bgr_AppliesMeanAndStdInTheTensorsOrder(TensorLayout layout)
    {
        // Caffe's weights: BGR, means of blue, green and red, no division.
        var spec = Spec with { Bgr = true, Rescale = 1, Mean = [103.939, 116.779, 123.68], Std = [1, 1, 1] };
        var tensor = Prepare(spec, layout);
        for (var i = 0; i < 6; i++)
        {
            for (var c = 0; c < 3; c++)
            {
                var value = layout == TensorLayout.Nchw ? tensor[(6 * c) + i] : tensor[(3 * i) + c];
                Assert.Equal((float)(s_pixels[(3 * i) + 2 - c] - spec.Mean[c]), value, 1e-5f);
            }
        }
    }

    [Fact]
    public void Prepare_FloatKernel_IsNormalisedLikeTheByteKernels()
    {
        // At the same size every kernel is the identity, so the two ways must meet.
        var bytes = Prepare(Spec, TensorLayout.Nchw);
        var floats = Prepare(Spec with { Filter = ResizeFilter.TensorFlowBilinear }, TensorLayout.Nchw);
        Assert.True(Reference.GreatestDifference(bytes, floats) <= 1e-6);
    }

    [Fact]
    public void Prepare_ShortestEdgeAndCrop_TakesTheCenter()
    {
        // 8x4 pixels whose red counts the columns; the shorter side stays, and columns 2 to 5 are the center.
        var pixels = new byte[8 * 4 * 3];
        for (var i = 0; i < 32; i++) pixels[3 * i] = (byte)(i % 8);
        var spec = new PreprocessSpec
        {
            Filter = ResizeFilter.PillowBilinear,
            Resize = Resize.ShortestEdge(4, 4),
            Rescale = 1,
        };
        using var buffer = PixelBuffer.FromRgb(pixels, 8, 4);
        var tensor = new float[3 * 4 * 4];
        new ImagePreprocessor(spec, TensorLayout.Nchw).Prepare(buffer, tensor);
        for (var i = 0; i < 16; i++) Assert.Equal(2 + (i % 4), tensor[i]);
    }

    /// <summary>A pixel wide and as high as the resized side still has numbers, and one higher; of an even color, the crop must have that color.</summary>
    [Theory]
    [InlineData(1, 1_048_576, true)]
    [InlineData(1, 1_048_577, false)]
    [InlineData(1_048_576, 1, true)]
    [InlineData(20_000_000, 1, false)]
    public void Prepare_ImageThatIsAllButALine_IsRightOrRefused(int width, int height, bool isRight)
    {
        using var buffer = PixelBuffer.Rent(width, height);
        buffer.Pixels.Fill(77);
        var tensor = new float[3 * 4 * 4];
        var preprocessor = new ImagePreprocessor(new PreprocessSpec { Filter = ResizeFilter.TensorFlowBilinear, Resize = Resize.ShortestEdge(256, 4), Rescale = 1 }, TensorLayout.Nchw);
        var error = Record.Exception(() => preprocessor.Prepare(buffer, tensor));
        if (isRight) Assert.All(tensor, value => Assert.Equal(77, value));
        else Assert.StartsWith($"An image of {width}x{height} pixels is too narrow", Assert.IsType<ImageDecodeException>(error).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Prepare_DestinationOfAnotherLength_IsRefused()
    {
        using var buffer = PixelBuffer.FromRgb(s_pixels, 3, 2);
        var exception = Assert.Throws<ArgumentException>(() => new ImagePreprocessor(Spec, TensorLayout.Nchw).Prepare(buffer, new float[17]));
        Assert.Contains("3x2 pixels takes 18 tensor values, but the span has room for 17", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(JpegShrink.Near, 40, 30, 4)]
    [InlineData(JpegShrink.Near, 41, 30, 2)]
    [InlineData(JpegShrink.Near, 100, 100, 1)]
    [InlineData(JpegShrink.Fast, 40, 30, 8)]
    [InlineData(JpegShrink.Fast, 80, 60, 4)]
    [InlineData(JpegShrink.Fast, 160, 121, 1)]
    public void Shrink_LeavesEnoughForTheResize(JpegShrink shrink, int width, int height, int expected)
    {
        var spec = Spec with { Resize = Resize.Stretch(width, height) };
        var sink = new PreprocessingSink(spec, new TensorWriter(spec, TensorLayout.Nchw));
        sink.Target(new float[3 * width * height]);
        Assert.Equal(expected, sink.Shrink(320, 240, Orientation.Upright, shrink));
        // Stored sideways, the sides change places.
        Assert.Equal(expected, sink.Shrink(240, 320, Orientation.Rotated90, shrink));
    }

    [Fact]
    public void Prepare_File_NamesTheFileThatFails()
    {
        var exception = Assert.Throws<ImageDecodeException>(() => new ImagePreprocessor(Spec, TensorLayout.Nhwc).Prepare("no such.jpg", new float[18]));
        Assert.Equal(("no such.jpg", "The file does not exist."), (exception.Id, exception.Reason));
    }

    [Fact]
    public void TensorBatch_ImagesAreNeighborsInTheOrderOfTheShape()
    {
        using var batch = TensorBatch.Rent(2, 3, 5, TensorLayout.Nchw);
        Assert.Equal([2, 3, 5, 3], batch.Shape);
        batch.Image(0).Fill(1);
        batch.Image(1).Fill(2);
        Assert.Equal(90, batch.Values.Length);
        Assert.Equal([1, 2], [batch.Values[44], batch.Values[45]]);
        using var interleaved = TensorBatch.Rent(2, 3, 5, TensorLayout.Nhwc);
        Assert.Equal([2, 5, 3, 3], interleaved.Shape);
    }

    [Fact]
    public void TensorBatch_AfterDispose_IsClosed()
    {
        var batch = TensorBatch.Rent(1, 2, 2, TensorLayout.Nhwc);
        batch.Dispose();
        batch.Dispose();
        Assert.Throws<ObjectDisposedException>(() => batch.Memory);
    }

    private static float[] Prepare(PreprocessSpec spec, TensorLayout layout)
    {
        using var buffer = PixelBuffer.FromRgb(s_pixels, 3, 2);
        var tensor = new float[18];
        new ImagePreprocessor(spec, layout).Prepare(buffer, tensor);
        return tensor;
    }
}
