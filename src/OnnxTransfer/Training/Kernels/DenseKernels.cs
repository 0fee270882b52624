using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Training.Kernels;

/// <summary>
/// The three products of a dense layer, on blocks small enough for the registers (twelve sums at a time) and laid out so
/// that every block is one run of memory. V is the number of lanes, 8 for float32.
/// <para>Rows: <c>[N/4][D/V][4][V]</c>. Weights: panels of <c>[C/3][Panel][3][V]</c>. Signals (logits, and their gradients):
/// <c>[C/3][N/4][4][3]</c>. What the last block lacks is filled with zeros.</para>
/// <para>Not inlined: the register allocator then sees nothing but the twelve sums, and they stay in registers. Optimized at
/// once: unoptimized, the first thousand calls would take longer than a whole training.</para>
/// </summary>
internal static class DenseKernels
{
    /// <summary>Rows of a block.</summary>
    internal const int Rows = 4;

    /// <summary>Outputs of a block.</summary>
    internal const int Outputs = 3;

    /// <summary>Vectors of D that one call of <see cref="WeightGradient"/> takes.</summary>
    internal const int Strip = 4;

    /// <summary>Vectors of D in a panel of weights; a multiple of <see cref="Strip"/>.</summary>
    internal const int Panel = 16;

    /// <summary>a·b of two plain vectors.</summary>
    internal static T Dot<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var left = MemoryMarshal.Cast<T, Vector256<T>>(a);
        var right = MemoryMarshal.Cast<T, Vector256<T>>(b)[..left.Length];
        Vector256<T> s0 = default, s1 = default, s2 = default, s3 = default;
        while (left.Length >= 4 && right.Length >= 4)
        {
            s0 = Lanes.MultiplyAdd(left[0], right[0], s0);
            s1 = Lanes.MultiplyAdd(left[1], right[1], s1);
            s2 = Lanes.MultiplyAdd(left[2], right[2], s2);
            s3 = Lanes.MultiplyAdd(left[3], right[3], s3);
            left = left[4..];
            right = right[4..];
        }

