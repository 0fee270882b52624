using System.Globalization;
using System.Text;

namespace OnnxTransfer.Reporting;

/// <summary>A line of a chart.</summary>
/// <param name="Name">Named at the line's end; empty for a line that accompanies another.</param>
/// <param name="Style">The CSS class that gives its color and dashes.</param>
/// <param name="Points">x ascending.</param>
internal sealed record ChartLine(string Name, string Style, IReadOnlyList<(double X, double Y)> Points)
{
    /// <summary>Half the height of the band around the line, for each point; empty for no band.</summary>
    internal IReadOnlyList<double> Errors { get; init; } = [];
}

/// <summary>A point of note, named at the top of the chart.</summary>
/// <param name="Name">Why it is marked.</param>
/// <param name="X">Where it is.</param>
/// <param name="Y">Where it is.</param>
internal sealed record ChartMark(string Name, double X, double Y);

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
    private const int Top = 14;
    private const int Bottom = 40;
    private const int LabelHeight = 15;
    private const int LetterWidth = 10;
    private const int MarkWidth = 12 * LetterWidth;

    /// <summary>Whether x, which is then greater than 0, is drawn by its logarithm, and y from its least value instead of 0.</summary>
    internal bool IsLogarithmic { get; init; }

    /// <summary>Points of note.</summary>
    internal IReadOnlyList<ChartMark> Marks { get; init; } = [];

    internal HtmlBuilder ToSvg()
    {
        var points = Lines.SelectMany(line => line.Points).ToList();
        var x = new Axis(Scaled(points.Min(point => point.X)), Scaled(points.Max(point => point.X)), ticks: 6, snaps: false);
        var y = YAxis();
        return HtmlBuilder.Of(svg =>
        {
            svg.Add($"""<svg class="chart" viewBox="0 0 {Width} {Height}" role="img" aria-labelledby="{Id}-title {Id}-text">""");
            svg.Add($"""<title id="{Id}-title">{Title}</title><desc id="{Id}-text">{Description}</desc>""");
            AddAxes(svg, x, y);
            foreach (var line in Lines.Where(line => line.Errors.Count > 0)) AddBand(svg, line, x, y);
            foreach (var line in Lines) AddLine(svg, line, x, y);
            AddMarks(svg, x, y);
            AddNames(svg, x, y);
            svg.Add($"</svg>");
        });
    }

    /// <summary>Room for the names of the lines, at a telephone's size of letters.</summary>
    private int Right => LetterWidth * Math.Max(8, Lines.Max(line => line.Name.Length));

    private double Scaled(double x) => IsLogarithmic ? Math.Log10(x) : x;

    private Axis YAxis()
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var line in Lines)
        {
            for (var i = 0; i < line.Points.Count; i++)
            {
                var error = line.Errors.Count == 0 ? 0 : line.Errors[i];
                (low, high) = (Math.Min(low, line.Points[i].Y - error), Math.Max(high, line.Points[i].Y + error));
            }
        }

        return new Axis(IsPercent ? Math.Min(0.9, low) : IsLogarithmic ? Math.Max(0, low) : 0, IsPercent ? 1 : high, ticks: 4, snaps: true);
    }

    private void AddAxes(HtmlBuilder svg, Axis x, Axis y)
    {
        foreach (var tick in y.Ticks())
        {
            var at = Y(y, tick);
            svg.Add($"""<line class="grid" x1="{Left}" x2="{Width - Right}" y1="{at:0.#}" y2="{at:0.#}"/><text class="tick" x="{Left - 8}" y="{at + 4:0.#}" text-anchor="end">{y.Text(tick, IsPercent)}</text>""");
        }

        // Epochs, steps and powers of ten are whole numbers.
        List<double> ticks = [.. x.Ticks().Where(tick => Math.Abs(tick - Math.Round(tick)) < 1e-6)];
        // Values within a power of ten have their ends named.
        if (IsLogarithmic && ticks.Count < 2) ticks = [x.Low, x.High];
        foreach (var tick in ticks)
            svg.Add($"""<text class="tick" x="{X(x, tick):0.#}" y="{Height - Bottom + 18}" text-anchor="middle">{(IsLogarithmic ? Math.Pow(10, tick).ToString("G3", CultureInfo.InvariantCulture) : x.Text(tick, percent: false))}</text>""");
        svg.Add($"""<text class="axis" x="{(Left + Width - Right) / 2}" y="{Height - 4}" text-anchor="middle">{XName}</text>""");
    }

    private void AddBand(HtmlBuilder svg, ChartLine line, Axis x, Axis y)
    {
        var path = new StringBuilder();
        for (var i = 0; i < 2 * line.Points.Count; i++)
        {
            // There along the upper edge, and back along the lower one.
            var (k, sign) = i < line.Points.Count ? (i, 1) : ((2 * line.Points.Count) - 1 - i, -1);
            path.Append(CultureInfo.InvariantCulture, $"{(i == 0 ? "M" : "L")}{X(x, Scaled(line.Points[k].X)):0.#} {Y(y, Math.Max(y.Low, line.Points[k].Y + (sign * line.Errors[k]))):0.#}");
        }

        svg.Add($"""<path class="band {line.Style}" d="{path.ToString()}Z"/>""");
    }

    /// <summary>
    /// A line down to each point, named at its top. Each name has a row of its own, and that of the leftmost mark stands to its left, so that no
    /// line crosses a name.
    /// </summary>
    private void AddMarks(HtmlBuilder svg, Axis x, Axis y)
    {
        for (var i = 0; i < Marks.Count; i++)
        {
            var (at, down, top) = (X(x, Scaled(Marks[i].X)), Y(y, Marks[i].Y), Top + (i * LabelHeight));
            var isFirst = Marks.All(mark => mark.X >= Marks[i].X);
            var goesRight = at < Left + MarkWidth || (!isFirst && at < Width - MarkWidth);
            svg.Add($"""<line class="ideal" x1="{at:0.#}" x2="{at:0.#}" y1="{top - 8}" y2="{down:0.#}"/><circle class="dot" cx="{at:0.#}" cy="{down:0.#}" r="4.5"/><text class="tick" x="{(goesRight ? at + 6 : at - 6):0.#}" y="{top}" text-anchor="{(goesRight ? "start" : "end")}">{Marks[i].Name}</text>""");
        }
    }

    private void AddLine(HtmlBuilder svg, ChartLine line, Axis x, Axis y)
    {
        var path = new StringBuilder();
        foreach (var point in line.Points)
            path.Append(CultureInfo.InvariantCulture, $"{(path.Length == 0 ? "M" : "L")}{X(x, Scaled(point.X)):0.#} {Y(y, point.Y):0.#}");
        svg.Add($"""<path class="line {line.Style}" d="{path.ToString()}"/>""");
        // A single point has no length to be seen by, and few deserve to be seen one by one.
        if (line.Points.Count > 24 || line.Name.Length == 0) return;
        foreach (var point in line.Points)
            svg.Add($"""<circle class="dot {line.Style}" cx="{X(x, Scaled(point.X)):0.#}" cy="{Y(y, point.Y):0.#}" r="3"/>""");
    }

    /// <summary>The names stand beside the lines' ends, pushed apart where these are close.</summary>
    private void AddNames(HtmlBuilder svg, Axis x, Axis y)
    {
        var below = double.NegativeInfinity;
        foreach (var line in Lines.Where(line => line.Name.Length > 0).OrderBy(line => Y(y, line.Points[^1].Y)))
        {
            var at = Math.Max(Y(y, line.Points[^1].Y), below + LabelHeight);
            below = at;
            svg.Add($"""<text class="name {line.Style}" x="{X(x, Scaled(line.Points[^1].X)) + 9:0.#}" y="{at + 4:0.#}">{line.Name}</text>""");
        }
    }

    private double X(Axis axis, double value) => Left + (axis.Place(value) * (Width - Left - Right));

    private static double Y(Axis axis, double value) => Height - Bottom - (axis.Place(value) * (Height - Top - Bottom));
}
