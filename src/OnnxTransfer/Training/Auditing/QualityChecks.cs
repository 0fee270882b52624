using System.Globalization;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Training.Auditing;

/// <summary>
/// What is wrong with the pixels of single images. The limits of dark, light and long images, of empty images and of sizes are those of cleanvision
/// (its issue managers, 2023); the limit of sharpness is measured in docs/checking-data.md.
/// </summary>
internal static class QualityChecks
{
    internal const double LeastBrightest = 0.32;
    internal const double MostDarkest = 0.95;
    internal const double LeastAspect = 0.35;

    /// <summary>In bits of gray levels. cleanvision's 3 bits are of all three channels together, which have log2(3) bits more.</summary>
    internal const double LeastEntropy = 1.5;
    internal const double LeastSharpness = 10;

    /// <summary>A smaller picture is enlarged to measure its sharpness, and would always count as blurred.</summary>
    internal const int LeastSideToJudge = 96;

    private const double SizeRanges = 3;

    internal static IEnumerable<DatasetFinding> Find(IReadOnlyList<CheckedImage> images, IReadOnlyList<ImageStatistics?> statistics)
    {
        var (least, most) = UsualSides(statistics);
        for (var i = 0; i < images.Count; i++)
        {
            if (statistics[i] is not { } one) continue;
            var image = images[i];
            if (one.Brightest < LeastBrightest) yield return Finding(FindingKind.Dark, image, one.Brightest, $"99 % of the pixels are darker than {one.Brightest:0.00} of white (limit {LeastBrightest:0.00}).");
            if (one.Darkest > MostDarkest) yield return Finding(FindingKind.Light, image, one.Darkest, $"95 % of the pixels are lighter than {one.Darkest:0.00} of white (limit {MostDarkest:0.00}).");
            if (one.Entropy < LeastEntropy) yield return Finding(FindingKind.LowInformation, image, one.Entropy, $"The gray levels have {one.Entropy:0.00} bits of information (limit {LeastEntropy:0.00}).");
            else if (one.Sharpness < LeastSharpness && (one.Width == 0 || Math.Min(one.Width, one.Height) >= LeastSideToJudge))
                yield return Finding(FindingKind.Blurred, image, one.Sharpness, $"The edges deviate by {one.Sharpness:0.0} levels (limit {LeastSharpness:0}).");
            if (one.Aspect < LeastAspect) yield return Finding(FindingKind.OddAspect, image, one.Aspect.Value, $"The image has {one.Width}x{one.Height} pixels, a ratio of {one.Aspect:0.00} (limit {LeastAspect:0.00}).");
            if (one.Side < least || one.Side > most) yield return Finding(FindingKind.OddSize, image, one.Side.Value, $"The image has {one.Width}x{one.Height} pixels; the usual images have {Squared(Math.Max(1, least))} to {Squared(most)} (as squares).");
        }

        static string Squared(double side) => string.Create(CultureInfo.InvariantCulture, $"{side:0}x{side:0}");
    }

    /// <summary>Three interquartile ranges around the quartiles: Tukey's outer fences.</summary>
    private static (double Least, double Most) UsualSides(IReadOnlyList<ImageStatistics?> statistics)
    {
        double[] sides = [.. statistics.Select(one => one?.Side).OfType<double>().Order()];
        if (sides.Length == 0) return (0, double.PositiveInfinity);
        var (q1, q3) = (Quantile.Of(sides, 0.25), Quantile.Of(sides, 0.75));
        return (q1 - (SizeRanges * (q3 - q1)), q3 + (SizeRanges * (q3 - q1)));
    }

    private static DatasetFinding Finding(FindingKind kind, CheckedImage image, double score, FormattableString text) =>
        new(kind, image, FormattableString.Invariant(text)) { Score = score };
}
