using OnnxTransfer.Conversion.TfLite;
using OnnxTransfer.Tests.Onnx;

using static OnnxTransfer.Conversion.Tests.TfLite.Conversion;

namespace OnnxTransfer.Conversion.Tests.TfLite;

public sealed class OperatorTests
{
    private static readonly int[] s_image = [1, 11, 8, 6];

    private static float[] Numbers(int seed, params long[] shape) => Values.Random(seed, shape).Data;

    /// <summary>SAME pads asymmetrically as soon as the stride is 2 and the side even.</summary>
    [Theory]
    [InlineData(0, 1, 1, 1, 0)]
    [InlineData(0, 2, 2, 1, 3)]
    [InlineData(0, 2, 1, 1, 1)]
    [InlineData(1, 1, 2, 1, 2)]
    [InlineData(0, 1, 1, 2, 4)]
    [InlineData(1, 1, 1, 3, 0)]
    public void Convolution(byte padding, int strideV, int strideH, int dilation, byte activation) => AssertSame(s_image, (b, x) =>
    {
        var y = b.Tensor("y", 1, 1, 1, 7);
        b.Op(TfLiteOp.Conv2D, [x, b.Constant("w", [7, 3, 2, 6], Numbers(1, 7, 3, 2, 6)), b.Constant("b", [7], Numbers(2, 7))], y, new FlatNode
        { [0] = padding, [1] = strideH, [2] = strideV, [3] = activation, [4] = dilation, [5] = dilation });
        return y;
    });

    [Fact]
    public void GroupedConvolutionWithoutBias() => AssertSame(s_image, (b, x) =>
    {
        var y = b.Tensor("y", 1, 1, 1, 4);
        b.Op(TfLiteOp.Conv2D, [x, b.Constant("w", [4, 3, 3, 3], Numbers(1, 4, 3, 3, 3)), -1], y, new FlatNode { [1] = 1, [2] = 1 });
        return y;
    });

    [Theory]
    [InlineData(0, 2, 1, 6, 3)]
    [InlineData(0, 1, 2, 6, 0)]
    [InlineData(1, 2, 1, 12, 1)]
    public void DepthwiseConvolution(byte padding, int stride, int dilation, int channels, byte activation) => AssertSame(s_image, (b, x) =>
    {
        var y = b.Tensor("y", 1, 1, 1, channels);
        b.Op(TfLiteOp.DepthwiseConv2D, [x, b.Constant("w", [1, 3, 3, channels], Numbers(1, 3, 3, channels)), b.Constant("b", [channels], Numbers(2, channels))], y, new FlatNode
        { [0] = padding, [1] = stride, [2] = stride, [3] = channels / 6, [4] = activation, [5] = dilation, [6] = dilation });
        return y;
    });

    [Theory]
    [InlineData(TfLiteOp.AveragePool2D, 0, 2, 3)]
    [InlineData(TfLiteOp.AveragePool2D, 1, 1, 0)]
    [InlineData(TfLiteOp.MaxPool2D, 0, 2, 0)]
    [InlineData(TfLiteOp.MaxPool2D, 1, 3, 1)]
    internal void Pools(TfLiteOp op, byte padding, int stride, byte activation) => AssertSame(s_image, (b, x) =>
    {
        var y = b.Tensor("y", 1, 1, 1, 6);
        b.Op(op, [x], y, new FlatNode { [0] = padding, [1] = stride, [2] = stride, [3] = 3, [4] = 2, [5] = activation });
        return y;
    });

