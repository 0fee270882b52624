using OnnxTransfer.Onnx.Quantization;

namespace OnnxTransfer.Tests.Onnx.Quantization;

public sealed class ConvolutionCodesTests
{
    private static readonly ActivationStatistics s_unknownMeans = new(new ValueRange(0, 6), []);

    [Theory]
    [InlineData(1, 8, 5, 1, true)]
    [InlineData(2, 4, 7, 3, true)]
    [InlineData(3, 4, 7, 3, false)]
    [InlineData(4, 6, 1, 3, true)]
    public void AWeightIsOffByHalfAStepAtMostAndNoPairOfProductsOverflows(int seed, int outputs, int inputs, int side, bool sumsSaturate)
    {
        var weights = Values.Random(seed, outputs, inputs, side, side).Data;
        var codes = ConvolutionCodes.Of(weights, new float[outputs], inputs, s_unknownMeans, 6f / 255, inputs == 1 ? outputs : 1, sumsSaturate);
        var (perChannel, area) = (weights.Length / outputs, side * side);
        for (var i = 0; i < weights.Length; i++)
            Assert.True(Math.Abs((codes.Weights[i] * codes.Scales[i / perChannel]) - weights[i]) <= codes.Scales[i / perChannel] * 0.5001);

        for (var o = 0; o < outputs; o++)
        {
            // Height, width, channel: the order in which the processor meets them.
            var ordered = Enumerable.Range(0, perChannel).Select(k => (int)codes.Weights[(o * perChannel) + (k % inputs * area) + (k / inputs)]).Append(0).ToArray();
            for (var k = 0; sumsSaturate && inputs > 1 && k < perChannel; k += 2)
            {
                Assert.InRange(255 * (Math.Max(ordered[k], 0) + Math.Max(ordered[k + 1], 0)), 0, short.MaxValue);
                Assert.InRange(255 * (Math.Min(ordered[k], 0) + Math.Min(ordered[k + 1], 0)), short.MinValue, 0);
            }

            // All of the range is used where nothing can overflow.
            if (!sumsSaturate || inputs == 1) Assert.Equal(127, ordered.Max(Math.Abs));
        }
    }

    [Fact]
    public void TheBiasTakesBackTheShiftOfTheMean()
    {
        var weights = Values.Random(5, 3, 16, 1, 1).Data;
        var bias = Values.Random(6, 3).Data;
        float[] means = [.. Values.Random(7, 16).Data.Select(v => 2 + v)];
        var scale = 6f / 255;
        var codes = ConvolutionCodes.Of(weights, bias, 16, new ActivationStatistics(new ValueRange(0, 6), means), scale, 1, sumsSaturate: true);
        for (var o = 0; o < 3; o++)
        {
            var exact = bias[o] + Enumerable.Range(0, 16).Sum(i => weights[(o * 16) + i] * means[i]);
            var rounded = (codes.Bias[o] * codes.BiasScales[o]) + Enumerable.Range(0, 16).Sum(i => codes.Weights[(o * 16) + i] * codes.Scales[o] * means[i]);
            Assert.Equal(exact, rounded, codes.BiasScales[o]);
        }
    }

    [Fact]
    public void TinyWeightsDoNotMakeTheBiasOverflow()
    {
        var codes = ConvolutionCodes.Of([1e-25f, 0], [3f], 2, s_unknownMeans, 1e-3f, 1, sumsSaturate: true);
        Assert.Equal(3, codes.Bias[0] * (double)codes.BiasScales[0], 1e-6);
        var none = ConvolutionCodes.Of([0, 0], [0f], 2, s_unknownMeans, 1e-3f, 1, sumsSaturate: true);
        Assert.Equal([0, 0], none.Weights.Select(w => (int)w));
    }

    [Theory]
    [InlineData(0, 6)]
    [InlineData(-1, 1)]
    [InlineData(2, 5)]
    [InlineData(-5, -2)]
    [InlineData(0, 0)]
    public void ZeroHasACodeAndTheEndsAreReached(float min, float max)
    {
        var (scale, zero) = new ValueRange(min, max).ToUInt8();
        Assert.True(scale > 0);
        var (lowest, highest) = ((0 - zero) * scale, (255 - zero) * scale);
        Assert.InRange(lowest, float.NegativeInfinity, Math.Min(min, 0) + (scale / 2));
        Assert.InRange(highest, Math.Max(max, 0) - (scale / 2), float.PositiveInfinity);
    }
}
