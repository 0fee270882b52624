using System.Globalization;
using System.Text;

namespace OnnxTransfer.Reporting;

/// <summary>A line of a chart.</summary>
/// <param name="Name">Named at the line's end; empty for a line that accompanies another.</param>
/// <param name="Style">The CSS class that gives its color and dashes.</param>
/// <param name="Points">x ascending.</param>
internal sealed record ChartLine(string Name, string Style, IReadOnlyList<(double X, double Y)> Points);

/// <summary>A line chart as inline SVG: recessive axes, lines named where they end, title and description for screen readers.</summary>
/// <param name="Id">Unique on the page.</param>
/// <param name="Title">What is drawn.</param>
/// <param name="Description">What it shows, in a sentence that replaces the picture.</param>
/// <param name="XName">The horizontal axis.</param>
/// <param name="IsPercent">Whether y is a share, shown in percent.</param>
/// <param name="Lines">At least one, each of at least one point.</param>
internal sealed record LineChart(string Id, string Title, string Description, string XName, bool IsPercent, IReadOnlyList<ChartLine> Lines)
{
    private const int Width = 560;
    private const int Height = 280;
    private const int Left = 46;
    private const int Right = 84;
    private const int Top = 14;
    private const int Bottom = 40;
    private const int LabelHeight = 15;

    internal HtmlBuilder ToSvg()
    {
        var points = Lines.SelectMany(line => line.Points).ToList();
        var x = new Axis(points.Min(point => point.X), points.Max(point => point.X), ticks: 6, snaps: false);
        var y = new Axis(IsPercent ? Math.Min(0.9, points.Min(point => point.Y)) : 0, IsPercent ? 1 : points.Max(point => point.Y), ticks: 4, snaps: true);
        return HtmlBuilder.Of(svg =>
        {
            svg.Add($"""<svg class="chart" viewBox="0 0 {Width} {Height}" role="img" aria-labelledby="{Id}-title {Id}-text">""");
            svg.Add($"""<title id="{Id}-title">{Title}</title><desc id="{Id}-text">{Description}</desc>""");
            AddAxes(svg, x, y);
            foreach (var line in Lines) AddLine(svg, line, x, y);
            AddNames(svg, x, y);
            svg.Add($"</svg>");
        });
    }

    private void AddAxes(HtmlBuilder svg, Axis x, Axis y)
    {
        foreach (var tick in y.Ticks())
        {
            var at = Y(y, tick);
            svg.Add($"""<line class="grid" x1="{Left}" x2="{Width - Right}" y1="{at:0.#}" y2="{at:0.#}"/><text class="tick" x="{Left - 8}" y="{at + 4:0.#}" text-anchor="end">{y.Text(tick, IsPercent)}</text>""");
        }

        // Epochs and steps are whole numbers.
        foreach (var tick in x.Ticks().Where(tick => Math.Abs(tick - Math.Round(tick)) < 1e-6))
            svg.Add($"""<text class="tick" x="{X(x, tick):0.#}" y="{Height - Bottom + 18}" text-anchor="middle">{x.Text(tick, percent: false)}</text>""");
        svg.Add($"""<text class="axis" x="{(Left + Width - Right) / 2}" y="{Height - 4}" text-anchor="middle">{XName}</text>""");
    }

    private static void AddLine(HtmlBuilder svg, ChartLine line, Axis x, Axis y)
    {
        var path = new StringBuilder();
        foreach (var point in line.Points)
            path.Append(CultureInfo.InvariantCulture, $"{(path.Length == 0 ? "M" : "L")}{X(x, point.X):0.#} {Y(y, point.Y):0.#}");
        svg.Add($"""<path class="line {line.Style}" d="{path.ToString()}"/>""");
        // A single point has no length to be seen by, and few deserve to be seen one by one.
        if (line.Points.Count > 24 || line.Name.Length == 0) return;
        foreach (var point in line.Points)
            svg.Add($"""<circle class="dot {line.Style}" cx="{X(x, point.X):0.#}" cy="{Y(y, point.Y):0.#}" r="3"/>""");
    }

    /// <summary>The names stand beside the lines' ends, pushed apart where these are close.</summary>
    private void AddNames(HtmlBuilder svg, Axis x, Axis y)
    {
        var below = double.NegativeInfinity;
        foreach (var line in Lines.Where(line => line.Name.Length > 0).OrderBy(line => Y(y, line.Points[^1].Y)))
        {
            var at = Math.Max(Y(y, line.Points[^1].Y), below + LabelHeight);
            below = at;
            svg.Add($"""<text class="name {line.Style}" x="{X(x, line.Points[^1].X) + 9:0.#}" y="{at + 4:0.#}">{line.Name}</text>""");
        }
    }

    private static double X(Axis axis, double value) => Left + (axis.Place(value) * (Width - Left - Right));

    private static double Y(Axis axis, double value) => Height - Bottom - (axis.Place(value) * (Height - Top - Bottom));
}