        for (var i = 0; i < left.Length; i++) s0 = Lanes.MultiplyAdd(left[i], right[i], s0);
        var sum = Lanes.Sum((s0 + s1) + (s2 + s3));
        for (var i = a.Length - a.Length % Vector256<T>.Count; i < a.Length; i++) sum = T.FusedMultiplyAdd(a[i], b[i], sum);
        return sum;
    }

    /// <summary>
    /// <c>z[4][3] += x[k][4][V] · w[k][3][V]</c>, summed over k and V. After every <see cref="Panel"/> values of k the next of w lie
    /// <paramref name="stride"/> vectors from the last ones' beginning.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    internal static void Forward<T>(ReadOnlySpan<Vector256<T>> x, ReadOnlySpan<Vector256<T>> w, int stride, Span<T> z)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Vector256<T> s00 = default, s01 = default, s02 = default;
        Vector256<T> s10 = default, s11 = default, s12 = default;
        Vector256<T> s20 = default, s21 = default, s22 = default;
        Vector256<T> s30 = default, s31 = default, s32 = default;
        while (true)
        {
            var rows = x[..Math.Min(x.Length, Panel * Rows)];
            var weights = w[..Math.Min(w.Length, Panel * Outputs)];
            while (rows.Length >= Rows && weights.Length >= Outputs)
            {
                var (w0, w1, w2) = (weights[0], weights[1], weights[2]);
                var row = rows[0];
                s00 = Lanes.MultiplyAdd(row, w0, s00);
                s01 = Lanes.MultiplyAdd(row, w1, s01);
                s02 = Lanes.MultiplyAdd(row, w2, s02);
                row = rows[1];
                s10 = Lanes.MultiplyAdd(row, w0, s10);
                s11 = Lanes.MultiplyAdd(row, w1, s11);
                s12 = Lanes.MultiplyAdd(row, w2, s12);
                row = rows[2];
                s20 = Lanes.MultiplyAdd(row, w0, s20);
                s21 = Lanes.MultiplyAdd(row, w1, s21);
                s22 = Lanes.MultiplyAdd(row, w2, s22);
                row = rows[3];
                s30 = Lanes.MultiplyAdd(row, w0, s30);
                s31 = Lanes.MultiplyAdd(row, w1, s31);
                s32 = Lanes.MultiplyAdd(row, w2, s32);
                rows = rows[Rows..];
                weights = weights[Outputs..];
            }

            if (x.Length <= Panel * Rows) break;
            x = x[(Panel * Rows)..];
            w = w[stride..];
        }

        z = z[..(Rows * Outputs)];
        Lanes.AddSums(z, s00, s01, s02, s10);
        Lanes.AddSums(z[4..], s11, s12, s20, s21);
        Lanes.AddSums(z[8..], s22, s30, s31, s32);
    }

    /// <summary>
    /// <c>dw[4 k][3][V] += g[n][3]·x[n][4 k][V]</c>, summed over the rows n: the blocks of x lie <paramref name="stride"/>
    /// vectors apart, those of g one after the other.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    internal static void WeightGradient<T>(ReadOnlySpan<Vector256<T>> x, int stride, ReadOnlySpan<T> g, Span<Vector256<T>> dw)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        dw = dw[..(Strip * Outputs)];
        var (s00, s01, s02) = (dw[0], dw[1], dw[2]);
        var (s10, s11, s12) = (dw[3], dw[4], dw[5]);
        var (s20, s21, s22) = (dw[6], dw[7], dw[8]);
        var (s30, s31, s32) = (dw[9], dw[10], dw[11]);
        var at = 0;
        while (g.Length >= Rows * Outputs)
        {
            var block = x.Slice(at, Strip * Rows);
            for (var n = 0; n < Rows; n++)
            {
                var g0 = Vector256.Create(g[n * Outputs]);
                var g1 = Vector256.Create(g[n * Outputs + 1]);
                var g2 = Vector256.Create(g[n * Outputs + 2]);
                var v = block[n];
                s00 = Lanes.MultiplyAdd(v, g0, s00);
                s01 = Lanes.MultiplyAdd(v, g1, s01);
                s02 = Lanes.MultiplyAdd(v, g2, s02);
                v = block[n + Rows];
                s10 = Lanes.MultiplyAdd(v, g0, s10);
                s11 = Lanes.MultiplyAdd(v, g1, s11);
                s12 = Lanes.MultiplyAdd(v, g2, s12);
                v = block[n + 2 * Rows];
                s20 = Lanes.MultiplyAdd(v, g0, s20);
                s21 = Lanes.MultiplyAdd(v, g1, s21);
                s22 = Lanes.MultiplyAdd(v, g2, s22);
                v = block[n + 3 * Rows];
                s30 = Lanes.MultiplyAdd(v, g0, s30);
                s31 = Lanes.MultiplyAdd(v, g1, s31);
                s32 = Lanes.MultiplyAdd(v, g2, s32);
            }

            g = g[(Rows * Outputs)..];
            at += stride;
        }

        (dw[0], dw[1], dw[2]) = (s00, s01, s02);
        (dw[3], dw[4], dw[5]) = (s10, s11, s12);
        (dw[6], dw[7], dw[8]) = (s20, s21, s22);
        (dw[9], dw[10], dw[11]) = (s30, s31, s32);
    }

    /// <summary>
    /// <c>dx[2 k][4][V] = g[c][4]·w[c][2 k][V]</c>, summed over the outputs c: the blocks of w lie
    /// <paramref name="weightStride"/> vectors apart, those of g <paramref name="signalStride"/> numbers.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    internal static void InputGradient<T>(ReadOnlySpan<T> g, int signalStride, ReadOnlySpan<Vector256<T>> w, int weightStride, int outputBlocks, Span<Vector256<T>> dx)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Vector256<T> s00 = default, s01 = default, s10 = default, s11 = default;
        Vector256<T> s20 = default, s21 = default, s30 = default, s31 = default;
        for (var c = 0; c < outputBlocks; c++)
        {
            var signal = g.Slice(c * signalStride, Rows * Outputs);
            var block = w.Slice(c * weightStride, 2 * Outputs);
            for (var q = 0; q < Outputs; q++)
            {
                var (w0, w1) = (block[q], block[q + Outputs]);
                var n = Vector256.Create(signal[q]);
                s00 = Lanes.MultiplyAdd(n, w0, s00);
                s01 = Lanes.MultiplyAdd(n, w1, s01);
                n = Vector256.Create(signal[q + Outputs]);
                s10 = Lanes.MultiplyAdd(n, w0, s10);
                s11 = Lanes.MultiplyAdd(n, w1, s11);
                n = Vector256.Create(signal[q + 2 * Outputs]);
                s20 = Lanes.MultiplyAdd(n, w0, s20);
                s21 = Lanes.MultiplyAdd(n, w1, s21);
                n = Vector256.Create(signal[q + 3 * Outputs]);
                s30 = Lanes.MultiplyAdd(n, w0, s30);
                s31 = Lanes.MultiplyAdd(n, w1, s31);
            }
        }

        dx = dx[..(2 * Rows)];
        (dx[0], dx[1], dx[2], dx[3]) = (s00, s10, s20, s30);
        (dx[4], dx[5], dx[6], dx[7]) = (s01, s11, s21, s31);
    }
}
