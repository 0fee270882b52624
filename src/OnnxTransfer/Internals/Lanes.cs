using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxTransfer.Internals;

/// <summary>
/// 256-bit lanes on every hardware (wider registers stay half empty, narrower ones work in pairs), fused multiply-add whether it is an
/// instruction or a call, lanes added in one order: the bits of a sum do not depend on the machine's SIMD width.
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

    /// <summary>Adds to four numbers the lanes of four vectors, in the order of <see cref="Sum"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void AddSums<T>(Span<T> sums, Vector256<T> a, Vector256<T> b, Vector256<T> c, Vector256<T> d)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (typeof(T) != typeof(float))
        {
            sums[0] += Sum(a);
            sums[1] += Sum(b);
            sums[2] += Sum(c);
            sums[3] += Sum(d);
            return;
        }

        var ab = Halves(a.AsSingle(), b.AsSingle());
        var cd = Halves(c.AsSingle(), d.AsSingle());
        var half = Vector256.Create(-1, -1, 0, 0, -1, -1, 0, 0).AsSingle();
        var pairs = Vector256.ConditionalSelect(half, ab, cd);
        pairs += Vector256.Shuffle(pairs, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6));
        var even = Vector128.Create(-1, 0, -1, 0).AsSingle();
        var all = Vector128.ConditionalSelect(even, pairs.GetLower(), pairs.GetUpper());
        (Vector128.Create<T>(sums) + all.As<float, T>()).CopyTo(sums);
    }

    /// <summary>Of each of two vectors the four sums of a lane and the one four further on, and of these the two sums two apart, twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Halves(Vector256<float> a, Vector256<float> b)
    {
        var fours = Vector256.Create(a.GetLower(), b.GetLower()) + Vector256.Create(a.GetUpper(), b.GetUpper());
        return fours + Vector256.Shuffle(fours, Vector256.Create(2, 3, 0, 1, 6, 7, 4, 5));
    }
}
