using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OnnxTransfer.Internals;

internal static class FloatScan
{
    /// <summary>The index of the first NaN or infinity, or -1.</summary>
    internal static int IndexOfNonFinite(this ReadOnlySpan<float> values)
    {
        var vectors = MemoryMarshal.Cast<float, Vector256<float>>(values);
        var start = vectors.Length * Vector256<float>.Count;
        for (var i = 0; i < vectors.Length; i++)
        {
            // x·0 is 0 for finite x, and NaN otherwise.
            if (Vector256.EqualsAll(vectors[i] * Vector256<float>.Zero, Vector256<float>.Zero)) continue;
            start = i * Vector256<float>.Count;
            break;
        }

        for (var i = start; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i])) return i;
        }

        return -1;
    }
}
