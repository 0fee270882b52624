using System.Numerics;
using System.Runtime.CompilerServices;

namespace OnnxTransfer.Internals;

/// <summary>The place of the largest number.</summary>
internal static class Argmax
{
    /// <summary>The index of the largest number; of equals the first, as in NumPy. A NaN is larger than nothing.</summary>
    /// <param name="values">At least one number.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int Of<T>(ReadOnlySpan<T> values)
        where T : IComparisonOperators<T, T, bool>
    {
        var (best, max) = (0, values[0]);
        for (var i = 1; i < values.Length; i++)
        {
            if (values[i] > max) (best, max) = (i, values[i]);
        }

        return best;
    }
}
