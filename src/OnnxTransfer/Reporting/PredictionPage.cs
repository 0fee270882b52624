using OnnxTransfer.Explaining;

namespace OnnxTransfer.Reporting;

/// <summary>Photos with the classes that a classifier gives them, as a page.</summary>
internal static class PredictionPage
{
    /// <summary>So that the page stays below five megabytes.</summary>
    private const int Most = 150;

    /// <param name="predictions">The photos and their classes.</param>
    /// <param name="total">How many photos there are, those that are not in the list included.</param>
    /// <param name="classifier">What gave the classes, and how many it knows.</param>
    /// <param name="thumbnails">Where the pictures come from.</param>
    internal static HtmlPage Of(IReadOnlyList<ImagePrediction> predictions, long total, string classifier, Thumbnails thumbnails)
    {
        var shown = EvenSteps(predictions);
        var images = shown.Select(row => ImageInput.FromFile(row.Id)).ToList();
        var pictures = images.AsParallel().AsOrdered().Select(thumbnails.Square).ToList();
        var header = HtmlBuilder.Of(header => header.Add(
            $"""<header><h1>Predictions</h1><p class="lead">The most probable class of {(total == 1 ? "1 image" : $"{total:N0} images")} by {classifier}.{(shown.Count == total ? "" : $" Shown are {shown.Count:N0} of them, in even steps.")}</p></header>"""));
        return new HtmlPage(
            "Predictions · OnnxTransfer",
            header,
            [new ReportSection("images", "The images", HtmlBuilder.Of(body =>
            {
                body.Add($"""<div class="grid-of-images">""");
                for (var i = 0; i < shown.Count; i++) ImageTile.Add(body, shown[i].Id, Caption(shown[i]), pictures[i]);
                body.Add($"</div>");
            }))]);
    }

    /// <summary>Photos of a folder come class by class, so the first ones would show a single class.</summary>
    private static List<ImagePrediction> EvenSteps(IReadOnlyList<ImagePrediction> predictions) =>
        predictions.Count <= Most ? [.. predictions] : [.. Enumerable.Range(0, Most).Select(i => predictions[(int)((long)i * predictions.Count / Most)])];

    private static string Caption(ImagePrediction row) => row.Prediction switch
    {
        null => "not usable",
        { IsUnknown: true } => "unknown",
        var prediction => $"{prediction.Label} {Words.Chance(prediction.Probability)}",
    };
}
