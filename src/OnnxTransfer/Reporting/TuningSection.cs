using System.Globalization;

namespace OnnxTransfer.Reporting;

/// <summary>How the L2 was chosen: the log loss of every value by cross-validation, and what nearest neighbors reach without a head.</summary>
internal static class TuningSection
{
    internal static ReportSection? Of(ReportContent content) => content.Tuning is not { } tuning ? null : new ReportSection("tuning", "Choice of L2", HtmlBuilder.Of(body =>
    {
        body.Add($"""<p class="note">{Reading(tuning)}</p><div class="pair"><div class="card"><h3 aria-hidden="true">Log loss by L2</h3>{Chart(tuning)}</div>""");
        body.Add($"""<div class="card scroll" tabindex="0">{Choices(tuning)}</div></div>{Numbers(tuning)}""");
    }));

    private static string Reading(TuningResult tuning)
    {
        var chosen = tuning.Chosen;
        var why = chosen == tuning.Best ? "It has the lowest log loss" : "It is the largest whose log loss is at most one standard error above the lowest";
        var both = tuning.Points.Any(point => point.Standardize) && tuning.Points.Any(point => !point.Standardize) ? " Standardized features are taken only if their log loss is lower by more than one standard error." : "";
        var end = tuning.IsAtTheEnd ? " It is the last of the values that were tried, so a better one may lie beyond." : "";
        var hidden = tuning.ChosenHiddenLayer is { } layer ? $" A hidden layer of {layer.Units:N0} units has a log loss lower by more than one standard error, so the trained head has that layer, and no L2." : "";
        return $"Each value of L2 was measured by cross-validation on the training images. The chosen one is {L2(chosen)}, on {Features(chosen)} features. {why}.{both}{end}{hidden}";
    }

    private static HtmlBuilder Chart(TuningResult tuning)
    {
        var lines = tuning.Points.GroupBy(point => point.Standardize).Select(points => new ChartLine(Features(points.First()), points.Key ? "validation" : "train", [.. points.Reverse().Select(point => (point.L2, point.Loss))])
        {
            Errors = [.. points.Reverse().Select(point => point.LossError)],
        });
        var simplest = tuning.Simplest;
        List<ChartMark> marks = [new("chosen", tuning.Chosen.L2, tuning.Chosen.Loss)];
        if (simplest == tuning.Chosen) marks = [new("chosen: one standard error", simplest.L2, simplest.Loss)];
        else marks.Add(new ChartMark("one standard error", simplest.L2, simplest.Loss));
        var (chosen, least, most) = (tuning.Chosen, tuning.Points.Min(point => point.L2), tuning.Points.Max(point => point.L2));
        var text = $"L2 from {L2(least)} to {L2(most)}. The best mean log loss is {Loss(tuning.Best)}, at L2 {L2(tuning.Best)} on {Features(tuning.Best)} features. "
            + $"Chosen is L2 {L2(chosen)} on {Features(chosen)} features, with {Loss(chosen)}. The largest L2 within one standard error of it is {L2(simplest)}, with {Loss(simplest)}.";
        return new LineChart("loss-by-l2", "Log loss by L2", text, "L2, logarithmic; band: one standard error", false, [.. lines]) { IsLogarithmic = true, Marks = marks }.ToSvg();
    }

    private static HtmlBuilder Choices(TuningResult tuning) => HtmlBuilder.Of(table =>
    {
        table.Add($"""<table class="wide"><caption class="spoken">Settings of note</caption><thead><tr><th scope="col">Setting</th><th scope="col" class="number">L2</th><th scope="col" class="number">Log loss</th><th scope="col" class="number">Accuracy</th></tr></thead><tbody>""");
        // A point that is the one above as well is not shown twice.
        foreach (var (name, point) in new[] { ("Chosen", tuning.Chosen), ("Best", tuning.Best), ("One standard error", tuning.Simplest) }.DistinctBy(pair => pair.Item2))
            table.Add($"""<tr><th scope="row">{name}</th><td class="number">{L2(point)}</td><td class="number">{Loss(point)}</td><td class="number">{Accuracy(point.Accuracy, point.AccuracyError)}</td></tr>""");
        foreach (var layer in tuning.HiddenLayers)
            table.Add($"""<tr><th scope="row">Hidden layer of {layer.Units:N0}{(layer == tuning.ChosenHiddenLayer ? ", trained" : "")}</th><td class="number">–</td><td class="number">{Loss(layer.Loss, layer.LossError)}</td><td class="number">{Accuracy(layer.Accuracy, layer.AccuracyError)}</td></tr>""");
        var neighbors = tuning.NeighborAccuracy;
        table.Add($"""<tr><th scope="row">No head: 20 nearest neighbors</th><td class="number">–</td><td class="number">–</td><td class="number">{Accuracy(neighbors.Mean, neighbors.StandardError)}</td></tr></tbody></table>""");
    });

    private static HtmlBuilder Numbers(TuningResult tuning) => HtmlBuilder.Of(table =>
    {
        table.Add($"""<details><summary>The numbers behind the curve</summary><div class="scroll" tabindex="0"><table><caption>Mean over the folds ± its standard error.</caption>""");
        table.Add($"""<thead><tr><th scope="col">Features</th><th scope="col" class="number">L2</th><th scope="col" class="number">Log loss</th><th scope="col" class="number">Accuracy</th></tr></thead><tbody>""");
        foreach (var point in tuning.Points)
            table.Add($"""<tr><td>{Features(point)}</td><td class="number">{L2(point)}</td><td class="number">{Loss(point)}</td><td class="number">{Accuracy(point.Accuracy, point.AccuracyError)}</td></tr>""");
        table.Add($"</tbody></table></div></details>");
    });

    private static string Features(TuningPoint point) => point.Standardize ? "standardized" : "plain";

    private static string L2(TuningPoint point) => L2(point.L2);

    private static string L2(double l2) => l2.ToString("G3", CultureInfo.InvariantCulture);

    private static string Loss(TuningPoint point) => Loss(point.Loss, point.LossError);

    private static string Loss(double mean, double error) => string.Create(CultureInfo.InvariantCulture, $"{mean:0.000} ± {error:0.000}");

    private static string Accuracy(double mean, double error) => $"{Words.Percent(mean)} ± {Words.Percent(error)}";
}
