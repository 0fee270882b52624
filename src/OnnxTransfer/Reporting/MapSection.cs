namespace OnnxTransfer.Reporting;

/// <summary>The vectors as points of a plane: which classes lie apart, which run into each other.</summary>
internal static class MapSection
{
    private const int MostPoints = 600;

    /// <summary>More classes than this cannot be told apart by color.</summary>
    private const int MostClasses = 12;

    private const int Width = 560;
    private const int Height = 400;
    private const int Margin = 24;

    internal static ReportSection? Of(ReportContent content)
    {
        if (content.Vectors is not { RowCount: > 2 } vectors || content.Labels.Count > MostClasses) return null;
        var count = Math.Min(MostPoints, vectors.RowCount);
        int[] shown = [.. Enumerable.Range(0, count).Select(i => (int)((long)i * vectors.RowCount / count))];
        var (x, y, share) = PrincipalPlane.Of(vectors.Select(shown));
        if (share == 0) return null;
        JudgedImage[] images = [.. shown.Select(i => content.Judged[i])];
        return new ReportSection("map", "The vectors as a map", HtmlBuilder.Of(body =>
        {
            body.Add($"""<p class="note">Each point is an image of the {content.Sets[^1].Name} set, each color a true class, each cross a wrong prediction. The plane is the one in which the feature vectors spread most; it holds {Words.Percent(share)} of their variance, so classes that overlap here can still be apart in the other dimensions.{Words.Some(count, vectors.RowCount, "images")}</p>""");
            body.Add($"""<div class="card">{Chart(images, x, y, content.Labels, share)}</div>""");
        }));
    }

    private static HtmlBuilder Chart(JudgedImage[] images, double[] x, double[] y, IReadOnlyList<string> labels, double share) => HtmlBuilder.Of(svg =>
    {
        svg.Add($"""<svg class="chart map" viewBox="0 0 {Width} {Height}" role="img" aria-labelledby="map-title map-text">""");
        svg.Add($"""<title id="map-title">The vectors as a map</title><desc id="map-text">{images.Length} images of {Words.Count(labels.Count, "class", "classes")} in the plane of the first two principal components, which hold {Words.Percent(share)} of the variance.</desc>""");
        // One unit is as long in both directions.
        var unit = Math.Min((Width - (2 * Margin)) / Math.Max(1e-12, x.Max() - x.Min()), (Height - (2 * Margin)) / Math.Max(1e-12, y.Max() - y.Min()));
        var (left, top) = ((Width - (unit * (x.Max() + x.Min()))) / 2, (Height + (unit * (y.Max() + y.Min()))) / 2);
        double AtX(double value) => left + (unit * value);
        double AtY(double value) => top - (unit * value);
        for (var i = 0; i < images.Length; i++)
        {
            var (px, py, hue) = (AtX(x[i]), AtY(y[i]), Hue(images[i].Truth, labels.Count));
            if (images[i].IsRight) svg.Add($"""<circle style="--hue:{hue}" cx="{px:0.#}" cy="{py:0.#}" r="4"><title>{labels[images[i].Truth]}: {images[i].Name}</title></circle>""");
            else svg.Add($"""<path style="--hue:{hue}" d="M{px - 5:0.#} {py - 5:0.#}l10 10m0 -10l-10 10"><title>{labels[images[i].Truth]}, predicted as {labels[images[i].Predicted]}: {images[i].Name}</title></path>""");
        }

        foreach (var group in Enumerable.Range(0, images.Length).GroupBy(i => images[i].Truth).OrderBy(group => group.Key))
            svg.Add($"""<text class="place" style="--hue:{Hue(group.Key, labels.Count)}" x="{AtX(group.Average(i => x[i])):0.#}" y="{AtY(group.Average(i => y[i])):0.#}" text-anchor="middle">{labels[group.Key]}</text>""");
        svg.Add($"</svg>");
    });

    private static int Hue(int label, int count) => 360 * label / count;
}
