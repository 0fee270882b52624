using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxTransfer.Heads;

/// <summary>
/// 256-bit lanes whatever the hardware has (wider registers stay half empty, narrower ones work in pairs), fused
/// multiply-add whether it is an instruction or a call, lanes added in one order: the bits of a sum do not depend on the
/// machine's SIMD width.
/// </summary>
internal static class Lanes
{
    /// <summary>a·b + sum, rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<T> MultiplyAdd<T>(Vector256<T> a, Vector256<T> b, Vector256<T> sum)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => typeof(T) == typeof(float)
            ? Vector256.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), sum.AsSingle()).As<float, T>()
            : Vector256.FusedMultiplyAdd(a.AsDouble(), b.AsDouble(), sum.AsDouble()).As<double, T>();

    /// <summary>All lanes added, halves first: <see cref="Vector256.Sum{T}"/> does not promise an order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Sum<T>(Vector256<T> lanes)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (typeof(T) == typeof(float))
        {
            var four = lanes.GetLower().AsSingle() + lanes.GetUpper().AsSingle();
            four += Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1));
            four += Vector128.Shuffle(four, Vector128.Create(1, 0, 3, 2));
            return four.As<float, T>().ToScalar();
        }

        var two = lanes.GetLower() + lanes.GetUpper();
        return two[0] + two[1];
    }
}
