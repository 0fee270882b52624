namespace OnnxTransfer.Internals;

/// <summary>Quantiles of numbers.</summary>
internal static class Quantile
{
    /// <summary>The quantile with linear interpolation between two numbers, NumPy's default.</summary>
    /// <param name="sorted">At least one number, ascending.</param>
    /// <param name="share">In [0, 1].</param>
    internal static double Of(ReadOnlySpan<double> sorted, double share)
    {
        var at = share * (sorted.Length - 1);
        var low = (int)at;
        var high = Math.Min(low + 1, sorted.Length - 1);
        return sorted[low] + ((at - low) * (sorted[high] - sorted[low]));
    }
}
