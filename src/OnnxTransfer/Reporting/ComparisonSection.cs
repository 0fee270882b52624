using System.Globalization;
using OnnxTransfer.Explaining;

namespace OnnxTransfer.Reporting;

/// <summary>The classifier beside another one: the difference, whether chance explains it, class by class, and the images that tell the two apart.</summary>
internal static class ComparisonSection
{
    private const int MostImages = 16;
    private const int MostClasses = 50;

    internal static ReportSection? Of(ReportContent content, Thumbnails thumbnails) => content.Against is not { } against ? null : new ReportSection("against", "Compared", HtmlBuilder.Of(body =>
    {
        var (name, result) = (against.Name, against.Result);
        body.Add($"""<p class="note">{Reading(name, result)}</p><div class="pair"><div class="card scroll" tabindex="0">{Scores(name, result)}</div><div class="card scroll" tabindex="0">{Classes(name, result)}</div></div>""");
        AddImages(body, $"Right here, wrong by {name}", result.Gained, content, thumbnails);
        AddImages(body, $"Wrong here, right by {name}", result.Lost, content, thumbnails);
    }));

    private static string Reading(string name, EvaluationComparison result)
    {
        var apart = result.Gained.Count + result.Lost.Count;
        var (points, interval) = (100 * result.Difference, result.DifferenceInterval);
        var verdict = apart == 0 ? "Both are right about the same images."
            : interval.HasZero ? $"With so few images between them, that may be chance (McNemar's exact test: p = {Probability(result.PValue)}): measure more images before you choose."
            : $"Chance alone seldom gives that (McNemar's exact test: p = {Probability(result.PValue)}).";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"On the {Words.Images(result.Count)} that both could use, this classifier is {Math.Abs(points):0.0} points {(points < 0 ? "less" : "more")} accurate than {name} (95% interval {100 * interval.Low:+0.0;-0.0;0.0} to {100 * interval.High:+0.0;-0.0;0.0} points). It is right about {Words.Images(result.Gained.Count)} where the other is wrong, and wrong about {result.Lost.Count} where the other is right. {verdict}");
    }

    private static HtmlBuilder Scores(string name, EvaluationComparison result) => HtmlBuilder.Of(table =>
    {
        table.Add($"""<table class="wide"><caption class="spoken">Scores of both classifiers on the same images</caption><thead><tr><th scope="col">Score</th><th scope="col" class="number">This</th><th scope="col" class="number">{name}</th></tr></thead><tbody>""");
        table.Add($"""<tr><th scope="row">Accuracy</th><td class="number">{Words.Percent(result.Accuracy)}</td><td class="number">{Words.Percent(result.OtherAccuracy)}</td></tr>""");
        table.Add($"""<tr><th scope="row">Log loss</th><td class="number">{Number(result.Loss)}</td><td class="number">{Number(result.OtherLoss)}</td></tr>""");
        table.Add($"""<tr><th scope="row">Difference of the losses</th><td class="number" colspan="2">{Number(result.Loss - result.OtherLoss)} ± {Number(result.LossDifferenceError)}</td></tr></tbody></table>""");
    });

    private static HtmlBuilder Classes(string name, EvaluationComparison result) => HtmlBuilder.Of(table =>
    {
        // What changed most comes first where there is no room for all.
        IReadOnlyList<ComparedClass> shown = result.Classes.Count <= MostClasses ? result.Classes : [.. result.Classes.OrderByDescending(one => Math.Abs(one.Recall - one.OtherRecall)).Take(MostClasses)];
        table.Add($"""<table class="wide"><caption>Recall of each class.{Words.Some(shown.Count, result.Classes.Count, "classes")}</caption><thead><tr><th scope="col">Class</th><th scope="col" class="number">This</th><th scope="col" class="number">{name}</th><th scope="col" class="number">Images</th></tr></thead><tbody>""");
        foreach (var one in shown)
            table.Add($"""<tr><th scope="row">{one.Label}</th><td class="number">{Words.Percent(one.Recall)}</td><td class="number">{Words.Percent(one.OtherRecall)}</td><td class="number">{one.Count:N0}</td></tr>""");
        table.Add($"</tbody></table>");
    });

    private static void AddImages(HtmlBuilder body, string heading, IReadOnlyList<EvaluatedImage> images, ReportContent content, Thumbnails thumbnails)
    {
        if (images.Count == 0) return;
        var byId = content.Judged.ToLookup(image => image.Image.Id, StringComparer.Ordinal);
        var shown = images.Take(MostImages).Select(image => byId[image.Id].FirstOrDefault()).OfType<JudgedImage>().ToList();
        var pictures = thumbnails.Squares(shown.Select(image => image.Image));
        body.Add($"""<h3 class="gap">{heading}</h3><p class="note">{Words.Images(images.Count)}.{Words.Some(shown.Count, images.Count, "images")}</p><div class="grid-of-images">""");
        foreach (var image in shown) ImageSections.AddTile(body, image, content.Labels, pictures[image.Image]);
        body.Add($"</div>");
    }

    private static string Number(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);

    private static string Probability(double p) => p < 0.0001 ? "less than 0.0001" : p.ToString("0.0000", CultureInfo.InvariantCulture);
}
