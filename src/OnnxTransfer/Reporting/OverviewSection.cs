using System.Globalization;

namespace OnnxTransfer.Reporting;

/// <summary>The head of the page: what was done, and the one number that counts, with what chance leaves open.</summary>
internal static class OverviewSection
{
    internal static void Add(HtmlBuilder page, ReportContent content)
    {
        var set = content.Sets[^1];
        var (result, right) = (set.Result, set.Result.CorrectCount);
        var interval = result.AccuracyInterval;
        page.Add($"""
            <header>
            <h1>{content.Title}</h1>
            <p class="lead">{content.Summary}</p>
            <div class="card hero">
            <div>
            <div class="figure">{100 * result.Accuracy:0.0}<small>%</small></div>
            <p>accuracy on {result.Count:N0} {set.Name} images: {right:N0} right, {result.Count - right:N0} wrong</p>
            </div>
            <div>
            <div class="minor">95% confidence interval: {Words.Percent(interval.Low)} to {Words.Percent(interval.High)}</div>
            {IntervalChart(result.Accuracy, interval, 1.0 / content.Labels.Count)}
            <p class="note">{Reading(set.Name, interval)}</p>
            </div>
            </div>
            """);
        AddFacts(page, content);
        page.Add($"</header>");
    }

    private static string Reading(string set, WilsonInterval interval)
    {
        var width = Words.Percent(interval.High - interval.Low).Replace("%", " points", StringComparison.Ordinal);
        return set switch
        {
            "training" => "The classifier was trained on these images, so the accuracy on new images is lower. Keep a test set to measure it.",
            "validation" => $"Chance alone explains a spread of {width}. These images also chose the weights, so the accuracy is slightly too high.",
            _ => $"Chance alone explains a spread of {width} with this many images; more {set} images narrow it.",
        };
    }

    private static void AddFacts(HtmlBuilder page, ReportContent content)
    {
        var result = content.Sets[^1].Result;
        page.Add($"""<dl class="facts">""");
        foreach (var set in content.Sets) Fact(page, $"{Capital(set.Name)} accuracy", Words.Percent(set.Result.Accuracy));
        Fact(page, $"{Capital(content.Sets[^1].Name)} loss", result.Loss.ToString("0.000", CultureInfo.InvariantCulture));
        Fact(page, "Macro F1", result.MacroF1.ToString("0.000", CultureInfo.InvariantCulture));
        if (content.Labels.Count > 5 && result.RankCounts.Count > 0) Fact(page, "Top-5 accuracy", Words.Percent(result.TopAccuracy(5)));
        Fact(page, "Calibration error", result.CalibrationError.ToString("0.000", CultureInfo.InvariantCulture));
        Fact(page, "Classes", content.Labels.Count.ToString("N0", CultureInfo.InvariantCulture));
        Fact(page, "Images", content.Sets.Sum(set => set.Result.Count).ToString("N0", CultureInfo.InvariantCulture));
        Fact(page, "Skipped", content.Skipped.Count.ToString("N0", CultureInfo.InvariantCulture));
        if (content.Warnings.Count > 0) Fact(page, "Warnings", content.Warnings.Count.ToString("N0", CultureInfo.InvariantCulture));
        page.Add($"</dl>");
    }

    private static void Fact(HtmlBuilder page, string name, string value) => page.Add($"<div><dt>{name}</dt><dd>{value}</dd></div>");

    private static string Capital(string name) => char.ToUpperInvariant(name[0]) + name[1..];

    /// <summary>A scale from 0 to 100 % with the interval as a band, the accuracy as a line and guessing as a mark.</summary>
    private static HtmlBuilder IntervalChart(double accuracy, WilsonInterval interval, double guess) => HtmlBuilder.Of(svg =>
    {
        const int width = 560;
        svg.Add($"""<svg class="chart" viewBox="-6 0 {width + 12} 62" role="img" aria-labelledby="interval-title interval-text">""");
        svg.Add($"""<title id="interval-title">Accuracy and its confidence interval</title>""");
        svg.Add($"""<desc id="interval-text">Accuracy {Words.Percent(accuracy)}, between {Words.Percent(interval.Low)} and {Words.Percent(interval.High)}; guessing would give {Words.Percent(guess)}.</desc>""");
        svg.Add($"""<line class="grid" x1="0" x2="{width}" y1="26" y2="26"/>""");
        foreach (var tick in new[] { 0, 0.25, 0.5, 0.75, 1 })
            svg.Add($"""<line class="grid" x1="{width * tick:0.#}" x2="{width * tick:0.#}" y1="22" y2="30"/><text class="tick" x="{width * tick:0.#}" y="48" text-anchor="{(tick == 0 ? "start" : tick == 1 ? "end" : "middle")}">{100 * tick:0}%</text>""");
        svg.Add($"""<g class="train"><rect class="band" x="{width * interval.Low:0.#}" y="14" width="{width * (interval.High - interval.Low):0.#}" height="24" rx="4"/><line class="line" x1="{width * accuracy:0.#}" x2="{width * accuracy:0.#}" y1="10" y2="42"/></g>""");
        svg.Add($"""<line class="ideal" x1="{width * guess:0.#}" x2="{width * guess:0.#}" y1="14" y2="38"/><text class="tick" x="{width * guess:0.#}" y="9" text-anchor="middle">guessing</text>""");
        svg.Add($"</svg>");
    });
}
