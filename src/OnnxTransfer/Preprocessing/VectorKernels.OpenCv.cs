using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OnnxTransfer.Preprocessing;

internal static partial class VectorKernels
{
    /// <inheritdoc cref="PixelKernels.OpenCvHorizontal"/>
    /// <param name="row">Source pixels <c>[W,3]</c>.</param>
    /// <param name="axis">The horizontal plan.</param>
    /// <param name="result"><c>[axis.Count,3]</c> and at least one value more.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void OpenCvHorizontal(ReadOnlySpan<byte> row, ResizeAxis axis, Span<int> result)
    {
        var first = axis.First;
        var taps = axis.Taps;
        var weights = axis.Weights;
        for (var x = 0; x < first.Length; x++)
        {
            var left = PixelWords(row, 3 * first[x]) * weights[2 * x];
            var right = PixelWords(row, 3 * (first[x] + taps[x] - 1)) * weights[(2 * x) + 1];
            // R, G, B and a value that the next pixel overwrites.
            MemoryMarshal.Write(MemoryMarshal.AsBytes(result[(3 * x)..]), left + right);
        }
    }

    /// <inheritdoc cref="PixelKernels.OpenCvVertical"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void OpenCvVertical(ReadOnlySpan<int> upper, ReadOnlySpan<int> lower, int upperWeight, int lowerWeight, Span<byte> result)
    {
        var ups = MemoryMarshal.Cast<int, Vector128<int>>(upper);
        var lows = MemoryMarshal.Cast<int, Vector128<int>>(lower);
        var bytes = MemoryMarshal.Cast<byte, Vector128<byte>>(result);
        for (var i = 0; i < bytes.Length; i++)
        {
            var up = ups.Slice(4 * i, 4);
            var low = lows.Slice(4 * i, 4);
            bytes[i] = ToBytes(
                Blend(up[0], low[0], upperWeight, lowerWeight), Blend(up[1], low[1], upperWeight, lowerWeight),
                Blend(up[2], low[2], upperWeight, lowerWeight), Blend(up[3], low[3], upperWeight, lowerWeight));
        }

        var done = Vector128<byte>.Count * bytes.Length;
        PixelKernels.OpenCvVertical(upper[done..], lower[done..], upperWeight, lowerWeight, result[done..]);
    }

    /// <inheritdoc cref="PixelKernels.NearestHorizontal"/>
    /// <param name="row">Source pixels <c>[W,3]</c>.</param>
    /// <param name="axis">The horizontal plan.</param>
    /// <param name="result"><c>[axis.Count,3]</c> and at least one byte more.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void NearestHorizontal(ReadOnlySpan<byte> row, ResizeAxis axis, Span<byte> result)
    {
        var first = axis.First;
        // A pixel and a byte that the next one overwrites.
        for (var x = 0; x < first.Length; x++) MemoryMarshal.Write(result[(3 * x)..], PixelBytes(row, 3 * first[x]));
    }

    private static Vector128<int> Blend(Vector128<int> upper, Vector128<int> lower, int upperWeight, int lowerWeight) =>
        ((((upper >> 4) * upperWeight) >> 16) + (((lower >> 4) * lowerWeight) >> 16) + Vector128.Create(2)) >> 2;
}
