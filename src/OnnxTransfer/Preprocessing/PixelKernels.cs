using System.Runtime.CompilerServices;

namespace OnnxTransfer.Preprocessing;

/// <summary>The passes of the resize kernels over rows of interleaved RGB: spans in, spans out.</summary>
internal static class PixelKernels
{
    private const int PillowHalf = 1 << (ResizeAxis.PillowBits - 1);

    /// <summary>Pillow's horizontal pass: weighted sums of bytes, rounded and clipped to bytes.</summary>
    /// <param name="row">Source pixels <c>[W,3]</c>.</param>
    /// <param name="axis">The horizontal plan.</param>
    /// <param name="result">Resized pixels <c>[axis.Count,3]</c>.</param>
    internal static void PillowHorizontal(ReadOnlySpan<byte> row, ResizeAxis axis, Span<byte> result)
    {
        var first = axis.First;
        var taps = axis.Taps;
        var weights = axis.Weights;
        var stride = axis.TapStride;
        for (var x = 0; x < first.Length; x++)
        {
            int r = PillowHalf, g = PillowHalf, b = PillowHalf;
            var pixels = row.Slice(3 * first[x], 3 * taps[x]);
            var pixelWeights = weights.Slice(x * stride, taps[x]);
            for (var t = 0; t < pixelWeights.Length; t++)
            {
                r += pixels[3 * t] * pixelWeights[t];
                g += pixels[(3 * t) + 1] * pixelWeights[t];
                b += pixels[(3 * t) + 2] * pixelWeights[t];
            }

            result[3 * x] = PillowClip(r);
            result[(3 * x) + 1] = PillowClip(g);
            result[(3 * x) + 2] = PillowClip(b);
        }
    }

    /// <summary>One row's part of Pillow's vertical pass: <c>sums += row * weight</c>.</summary>
    internal static void PillowAccumulate(ReadOnlySpan<byte> row, int weight, Span<int> sums)
    {
        for (var i = 0; i < row.Length; i++) sums[i] += row[i] * weight;
    }

    /// <summary>The end of Pillow's vertical pass: rounds and clips sums that began at <see cref="PillowHalf"/>.</summary>
    internal static void PillowClip(ReadOnlySpan<int> sums, Span<byte> result)
    {
        for (var i = 0; i < sums.Length; i++) result[i] = PillowClip(sums[i]);
    }

    /// <summary>Starts Pillow's vertical pass.</summary>
    internal static void PillowBegin(Span<int> sums) => sums.Fill(PillowHalf);

    /// <summary>TensorFlow's horizontal pass, <c>[W,3]</c> bytes to <c>[axis.Count,3]</c>.</summary>
    internal static void TensorFlowHorizontal(ReadOnlySpan<byte> row, ResizeAxis axis, Span<double> result)
    {
        var first = axis.First;
        var taps = axis.Taps;
        var weights = axis.RealWeights;
        for (var x = 0; x < first.Length; x++)
        {
            var left = row.Slice(3 * first[x], 3);
            var right = row.Slice(3 * (first[x] + taps[x] - 1), 3);
            for (var c = 0; c < 3; c++)
                result[(3 * x) + c] = (left[c] * weights[2 * x]) + (right[c] * weights[(2 * x) + 1]);
        }
    }

    /// <summary>TensorFlow's vertical pass.</summary>
    internal static void TensorFlowVertical(ReadOnlySpan<double> upper, ReadOnlySpan<double> lower, double upperWeight, double lowerWeight, Span<float> result)
    {
        for (var i = 0; i < result.Length; i++) result[i] = (float)((upper[i] * upperWeight) + (lower[i] * lowerWeight));
    }

    /// <summary>The horizontal pass of torch's antialiased resize, <c>[W,3]</c> bytes to <c>[axis.Count,3]</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void TorchHorizontal(ReadOnlySpan<byte> row, ResizeAxis axis, Span<double> result)
    {
        var first = axis.First;
        var taps = axis.Taps;
        var weights = axis.RealWeights;
        var stride = axis.TapStride;
        for (var x = 0; x < first.Length; x++)
        {
            double r = 0, g = 0, b = 0;
            var pixels = row.Slice(3 * first[x], 3 * taps[x]);
            var pixelWeights = weights.Slice(x * stride, taps[x]);
            for (var t = 0; t < pixelWeights.Length; t++)
            {
                r += pixels[3 * t] * pixelWeights[t];
                g += pixels[(3 * t) + 1] * pixelWeights[t];
                b += pixels[(3 * t) + 2] * pixelWeights[t];
            }

            (result[3 * x], result[(3 * x) + 1], result[(3 * x) + 2]) = (r, g, b);
        }
    }

    /// <summary>One row's part of torch's vertical pass: <c>sums += row * weight</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void TorchAccumulate(ReadOnlySpan<double> row, double weight, Span<double> sums)
    {
        for (var i = 0; i < sums.Length; i++) sums[i] += row[i] * weight;
    }

    /// <summary>OpenCV's horizontal pass: <c>[W,3]</c> bytes to sums with 11 bits behind the point.</summary>
    internal static void OpenCvHorizontal(ReadOnlySpan<byte> row, ResizeAxis axis, Span<int> result)
    {
        var first = axis.First;
        var taps = axis.Taps;
        var weights = axis.Weights;
        for (var x = 0; x < first.Length; x++)
        {
            var left = row.Slice(3 * first[x], 3);
            var right = row.Slice(3 * (first[x] + taps[x] - 1), 3);
            for (var c = 0; c < 3; c++)
                result[(3 * x) + c] = (left[c] * weights[2 * x]) + (right[c] * weights[(2 * x) + 1]);
        }
    }

    /// <summary>OpenCV's vertical pass; the shifts are those of its <c>VResizeLinear</c> for bytes.</summary>
    internal static void OpenCvVertical(ReadOnlySpan<int> upper, ReadOnlySpan<int> lower, int upperWeight, int lowerWeight, Span<byte> result)
    {
        for (var i = 0; i < result.Length; i++)
        {
            var sum = ((upperWeight * (upper[i] >> 4)) >> 16) + ((lowerWeight * (lower[i] >> 4)) >> 16);
            result[i] = (byte)Math.Clamp((sum + 2) >> 2, 0, 255);
        }
    }

    /// <summary>The nearest source pixels of a row.</summary>
    internal static void NearestHorizontal(ReadOnlySpan<byte> row, ResizeAxis axis, Span<byte> result)
    {
        var first = axis.First;
        for (var x = 0; x < first.Length; x++) row.Slice(3 * first[x], 3).CopyTo(result[(3 * x)..]);
    }

    private static byte PillowClip(int sum) => (byte)Math.Clamp(sum >> ResizeAxis.PillowBits, 0, 255);
}
