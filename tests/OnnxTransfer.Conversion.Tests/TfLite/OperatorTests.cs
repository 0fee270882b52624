using OnnxTransfer.Conversion.TfLite;
using OnnxTransfer.Onnx.Schema;
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

    [Theory]
    [InlineData(0, 3, 1, 2)]
    [InlineData(0, 2, 3, 1)]
    [InlineData(0, 1, 3, 2)]
    public void Transpose(params int[] order)
    {
        // Behind a convolution the tensor stands in ONNX's order, before it in TFLite's.
        AssertSame(s_image, (b, x) =>
        {
            int c = b.Tensor("c", s_image), y = b.Tensor("y", 1);
            b.Op(TfLiteOp.Conv2D, [x, b.Constant("w", [6, 1, 1, 6], Numbers(1, 36)), -1], c, new FlatNode { [1] = 1, [2] = 1 });
            b.Op(TfLiteOp.Transpose, [c, b.Constant("order", order)], y);
            return y;
        });
        AssertSame([1, 3, 5, 4], (b, x) => One(b, TfLiteOp.Transpose, [x, b.Constant("order", order)]));
        var moved = new TfLiteBuilder();
        var input = moved.Tensor("x", 1, 2);
        var output = One(moved, TfLiteOp.Transpose, [input, moved.Constant("order", 1, 0)]);
        Assert.Contains("moves the batch", Assert.Throws<NotSupportedException>(() => TfLiteConverter.Convert(moved.Build([input], output))).Message, StringComparison.Ordinal);
    }

    private static int One(TfLiteBuilder b, TfLiteOp op, int[] inputs, FlatNode? options = null)
    {
        var y = b.Tensor("y", 1);
        b.Op(op, inputs, y, options);
        return y;
    }

    /// <summary>The target of a reshape computed from the input's own shape, as TensorFlow writes tf.reshape(x, [tf.shape(x)[0], -1]).</summary>
    [Theory]
    [InlineData(11, 8)]
    [InlineData(5, 4)]
    public void AShapeThatIsComputedIsFolded(int height, int width)
    {
        var b = new TfLiteBuilder();
        int x = b.Tensor("x", s_image), shape = b.Integers("shape", 4), batch = b.Integers("batch"), pixels = b.Integers("pixels"), two = b.Integers("two", 2), target = b.Integers("target", 3), y = b.Tensor("y", 1);
        b.Op(TfLiteOp.Shape, [x], shape);
        b.Op(TfLiteOp.StridedSlice, [shape, b.Constant("b", 0), b.Constant("e", 1), b.Constant("s", 1)], batch, new FlatNode { [4] = 1 });
        b.Op(TfLiteOp.StridedSlice, [shape, b.Constant("b2", 1), b.Constant("e2", 3), b.Constant("s2", 1)], two, []);
        b.Op(TfLiteOp.ReduceProd, [two, b.Constant("axis", 0)], pixels, new FlatNode { [0] = false });
        b.Op(TfLiteOp.Pack, [batch, pixels, b.Scalar("six", 6)], target, new FlatNode { [0] = 3, [1] = 0 });
        b.Op(TfLiteOp.Reshape, [x, target], y);

        var model = AssertSame(b.Build([x], y), new TfLiteOptions { Height = height, Width = width });

        Assert.DoesNotContain(model.Graph.Node, n => n.OpType is "Shape" or "Gather");
        Assert.Equal($"[N,{height * width},6]", model.Outputs[0].ShapeText);
    }

    /// <summary>The number of images is free, so that nothing else may be computed from it.</summary>
    [Fact]
    public void ASizeThatGrowsWithTheNumberOfImagesIsRefused()
    {
        var b = new TfLiteBuilder();
        int x = b.Tensor("x", 1, 4, 6), shape = b.Integers("shape", 3), batch = b.Integers("batch", 1), more = b.Integers("more", 1), target = b.Integers("target", 2), y = b.Tensor("y", 1);
        b.Op(TfLiteOp.Shape, [x], shape);
        b.Op(TfLiteOp.StridedSlice, [shape, b.Constant("b", 0), b.Constant("e", 1), b.Constant("s", 1)], batch, []);
        b.Op(TfLiteOp.Mul, [batch, b.Constant("four", 4)], more, []);
        b.Op(TfLiteOp.Concatenation, [b.Constant("one", 1), more, b.Constant("six", 6)], target, new FlatNode { [0] = 0 });
        b.Op(TfLiteOp.Reshape, [x, target], y);
        Assert.Contains("number of images", Assert.Throws<NotSupportedException>(() => TfLiteConverter.Convert(b.Build([x], y))).Message, StringComparison.Ordinal);
    }

    /// <summary>What is computed from constants has the shape and the numbers that the operator would give.</summary>
    [Theory]
    [InlineData(new[] { 6 }, new[] { 1 })]
    [InlineData(new[] { 1 }, new[] { 6 })]
    [InlineData(new[] { 6 }, new[] { 1, 1 })]
    [InlineData(new[] { 1, 6 }, new[] { 6 })]
    public void ArithmeticOnConstantsWidensThemAsTheOperatorDoes(int[] left, int[] right)
    {
        foreach (var op in new[] { TfLiteOp.Add, TfLiteOp.Sub, TfLiteOp.Mul, TfLiteOp.Div, TfLiteOp.Maximum })
            AssertSame([1, 6, 6], (b, x) => One(b, TfLiteOp.Add, [x, One(b, op, [b.Constant("l", left, Numbers(4, left.Max())), b.Constant("r", right, Numbers(5, right.Max()))], [])], []));
    }

    /// <summary>Constants that widen each other are not multiplied number by number.</summary>
    [Theory]
    [InlineData(new[] { 1, 6 }, new[] { 6, 1 })]
    [InlineData(new[] { 6, 1 }, new[] { 6 })]
    [InlineData(new[] { 2, 3 }, new[] { 6 })]
    public void ArithmeticOnConstantsThatWidenEachOtherIsRefused(int[] left, int[] right)
    {
        var b = new TfLiteBuilder();
        var x = b.Tensor("x", 1, 6, 6);
        var y = One(b, TfLiteOp.Add, [x, One(b, TfLiteOp.Mul, [b.Constant("l", left, Numbers(4, 6)), b.Constant("r", right, Numbers(5, 6))], [])], []);
        Assert.Contains("both its inputs are constants", Assert.Throws<NotSupportedException>(() => TfLiteConverter.Convert(b.Build([x], y))).Message, StringComparison.Ordinal);
    }

    /// <summary>A slice may leave nothing, and then nothing is computed.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ArithmeticOnAConstantWithoutNumbersGivesNone(bool isFirst)
    {
        var b = new TfLiteBuilder();
        int x = b.Tensor("x", 1, 4), none = b.Integers("none", 0), sum = b.Integers("sum", 0), target = b.Integers("target", 2), y = b.Tensor("y", 1), one = b.Constant("one", 1);
        b.Op(TfLiteOp.Slice, [b.Constant("c", 5), b.Constant("from", 0), b.Constant("size", 0)], none);
        b.Op(TfLiteOp.Add, isFirst ? [none, one] : [one, none], sum, []);
        b.Op(TfLiteOp.Concatenation, [sum, b.Constant("rest", -1, 4)], target, new FlatNode { [0] = 0 });
        b.Op(TfLiteOp.Reshape, [x, target], y);
        Assert.Equal("[N,4]", OnnxModel.Parse(TfLiteConverter.Convert(b.Build([x], y))).Outputs[0].ShapeText);
    }

    /// <summary>Operators that lack one of their inputs are told so, also where the others are constant.</summary>
    [Theory]
    [InlineData(TfLiteOp.Gather)]
    [InlineData(TfLiteOp.StridedSlice)]
    [InlineData(TfLiteOp.Slice)]
    [InlineData(TfLiteOp.Add)]
    [InlineData(TfLiteOp.Transpose)]
    [InlineData(TfLiteOp.Reshape)]
    [InlineData(TfLiteOp.Maximum)]
    internal void AnOperatorOnAConstantThatLacksAnInputIsRefusedOrKnown(TfLiteOp op)
    {
        var b = new TfLiteBuilder();
        int x = b.Tensor("x", 1, 4), part = b.Integers("part", 2), y = b.Tensor("y", 1);
        b.Op(op, [b.Constant("c", 1, 4)], part, []);
        b.Op(TfLiteOp.Reshape, [x, part], y);
        var error = Record.Exception(() => TfLiteConverter.Convert(b.Build([x], y)));
        Assert.True(error is null or InvalidDataException or NotSupportedException, error?.ToString());
    }

    [Fact]
    public void SplitSplitVAndUnpackGiveEveryPart()
    {
        foreach (var op in new[] { TfLiteOp.Split, TfLiteOp.SplitV, TfLiteOp.Unpack })
        {
            var b = new TfLiteBuilder();
            var x = b.Tensor("x", 1, 3, 5, 4);
            var count = op == TfLiteOp.Unpack ? 3 : 2;
            int[] parts = [.. Enumerable.Range(0, count).Select(i => b.Tensor($"part{i}", 1))];
            int[] inputs = op switch { TfLiteOp.Split => [b.Constant("axis", 3), x], TfLiteOp.SplitV => [x, b.Constant("sizes", 4, 1), b.Constant("axis", -2)], _ => [x] };
            b.Op((int)op, "", inputs, parts, op == TfLiteOp.Unpack ? new FlatNode { [0] = 3, [1] = 1 } : new FlatNode { [0] = 2 });
            AssertSame(b.Build([x], parts), new TfLiteOptions());
        }
    }

    [Theory]
    [InlineData(2, 2, 0, 1, 0, 0)]
    [InlineData(3, 1, 1, 0, 0, 0)]
    [InlineData(2, 2, 0, 1, 1, 1)]
    public void ADilatedConvolutionBetweenSpaceAndBatch(int v, int h, int top, int bottom, int left, int right) => AssertSame([1, 11, 8, 3], (b, x) =>
    {
        int cut = b.Tensor("cut", 1), c = b.Tensor("c", 1, 1, 1, 4), y = b.Tensor("y", 1);
        b.Op(TfLiteOp.SpaceToBatchNd, [x, b.Constant("block", v, h), b.Constant("pads", [2, 2], [top, bottom, left, right], [1f], 0)], cut);
        b.Op(TfLiteOp.Conv2D, [cut, b.Constant("w", [4, 3, 2, 3], Numbers(1, 72)), -1], c, new FlatNode { [0] = (byte)0, [1] = 1, [2] = 1, [3] = (byte)1 });
        b.Op(TfLiteOp.BatchToSpaceNd, [c, b.Constant("block2", v, h), b.Constant("crops", [2, 2], [0, bottom, left, 0], [1f], 0)], y);
        return y;
    });

    [Fact]
    public void BetweenSpaceAndBatchThereIsNoOutput()
    {
        var b = new TfLiteBuilder();
        var x = b.Tensor("x", 1, 4, 4, 3);
        var y = One(b, TfLiteOp.SpaceToBatchNd, [x, b.Constant("block", 2, 2), b.Constant("pads", [2, 2], [0, 0, 0, 0], [1f], 0)]);
        Assert.Contains("several pieces", Assert.Throws<NotSupportedException>(() => TfLiteConverter.Convert(b.Build([x], y))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnArgMaxAtTheEndGivesItsScores()
    {
        var b = new TfLiteBuilder();
        int x = b.Tensor("x", s_image), scores = b.Tensor("scores", s_image), place = b.Integers("place", 1, 11, 8), y = b.Integers("y", 1, 88);
        b.Op(TfLiteOp.Tanh, [x], scores);
        b.Op(TfLiteOp.ArgMax, [scores, b.Constant("axis", 3)], place, []);
        b.Op(TfLiteOp.Reshape, [place, b.Constant("shape", 1, 88)], y);

        var model = TfLiteConverter.ToModel(b.Build([x], y), new TfLiteOptions(), "segmentation");

        Assert.Equal(["scores"], model.Outputs.Select(o => o.Name));
        Assert.Contains("ARG_MAX", Assert.Throws<NotSupportedException>(() => TfLiteConverter.Convert(b.Build([x], y), new TfLiteOptions { Outputs = ["place"] })).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(1, 2)]
    [InlineData(-2, 1)]
    public void Gather(int axis, int rank) => AssertSame(s_image, (b, x) => One(
        b, TfLiteOp.Gather, [x, rank == 1 ? b.Constant("at", 2, 0, 2, 5) : b.Constant("at", [2, 2], [2, 0, 2, 5], [1f], 0)], new FlatNode { [0] = axis }));

    [Theory]
    [InlineData(0, 0, 0, new[] { 0, 1, -6, 1 }, new[] { 1, 9, 6, 6 }, new[] { 1, 3, 2, 1 })]
    [InlineData(15, 15, 0, new[] { 0, 0, 0, 0 }, new[] { 0, 0, 0, 0 }, new[] { 1, -2, 1, -1 })]
    [InlineData(1, 1, 2, new[] { 0, -1, 2, 0 }, new[] { 0, 0, 5, 6 }, new[] { 1, 1, 1, 1 })]
    [InlineData(1, 1, 12, new[] { 0, 3, 2, 4 }, new[] { 0, 8, 3, 5 }, new[] { 1, 1, 1, 1 })]
    public void StridedSlice(int opens, int closes, int shrinks, int[] begin, int[] end, int[] strides) => AssertSame(s_image, (b, x) => One(
        b, TfLiteOp.StridedSlice, [x, b.Constant("b", begin), b.Constant("e", end), b.Constant("s", strides)], new FlatNode { [0] = opens, [1] = closes, [4] = shrinks }));

    [Fact]
    public void SlicePackTileBroadcastAndReverse()
    {
        AssertSame(s_image, (b, x) => One(b, TfLiteOp.Slice, [x, b.Constant("b", 0, 2, 1, 3), b.Constant("s", 1, 4, -1, 2)]));
        AssertSame([1, 3, 1, 2], (b, x) => One(b, TfLiteOp.Tile, [x, b.Constant("t", 1, 2, 3, 2)]));
        AssertSame([1, 3, 1, 2], (b, x) => One(b, TfLiteOp.BroadcastTo, [x, b.Constant("t", 1, 3, 4, 2)]));
        AssertSame(s_image, (b, x) => One(b, TfLiteOp.ReverseV2, [x, b.Constant("axes", 2)]));
        AssertSame([1, 3, 2], (b, x) => One(b, TfLiteOp.ExpandDims, [x, b.Constant("axis", -2)]));
        foreach (var axis in new[] { 1, 3, -1 }) AssertSame([1, 3, 2], (b, x) => One(b, TfLiteOp.Pack, [x, x], new FlatNode { [0] = 2, [1] = axis }));
    }

    [Fact]
    public void PixelsAndChannels()
    {
        AssertSame([1, 3, 2, 12], (b, x) => One(b, TfLiteOp.DepthToSpace, [x], new FlatNode { [0] = 2 }));
        AssertSame([1, 6, 4, 3], (b, x) => One(b, TfLiteOp.SpaceToDepth, [x], new FlatNode { [0] = 2 }));
    }

    [Theory]
    [InlineData(0, 2, 22, 16)]
    [InlineData(0, 2, 21, 15)]
    [InlineData(1, 2, 23, 17)]
    [InlineData(1, 3, 33, 24)]
    [InlineData(0, 1, 11, 8)]
    public void TransposedConvolution(byte padding, int stride, int height, int width) => AssertSame([1, 11, 8, 3], (b, x) =>
        One(b, TfLiteOp.TransposeConv, [b.Constant("size", 1, height, width, 4), b.Constant("w", [4, 3, 3, 3], Numbers(1, 108)), x, b.Constant("b", [4], Numbers(2, 4))], new FlatNode { [0] = padding, [1] = stride, [2] = stride }));

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void BatchMatMul(bool turnsLeft, bool turnsRight) => AssertSame([1, 2, 4, 4], (b, x) =>
    {
        int t = b.Tensor("t", 1, 2, 4, 4), p = b.Tensor("p", 1);
        b.Op(TfLiteOp.Tanh, [x], t);
        b.Op(TfLiteOp.BatchMatMul, [x, t], p, new FlatNode { [0] = turnsLeft, [1] = turnsRight });
        return One(b, TfLiteOp.BatchMatMul, [p, b.Constant("w", [4, 4], Numbers(1, 16))], new FlatNode { [0] = turnsLeft, [1] = turnsRight });
    });

    [Theory]
    [InlineData(TfLiteOp.Sum)]
    [InlineData(TfLiteOp.ReduceMax)]
    [InlineData(TfLiteOp.ReduceMin)]
    [InlineData(TfLiteOp.ReduceProd)]
    internal void Reductions(TfLiteOp op)
    {
        foreach (var keep in new[] { true, false })
            foreach (var axes in new int[][] { [1, 2], [3], [-2] })
                AssertSame([1, 3, 2, 4], (b, x) => One(b, op, [x, b.Constant("axes", axes)], new FlatNode { [0] = keep }));
    }

    [Theory]
    [InlineData(TfLiteOp.Exp)]
    [InlineData(TfLiteOp.Log)]
    [InlineData(TfLiteOp.Sqrt)]
    [InlineData(TfLiteOp.Rsqrt)]
    [InlineData(TfLiteOp.Square)]
    [InlineData(TfLiteOp.Abs)]
    [InlineData(TfLiteOp.Neg)]
    [InlineData(TfLiteOp.Floor)]
    [InlineData(TfLiteOp.Ceil)]
    [InlineData(TfLiteOp.Round)]
    [InlineData(TfLiteOp.Sign)]
    [InlineData(TfLiteOp.Sin)]
    [InlineData(TfLiteOp.Cos)]
    [InlineData(TfLiteOp.Elu)]
    [InlineData(TfLiteOp.Relu0To1)]
    [InlineData(TfLiteOp.LogSoftmax)]
    [InlineData(TfLiteOp.L2Normalization)]
    [InlineData(TfLiteOp.Gelu)]
    internal void FunctionsOfOneNumber(TfLiteOp op)
    {
        foreach (var shape in new int[][] { s_image, [1, 7] })
            AssertSame(shape, (b, x) =>
            {
                // Roots and logarithms want numbers above zero.
                var positive = b.Tensor("positive", shape);
                b.Op(TfLiteOp.Add, [x, b.Constant("ten", [1], [op is TfLiteOp.Log or TfLiteOp.Sqrt or TfLiteOp.Rsqrt ? 10f : 0.25f])], positive, []);
                return One(b, op, [positive]);
            });
        AssertSame(s_image, (b, x) => One(b, TfLiteOp.Gelu, [x], new FlatNode { [0] = true }));
    }

    [Fact]
    public void MorePoolsPadsNormsAndSums()
    {
        AssertSame(s_image, (b, x) => One(b, TfLiteOp.L2Pool2D, [x], new FlatNode { [1] = 2, [2] = 1, [3] = 3, [4] = 2 }));
        AssertSame(s_image, (b, x) => One(b, TfLiteOp.LocalResponseNormalization, [x], new FlatNode { [0] = 2, [1] = 1.5f, [2] = 0.3f, [3] = 0.75f }));
        AssertSame(s_image, (b, x) => One(b, TfLiteOp.PadV2, [x, b.Constant("p", [4, 2], [0, 0, 1, 2, 3, 0, 0, 1], [1f], 0), b.Constant("v", [1], [-2.5f])]));
        AssertSame(s_image, (b, x) => One(b, TfLiteOp.MirrorPad, [x, b.Constant("p", [4, 2], [0, 0, 3, 2, 1, 4, 0, 0], [1f], 0)], []));
        AssertSame(s_image, (b, x) => One(b, TfLiteOp.AddN, [x, x, x]));
        AssertSame(s_image, (b, x) => One(b, TfLiteOp.SquaredDifference, [x, b.Constant("c", [6], Numbers(4, 6))]));
        AssertSame(s_image, (b, x) => One(b, TfLiteOp.FloorDiv, [x, b.Constant("c", [1], [0.37f])]));
        AssertSame(s_image, (b, x) => One(b, TfLiteOp.Cast, [x]));
    }

    /// <summary>A class token beside the patches: a constant of which each image gets a copy.</summary>
    [Fact]
    public void AConstantBesideAnActivationIsCopiedForEachImage() => AssertSame([1, 3, 4], (b, x) =>
        One(b, TfLiteOp.Concatenation, [b.Constant("token", [1, 1, 4], Numbers(5, 4)), x], new FlatNode { [0] = 1 }));

    /// <summary>TFLite fills up the shorter shape in front, which for more than one image would mix them.</summary>
    [Fact]
    public void AVectorPerImageMeetsItsOwnImage() => AssertSame(s_image, (b, x) =>
    {
        var mean = b.Tensor("mean", 1, 6);
        b.Op(TfLiteOp.Mean, [x, b.Constant("axes", 1, 2)], mean, new FlatNode { [0] = false });
        return One(b, TfLiteOp.Mul, [x, mean], []);
    });

    [Fact]
    public void AConstantMayWidenAnImage() => AssertSame([1, 1, 1, 6], (b, x) => One(b, TfLiteOp.Add, [x, b.Constant("c", [1, 4, 3, 6], Numbers(3, 72))], []));
}
