using System.Numerics.Tensors;

namespace OnnxTransfer.Onnx.Quantization;

/// <summary>The weights of a convolution in 8 bits, one scale per output channel, and its bias in the unit of the sums that they make.</summary>
/// <param name="Weights">Codes of the weights, in the weights' own order <c>[O,I,H,W]</c>.</param>
/// <param name="Scales">The value of one step of a weight's code, <c>[O]</c>.</param>
/// <param name="Bias">Codes of the bias, <c>[O]</c>.</param>
/// <param name="BiasScales">The value of one step of a bias's code, <c>[O]</c>.</param>
internal sealed record ConvolutionCodes(sbyte[] Weights, float[] Scales, int[] Bias, float[] BiasScales)
{
    private const int LargestCode = sbyte.MaxValue;

    // 255 * 128 is the largest product that still fits into 16 bits.
    private const float LargestPair = 127.5f;

    /// <summary>Rounds a layer.</summary>
    /// <param name="weights"><c>[O,I,H,W]</c>.</param>
    /// <param name="bias"><c>[O]</c>.</param>
    /// <param name="inputs">I: input channels of a group.</param>
    /// <param name="input">Statistics of the layer's input.</param>
    /// <param name="inputScale">What one step of the input's code is worth.</param>
    /// <param name="groups">The groups that the channels are divided into.</param>
    /// <param name="sumsSaturate">Whether the processor adds two products of bytes in 16 bits, which must then not overflow.</param>
    /// <remarks>
    /// Rounding errors of weights do not cancel out where activations are positive: they shift a channel's mean, and the
    /// shifts of many layers add up to most of the loss. The bias takes back the mean shift
    /// <c>sum((W' - W) mean(x))</c>, after Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias
    /// Correction" (2019), section 4.2, with means measured instead of estimated.
    /// </remarks>
    public static ConvolutionCodes Of(
        ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, int inputs, ActivationStatistics input, float inputScale, int groups, bool sumsSaturate)
    {
        var channels = bias.Length;
        var perChannel = weights.Length / channels;
        var area = perChannel / inputs;
        var codes = new ConvolutionCodes(new sbyte[weights.Length], new float[channels], new int[channels], new float[channels]);
        for (var c = 0; c < channels; c++)
        {
            var channel = weights.Slice(c * perChannel, perChannel);
            var largest = Math.Abs(TensorPrimitives.MaxMagnitude(channel)) / LargestCode;
            // Depthwise layers are computed tap by tap in wider numbers.
            if (sumsSaturate && inputs > 1) largest = Math.Max(largest, LargestPairOf(channel, inputs, area) / LargestPair);
            // Tiny weights must not make the bias overflow its 32 bits.
            var scale = Math.Max(largest, Math.Max(1e-20f, Math.Abs(bias[c]) / (inputScale * (1 << 30))));
            var firstInput = c / (channels / groups) * inputs;
            double shift = 0;
            for (var i = 0; i < perChannel; i++)
            {
                var code = (sbyte)Math.Clamp(MathF.Round(channel[i] / scale), -LargestCode, LargestCode);
                codes.Weights[(c * perChannel) + i] = code;
                if (input.ChannelMeans.Length > 0) shift += (((double)code * scale) - channel[i]) * input.ChannelMeans[firstInput + (i / area)];
            }

            codes.Scales[c] = scale;
            codes.BiasScales[c] = scale * inputScale;
            codes.Bias[c] = (int)Math.Clamp(Math.Round((bias[c] - shift) / codes.BiasScales[c]), int.MinValue, int.MaxValue);
        }

        return codes;
    }

    /// <summary>
    /// The largest sum of two neighbors of one sign. The processor adds products in pairs, in the order of the channels-last
    /// kernels: height, width, channel.
    /// </summary>
    private static float LargestPairOf(ReadOnlySpan<float> channel, int inputs, int area)
    {
        var largest = 0f;
        for (var k = 0; k < channel.Length; k += 2)
        {
            var a = channel[((k % inputs) * area) + (k / inputs)];
            var b = k + 1 < channel.Length ? channel[(((k + 1) % inputs) * area) + ((k + 1) / inputs)] : 0;
            largest = Math.Max(largest, Math.Max(Math.Max(a, 0) + Math.Max(b, 0), Math.Max(-a, 0) + Math.Max(-b, 0)));
        }

        return largest;
    }
}
