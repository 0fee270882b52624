namespace OnnxTransfer.Reporting;

/// <summary>What "unknown" as an answer would bring: accuracy against the share of images that still get an answer.</summary>
internal static class ThresholdSection
{
    /// <summary>More points than this on a line cannot be told apart.</summary>
    private const int MostPoints = 280;

    private static readonly double[] s_wanted = [0.9, 0.95, 0.98, 0.99];

    internal static ReportSection Of(ReportContent content) => new("unknown", "When to answer “unknown”", HtmlBuilder.Of(body =>
    {
        var (set, judged) = (content.Sets[^1].Name, content.Judged);
        var curve = SelectiveAccuracy.Curve(judged.Select(image => (image.Confidence, image.IsRight)));
        body.Add($"""<p class="note">If predictions below a probability are answered with “unknown”, fewer {set} images get an answer, and more of the answers are right. The thresholds below were chosen on these images, so measure the one you take on others. Give it to <code>predict --unknown-below</code>.</p>""");
        body.Add($"""<div class="pair"><div class="card"><h3 aria-hidden="true">Accuracy by coverage</h3>{Chart(curve)}</div><div class="card scroll" tabindex="0">{Thresholds(curve, set)}</div></div>""");
    }));

    private static HtmlBuilder Chart(IReadOnlyList<SelectiveAccuracy> curve)
    {
        // The first images alone say little: one mistake among three is no accuracy of 67 %.
        var shown = curve.Where(point => point.Count >= Math.Min(10, curve[^1].Count)).ToList();
        var step = Math.Max(1, shown.Count / MostPoints);
        var points = shown.Where((_, i) => i % step == 0 || i == shown.Count - 1).Select(point => (100 * point.Coverage, point.Accuracy)).ToList();
        var text = $"All images answered: {Words.Percent(curve[^1].Accuracy)} right. The most certain half: {Words.Percent(curve.First(point => point.Coverage >= 0.5).Accuracy)}.";
        return new LineChart("accuracy-by-coverage", "Accuracy by coverage", text, "images answered, in percent", true, [new ChartLine("", "train", points)]).ToSvg();
    }

    private static HtmlBuilder Thresholds(IReadOnlyList<SelectiveAccuracy> curve, string set) => HtmlBuilder.Of(table =>
    {
        table.Add($"""<table class="wide"><caption class="spoken">Thresholds for the {set} images</caption><thead><tr><th scope="col">Right answers</th><th scope="col" class="number">Threshold</th><th scope="col" class="number">Answered</th><th scope="col" class="number">Of these right</th></tr></thead><tbody>""");
        foreach (var wanted in s_wanted)
        {
            table.Add($"""<tr><th scope="row">{100 * wanted:0}%</th>""");
            if (SelectiveAccuracy.Reaching(wanted, curve) is { } point)
                table.Add($"""<td class="number">{(point.Coverage == 1 ? "none needed" : point.Threshold.ToString("0.000", System.Globalization.CultureInfo.InvariantCulture))}</td><td class="number">{Words.Percent(point.Coverage)}</td><td class="number">{Words.Percent(point.Accuracy)}</td></tr>""");
            else table.Add($"""<td class="number" colspan="3">not reached</td></tr>""");
        }

        table.Add($"</tbody></table>");
    });
}