    [Theory]
    [InlineData(true, 1, 2)]
    [InlineData(false, 1, 2)]
    [InlineData(false, -1)]
    [InlineData(true, 3, 1)]
    public void Mean(bool keep, params int[] axes) => AssertSame(s_image, (b, x) =>
    {
        var y = b.Tensor("y", 1);
        b.Op(TfLiteOp.Mean, [x, b.Constant("axes", axes)], y, new FlatNode { [0] = keep });
        return y;
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FullyConnectedOverTheWholeImageOrItsLastAxis(bool keepAxes) => AssertSame([1, 3, 2, 4], (b, x) =>
    {
        var depth = keepAxes ? 4 : 24;
        var y = b.Tensor("y", 1, 5);
        b.Op(TfLiteOp.FullyConnected, [x, b.Constant("w", [5, depth], Numbers(1, 5, depth)), b.Constant("b", [5], Numbers(2, 5))], y, new FlatNode { [0] = (byte)1, [2] = keepAxes });
        return y;
    });

    [Theory]
    [InlineData(TfLiteOp.Add, 3)]
    [InlineData(TfLiteOp.Sub, 1)]
    [InlineData(TfLiteOp.Mul, 0)]
    [InlineData(TfLiteOp.Maximum, 0)]
    [InlineData(TfLiteOp.Minimum, 0)]
    internal void BinaryOfTwoActivations(TfLiteOp op, byte activation) => AssertSame(s_image, (b, x) =>
    {
        var (t, y) = (b.Tensor("t", s_image), b.Tensor("y", s_image));
        b.Op(TfLiteOp.Tanh, [x], t);
        b.Op(op, [x, t], y, new FlatNode { [0] = activation });
        return y;
    });

    [Theory]
    [InlineData(true, 6)]
    [InlineData(true, 1)]
    [InlineData(false, 8, 6)]
    [InlineData(true, 11, 1, 1)]
    [InlineData(false, 1, 11, 8, 6)]
    public void BinaryWithAConstant(bool constantFirst, params int[] shape) => AssertSame(s_image, (b, x) =>
    {
        var y = b.Tensor("y", s_image);
        var c = b.Constant("c", shape, [.. Numbers(3, shape.Aggregate(1, (p, s) => p * s)).Select(v => v + 2)]);
        b.Op(TfLiteOp.Sub, constantFirst ? [c, x] : [x, c], y, []);
        return y;
    });

    [Theory]
    [InlineData(TfLiteOp.Relu)]
    [InlineData(TfLiteOp.Relu6)]
    [InlineData(TfLiteOp.ReluN1To1)]
    [InlineData(TfLiteOp.Tanh)]
    [InlineData(TfLiteOp.Logistic)]
    [InlineData(TfLiteOp.HardSwish)]
    [InlineData(TfLiteOp.LeakyRelu)]
    [InlineData(TfLiteOp.Softmax)]
    internal void UnaryOnImagesAndVectors(TfLiteOp op)
    {
        foreach (var shape in new int[][] { s_image, [1, 7] })
        {
            AssertSame(shape, (b, x) =>
            {
                var y = b.Tensor("y", shape);
                b.Op(op, [x], y, new FlatNode { [0] = 0.3f });
                return y;
            });
        }
    }

    [Fact]
    public void PReluPerChannel() => AssertSame(s_image, (b, x) =>
    {
        var y = b.Tensor("y", s_image);
        b.Op(TfLiteOp.PRelu, [x, b.Constant("slope", [1, 1, 6], Numbers(4, 6))], y);
        return y;
    });

    [Theory]
    [InlineData(1, 88, 6)]
    [InlineData(1, -1)]
    [InlineData(-1, 8, 11, 6)]
    public void ReshapeTakesTheElementsInTfLiteOrder(params int[] target) => AssertSame(s_image, (b, x) =>
    {
        var y = b.Tensor("y", 1);
        b.Op(TfLiteOp.Reshape, [x, b.Constant("shape", target)], y);
        return y;
    });

    [Fact]
    public void AVectorReshapedToOnePixelGoesOnAsAnImage()
    {
        // Squeeze-and-excitation as Keras writes it; no transpose may come of it.
        var model = AssertSame(s_image, (b, x) =>
        {
            var (m, r, c, y) = (b.Tensor("m", 1, 6), b.Tensor("r", 1, 1, 1, 6), b.Tensor("c", 1, 1, 1, 6), b.Tensor("y", s_image));
            b.Op(TfLiteOp.Mean, [x, b.Constant("axes", 1, 2)], m, new FlatNode { [0] = false });
            b.Op(TfLiteOp.Reshape, [m, b.Constant("shape", 1, 1, 1, 6)], r);
            b.Op(TfLiteOp.Conv2D, [r, b.Constant("w", [6, 1, 1, 6], Numbers(1, 36)), -1], c, new FlatNode { [1] = 1, [2] = 1 });
            b.Op(TfLiteOp.Mul, [x, c], y, []);
            return y;
        });

        Assert.DoesNotContain(model.Graph.Node, n => n.OpType == "Transpose");
    }

    [Fact]
    public void Squeeze() => AssertSame([1, 1, 1, 6], (b, x) =>
    {
        var y = b.Tensor("y", 1, 6);
        b.Op(TfLiteOp.Squeeze, [x], y, new FlatNode { [0] = new[] { 1, 2 } });
        return y;
    });

    [Theory]
    [InlineData(3)]
    [InlineData(-3)]
    [InlineData(2)]
    public void Concatenation(int axis) => AssertSame(s_image, (b, x) =>
    {
        var (t, y) = (b.Tensor("t", s_image), b.Tensor("y", s_image));
        b.Op(TfLiteOp.Tanh, [x], t);
        b.Op(TfLiteOp.Concatenation, [x, t, x], y, new FlatNode { [0] = axis, [1] = (byte)1 });
        return y;
    });

    [Fact]
    public void Pad() => AssertSame(s_image, (b, x) =>
    {
        var y = b.Tensor("y", s_image);
        var pads = b.Constant("p", [4, 2], [0, 0, 1, 2, 3, 0, 0, 4], [1f], 0);
        b.Op(TfLiteOp.Pad, [x, pads], y);
        return y;
    });

    [Theory]
    [InlineData(TfLiteOp.ResizeBilinear, false, false, 22, 13)]
    [InlineData(TfLiteOp.ResizeBilinear, false, true, 5, 16)]
    [InlineData(TfLiteOp.ResizeBilinear, true, false, 7, 19)]
    [InlineData(TfLiteOp.ResizeNearestNeighbor, false, false, 22, 13)]
    [InlineData(TfLiteOp.ResizeNearestNeighbor, false, true, 22, 16)]
    [InlineData(TfLiteOp.ResizeNearestNeighbor, true, false, 21, 16)]
    internal void Resize(TfLiteOp op, bool corners, bool centers, int height, int width) => AssertSame(s_image, (b, x) =>
    {
        var first = op == TfLiteOp.ResizeBilinear ? 2 : 0;
        var y = b.Tensor("y", 1, height, width, 6);
        b.Op(op, [x, b.Constant("size", height, width)], y, new FlatNode { [first] = corners, [first + 1] = centers });
        return y;
    });

    [Fact]
    public void SixteenBitWeightsKeepTheirValues() => AssertSame(s_image, (b, x) =>
    {
        var (w, y) = (b.Tensor("w", 2, 1, 1, 6), b.Tensor("y", 1, 1, 1, 2));
        b.Op(TfLiteOp.Dequantize, [b.Constant("w16", [2, 1, 1, 6], [.. Numbers(1, 12).Select(v => (Half)v)])], w);
        b.Op(TfLiteOp.Conv2D, [x, w, -1], y, new FlatNode { [1] = 1, [2] = 1 });
        return y;
    });

    [Fact]
    public void ZerosAroundNegativeValuesAreSeenByAMaximumPool() => AssertSame([1, 4, 4, 2], (b, x) =>
    {
        // All values below zero, so that every window at the border has its maximum in the padding.
        int negative = b.Tensor("negative", 1, 4, 4, 2), padded = b.Tensor("padded", 1, 6, 6, 2), y = b.Tensor("y", 1, 2, 2, 2);
        b.Op(TfLiteOp.Sub, [x, b.Constant("ten", [1], [10f])], negative, []);
        b.Op(TfLiteOp.Pad, [negative, b.Constant("pads", [4, 2], [0, 0, 1, 1, 1, 1, 0, 0], [1f], 0)], padded);
        b.Op(TfLiteOp.MaxPool2D, [padded], y, new FlatNode { [0] = (byte)1, [1] = 3, [2] = 3, [3] = 3, [4] = 3 });
        return y;
    });
}
