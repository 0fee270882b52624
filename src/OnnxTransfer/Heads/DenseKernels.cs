using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OnnxTransfer.Heads;

/// <summary>
/// The products a head is made of. Every sum runs in an order fixed here and not by the processor: 256-bit lanes
/// whatever the hardware has (wider registers stay half empty, narrower ones work in pairs), fused multiply-add
/// whether it is an instruction or a call, so that the bits of a result do not depend on the machine's SIMD width.
/// </summary>
internal static class DenseKernels
{
    /// <summary>a·b.</summary>
    internal static T Dot<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var left = MemoryMarshal.Cast<T, Vector256<T>>(a);
        var right = MemoryMarshal.Cast<T, Vector256<T>>(b)[..left.Length];
        Vector256<T> s0 = default, s1 = default, s2 = default, s3 = default;
        while (left.Length >= 4)
        {
            s0 = MultiplyAdd(left[0], right[0], s0);
            s1 = MultiplyAdd(left[1], right[1], s1);
            s2 = MultiplyAdd(left[2], right[2], s2);
            s3 = MultiplyAdd(left[3], right[3], s3);
            left = left[4..];
            right = right[4..];
        }

        for (var i = 0; i < left.Length; i++) s0 = MultiplyAdd(left[i], right[i], s0);
        var sum = Sum((s0 + s1) + (s2 + s3));
        for (var i = a.Length - a.Length % Vector256<T>.Count; i < a.Length; i++) sum = T.FusedMultiplyAdd(a[i], b[i], sum);
        return sum;
    }

    /// <summary>y += scale·x.</summary>
    internal static void AddScaled<T>(T scale, ReadOnlySpan<T> x, Span<T> y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var factor = Vector256.Create(scale);
        var from = MemoryMarshal.Cast<T, Vector256<T>>(x);
        var to = MemoryMarshal.Cast<T, Vector256<T>>(y)[..from.Length];
        for (var i = 0; i < from.Length; i++) to[i] = MultiplyAdd(factor, from[i], to[i]);
        for (var i = x.Length - x.Length % Vector256<T>.Count; i < x.Length; i++) y[i] = T.FusedMultiplyAdd(scale, x[i], y[i]);
    }

    private static Vector256<T> MultiplyAdd<T>(Vector256<T> a, Vector256<T> b, Vector256<T> sum)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => typeof(T) == typeof(float)
            ? Vector256.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), sum.AsSingle()).As<float, T>()
            : Vector256.FusedMultiplyAdd(a.AsDouble(), b.AsDouble(), sum.AsDouble()).As<double, T>();

    /// <summary>The lanes added pairwise, halves first: <see cref="Vector256.Sum{T}"/> does not promise an order.</summary>
    private static T Sum<T>(Vector256<T> lanes)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var half = lanes.GetLower() + lanes.GetUpper();
        return typeof(T) == typeof(float)
            ? (half[0] + half[2]) + (half[1] + half[3])
            : half[0] + half[1];
    }
}
