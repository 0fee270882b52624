namespace OnnxTransfer;

/// <summary>The range in which a share lies that was estimated from n trials, with 95 % confidence.</summary>
/// <param name="Low">The lower end, in [0, 1].</param>
/// <param name="High">The upper end, in [0, 1].</param>
public readonly record struct WilsonInterval(double Low, double High)
{
    /// <summary>The normal distribution's 0.975 quantile.</summary>
    internal const double Z = 1.959963984540054;

    /// <summary>
    /// Wilson's score interval (Wilson 1927): <c>(p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)</c>. Unlike the plain
    /// <c>p ± z·sqrt(p(1-p)/n)</c> it stays within [0, 1] and holds for few images and for shares near 0 and 1.
    /// </summary>
    /// <param name="right">Successes, 0 to <paramref name="count"/>.</param>
    /// <param name="count">n, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no trials, or not 0 to <paramref name="count"/> successes.</exception>
    public static WilsonInterval Of(int right, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(right);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(right, count);
        var (p, n) = ((double)right / count, (double)count);
        var center = p + (Z * Z / (2 * n));
        var half = Z * Math.Sqrt((p * (1 - p) / n) + (Z * Z / (4 * n * n)));
        var scale = 1 + (Z * Z / n);
        return new WilsonInterval(Math.Max(0, (center - half) / scale), Math.Min(1, (center + half) / scale));
    }
}
