using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OnnxTransfer.Training;

/// <summary>The penalty on large weights: <c>L2/2·sum w² + L1·sum |w|</c>, over every W and no b.</summary>
internal readonly record struct Penalty(double L2, double L1)
{
    internal bool IsZero => L2 == 0 && L1 == 0;

    /// <summary><c>g += L2·w + L1·sign(w)</c>, with sign(0) = 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void AddGradient<T>(ReadOnlySpan<T> weights, Span<T> gradient)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (IsZero) return;
        var w = MemoryMarshal.Cast<T, Vector256<T>>(weights);
        var g = MemoryMarshal.Cast<T, Vector256<T>>(gradient)[..w.Length];
        var (l2, l1) = (Vector256.Create(T.CreateTruncating(L2)), Vector256.Create(T.CreateTruncating(L1)));
        for (var i = 0; i < w.Length; i++)
        {
            var up = Vector256.GreaterThan(w[i], Vector256<T>.Zero) & l1;
            var down = Vector256.LessThan(w[i], Vector256<T>.Zero) & l1;
            g[i] += l2 * w[i] + (up - down);
        }
    }

    /// <summary>The cost of some weights.</summary>
    internal double Of<T>(ReadOnlySpan<T> weights)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (IsZero) return 0;
        double squares = 0, sizes = 0;
        foreach (var weight in weights)
        {
            var w = double.CreateTruncating(weight);
            squares += w * w;
            sizes += Math.Abs(w);
        }

        return L2 / 2 * squares + L1 * sizes;
    }
}
