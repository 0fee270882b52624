using System.Globalization;
using System.Text.RegularExpressions;
using OnnxTransfer.Reporting;
using OnnxTransfer.Tests.Training;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Reporting;

public sealed partial class TuningSectionTests
{
    [Fact]
    public void The_curve_has_bands_marks_and_words_that_replace_it()
    {
        var tuning = HeadTuner.Tune(Gaussians.Make(120, 30, 3, 1.5), 3);
        var html = Page(tuning);
        var chart = ChartPattern().Match(html).Value;
        Assert.Contains("<title id=\"loss-by-l2-title\">Log loss by L2</title>", chart, StringComparison.Ordinal);
        var words = WordsPattern().Match(chart).Groups[1].Value;
        foreach (var value in new[] { tuning.Chosen.L2, tuning.Simplest.L2, tuning.Points.Min(point => point.L2), tuning.Points.Max(point => point.L2) })
            Assert.Contains(value.ToString("G3", CultureInfo.InvariantCulture), words, StringComparison.Ordinal);
        // Plain and standardized.
        Assert.Equal(2, Regex.Count(chart, "class=\"band "));
        Assert.Equal(2, Regex.Count(chart, "class=\"line "));
        Assert.NotSame(tuning.Chosen, tuning.Simplest);
        Assert.Contains(">chosen</text>", chart, StringComparison.Ordinal);
        Assert.Contains(">one standard error</text>", chart, StringComparison.Ordinal);
        Assert.Contains($"{100 * tuning.NeighborAccuracy.Mean:0.0}% ±", html, StringComparison.Ordinal);
        Assert.Equal(tuning.Points.Count, Regex.Count(html, "<tr><td>(plain|standardized)</td>"));
    }

    [Fact]
    public void One_mark_is_enough_where_both_are_the_same()
    {
        var chart = ChartPattern().Match(Page(HeadTuner.Tune(Gaussians.Make(120, 30, 3, 1.5), 3, new TuningOptions { OneStandardError = true, Standardize = false }))).Value;
        Assert.Equal(1, Regex.Count(chart, "class=\"ideal\""));
        Assert.Contains(">chosen: one standard error</text>", chart, StringComparison.Ordinal);
        Assert.Equal(1, Regex.Count(chart, "class=\"band "));
    }

    [Fact]
    public void A_run_without_tuning_has_no_such_section() => Assert.DoesNotContain("loss-by-l2", Page(null), StringComparison.Ordinal);

    [Fact]
    public void Equal_ratios_have_equal_widths_on_a_logarithmic_axis()
    {
        var chart = Chart([(0.01, 3), (0.1, 1), (1, 2)]);
        double[] at = [.. DotPattern().Matches(chart).Select(dot => double.Parse(dot.Groups[1].Value, CultureInfo.InvariantCulture))];
        Assert.Equal(3, at.Length);
        Assert.Equal(at[1] - at[0], at[2] - at[1], 0.2);
        foreach (var tick in new[] { "0.01", "0.1", "1" }) Assert.Contains($">{tick}</text>", chart, StringComparison.Ordinal);
        // Within one power of ten, the ends are named.
        var narrow = Chart([(2, 3), (5, 1)]);
        foreach (var tick in new[] { "2", "5" }) Assert.Contains($"text-anchor=\"middle\">{tick}</text>", narrow, StringComparison.Ordinal);
    }

    private static string Chart((double X, double Y)[] points) =>
        new LineChart("a", "b", "c", "d", false, [new ChartLine("e", "train", points)]) { IsLogarithmic = true }.ToSvg().ToString();

    private static string Page(TuningResult? tuning) =>
        ReportWriter.ToHtml(SampleReport.Of(["daisy", "tulips"], ["/gone/a.png", "/gone/b.png"]) with { Tuning = tuning }, SampleReport.Thumbnails);

    [GeneratedRegex("<svg class=\"chart\"[^>]*aria-labelledby=\"loss-by-l2-title.*?</svg>", RegexOptions.Singleline)]
    private static partial Regex ChartPattern();

    [GeneratedRegex("<desc [^>]*>([^<]*)</desc>")]
    private static partial Regex WordsPattern();

    [GeneratedRegex("<circle class=\"dot train\" cx=\"([^\"]*)\"")]
    private static partial Regex DotPattern();
}
