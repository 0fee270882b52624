using System.Numerics.Tensors;

namespace OnnxTransfer.Inference;

/// <summary>
/// The trial of recorded work: a recording that went wrong replays old numbers without any error, so what it gives is compared with
/// what the same work gives when it is run.
/// </summary>
internal static class DeviceRecording
{
    /// <summary>The largest difference between a replay and a run, as a share of the largest number. Both use the same kernels.</summary>
    private const float Tolerance = 1e-3f;

    /// <summary>Tries a recording with two batches that differ, the first once more after the second.</summary>
    /// <param name="run">Computes the output for a batch: recorded and replayed, or only run.</param>
    /// <param name="length">Numbers in a batch.</param>
    /// <returns>Null if the replay gives the same numbers as the run; otherwise the fault, in one sentence.</returns>
    internal static string? WhatIsWrong(Func<bool, float[], float[]> run, int length)
    {
        var (one, other) = (new float[length], new float[length]);
        for (var i = 0; i < length; i++) (one[i], other[i]) = ((i % 251 / 125f) - 1, 1 - (i % 83 / 41f));
        // The plain runs come first, because nothing is recorded yet that could be replayed in their place.
        var (ofOne, ofOther) = (run(false, one), run(false, other));
        if (Same(ofOne, ofOther)) return "two different batches of a trial give the same numbers even when nothing is recorded, so the trial cannot tell a replay from a run.";
        var (recorded, otherReplayed, oneReplayed) = (run(true, one), run(true, other), run(true, one));
        return Same(ofOne, recorded) && Same(ofOther, otherReplayed) && Same(ofOne, oneReplayed) ? null : "the replay gives other numbers than the run.";
    }

    private static bool Same(float[] a, float[] b)
    {
        var difference = new float[a.Length];
        TensorPrimitives.Subtract(a, b, difference);
        // The comparison is false for NaN.
        return Math.Abs(TensorPrimitives.MaxMagnitude<float>(difference)) <= Tolerance * Math.Abs(TensorPrimitives.MaxMagnitude<float>(a));
    }
}
