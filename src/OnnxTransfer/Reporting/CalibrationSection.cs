namespace OnnxTransfer.Reporting;

/// <summary>Whether a probability means what it says: accuracy by confidence, as a reliability diagram.</summary>
internal static class CalibrationSection
{
    private const int Width = 560;
    private const int Height = 260;
    private const int Left = 46;
    private const int Right = 12;
    private const int Top = 12;
    private const int Bottom = 40;

    internal static ReportSection Of(ReportContent content) => new("calibration", "How far to trust a probability", HtmlBuilder.Of(body =>
    {
        var (set, result) = (content.Sets[^1].Name, content.Sets[^1].Result);
        body.Add($"""<p class="note">For the {set} images in each range of confidence, the share of right predictions. On the dotted line, accuracy equals confidence. Above the line, the confidence is too low; below it, too high. Averaged over the images, the two are {100 * result.CalibrationError:0.0} points apart (expected calibration error {result.CalibrationError:0.000}).</p>""");
        body.Add($"""<div class="pair"><div class="card">{Diagram(result.Calibration)}</div><div class="card scroll" tabindex="0">{BinTable(result.Calibration)}</div></div>""");
    }));

    private static HtmlBuilder Diagram(IReadOnlyList<CalibrationBin> bins) => HtmlBuilder.Of(svg =>
    {
        svg.Add($"""<svg class="chart" viewBox="0 0 {Width} {Height}" role="img" aria-labelledby="calibration-title calibration-text"><title id="calibration-title">Accuracy by confidence</title>""");
        svg.Add($"""<desc id="calibration-text">A bar for each tenth of confidence, as high as the share of its images that was right. The table beside it has the numbers.</desc>""");
        foreach (var tick in new[] { 0, 0.25, 0.5, 0.75, 1 })
        {
            svg.Add($"""<line class="grid" x1="{Left}" x2="{Width - Right}" y1="{Y(tick):0.#}" y2="{Y(tick):0.#}"/><text class="tick" x="{Left - 8}" y="{Y(tick) + 4:0.#}" text-anchor="end">{100 * tick:0}%</text>""");
            svg.Add($"""<text class="tick" x="{X(tick):0.#}" y="{Height - Bottom + 18}" text-anchor="{(tick == 1 ? "end" : "middle")}">{100 * tick:0}%</text>""");
        }

        foreach (var bin in bins.Where(bin => bin.Count > 0))
            svg.Add($"""<g class="train"><rect class="band" x="{X(bin.From) + 2:0.#}" y="{Y(bin.Accuracy):0.#}" width="{X(bin.To) - X(bin.From) - 4:0.#}" height="{Y(0) - Y(bin.Accuracy):0.#}"/><line class="line" x1="{X(bin.From) + 2:0.#}" x2="{X(bin.To) - 2:0.#}" y1="{Y(bin.Accuracy):0.#}" y2="{Y(bin.Accuracy):0.#}"/></g>""");
        svg.Add($"""<line class="ideal" x1="{X(0):0.#}" y1="{Y(0):0.#}" x2="{X(1):0.#}" y2="{Y(1):0.#}"/><text class="axis" x="{(Left + Width - Right) / 2}" y="{Height - 4}" text-anchor="middle">confidence</text></svg>""");
    });

    private static HtmlBuilder BinTable(IReadOnlyList<CalibrationBin> bins) => HtmlBuilder.Of(table =>
    {
        table.Add($"""<table class="wide"><caption class="spoken">Accuracy by confidence</caption><thead><tr><th scope="col">Confidence</th><th scope="col" class="number">Its mean</th><th scope="col" class="number">Accuracy</th><th scope="col" class="number">Images</th></tr></thead><tbody>""");
        foreach (var bin in bins.Where(bin => bin.Count > 0))
            table.Add($"""<tr><th scope="row">{100 * bin.From:0} to {100 * bin.To:0}%</th><td class="number">{Words.Percent(bin.Confidence)}</td><td class="number">{Words.Percent(bin.Accuracy)}</td><td class="number">{bin.Count:N0}</td></tr>""");
        table.Add($"</tbody></table>");
    });

    private static double X(double share) => Left + (share * (Width - Left - Right));

    private static double Y(double share) => Height - Bottom - (share * (Height - Top - Bottom));
}
