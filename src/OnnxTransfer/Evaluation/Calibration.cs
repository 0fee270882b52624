namespace OnnxTransfer.Evaluation;

/// <summary>Sorts predictions by confidence into bins of equal width.</summary>
internal sealed class Calibration
{
    private const int Bins = 10;

    private readonly int[] _counts = new int[Bins];
    private readonly int[] _right = new int[Bins];
    private readonly double[] _confidence = new double[Bins];

    /// <summary>Counts one prediction.</summary>
    /// <param name="probability">That of the predicted class.</param>
    /// <param name="right">Whether it is the true one.</param>
    internal void Add(float probability, bool right)
    {
        // Rounding can carry a probability a little past 1.
        var confidence = Math.Clamp((double)probability, 0, 1);
        var bin = Math.Max(0, (int)Math.Ceiling(confidence * Bins) - 1);
        _counts[bin]++;
        _confidence[bin] += confidence;
        if (right) _right[bin]++;
    }

    internal CalibrationBin[] ToBins() => [.. Enumerable.Range(0, Bins).Select(Bin)];

    private CalibrationBin Bin(int bin)
    {
        var divisor = Math.Max(1, _counts[bin]);
        return new CalibrationBin((double)bin / Bins, (bin + 1.0) / Bins, _counts[bin], _confidence[bin] / divisor, (double)_right[bin] / divisor);
    }
}
