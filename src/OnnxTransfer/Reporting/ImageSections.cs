using OnnxTransfer.Explaining;

namespace OnnxTransfer.Reporting;

/// <summary>The images themselves: a sample, the mistakes made with most confidence, and the closest calls.</summary>
internal static class ImageSections
{
    private const int MostInGrid = 40;
    private const int MostMistakes = 24;
    private const int MostUnsure = 16;

    internal static IEnumerable<ReportSection> Of(ReportContent content, Thumbnails thumbnails)
    {
        var set = content.Sets[^1].Name;
        var judged = content.Judged;
        var grid = Spread(judged, MostInGrid);
        var wrong = judged.Where(image => !image.IsRight).OrderByDescending(image => image.Confidence).ToList();
        var mistakes = wrong.Take(MostMistakes).ToList();
        // The mistakes above are not shown once more.
        var above = mistakes.ToHashSet(ReferenceEqualityComparer.Instance);
        var unsure = judged.Where(image => !above.Contains(image)).OrderBy(image => image.Confidence).Take(MostUnsure).ToList();
        var pictures = thumbnails.Squares(grid.Concat(mistakes).Concat(unsure).Select(image => image.Image));

        yield return Section("predictions", "Predictions", $"A sample of the {set} images from all classes, each with its prediction and the probability.{Words.Some(grid.Count, judged.Count, "images")}", grid);
        yield return mistakes.Count == 0
            ? new ReportSection("mistakes", "Most confident mistakes", HtmlBuilder.Of(body => body.Add($"""<p class="note">None: all {judged.Count:N0} {set} images were predicted correctly.</p>""")))
            : Section("mistakes", "Most confident mistakes", $"The wrong predictions with the highest probability. Look here first for wrong labels and for weaknesses of the classifier.{Words.Some(mistakes.Count, wrong.Count, "mistakes")}", mistakes);
        if (unsure.Count > 0) yield return Section("unsure", "Closest calls", "The least certain of the other predictions. More training images like these help most.", unsure);

        ReportSection Section(string id, string heading, string note, IReadOnlyList<JudgedImage> images) => new(id, heading, HtmlBuilder.Of(body =>
        {
            body.Add($"""<p class="note">{note}</p><div class="grid-of-images">""");
            foreach (var image in images) AddTile(body, image, content.Labels, pictures[image.Image]);
            body.Add($"</div>");
        }));
    }

    /// <summary>A picture with its verdict: color, sign and words say the same.</summary>
    internal static void AddTile(HtmlBuilder body, JudgedImage image, IReadOnlyList<string> labels, string? picture)
    {
        var name = image.Name;
        var (predicted, truth) = (labels[image.Predicted], labels[image.Truth]);
        body.Add($"""<figure class="{(image.IsRight ? "right" : "wrong")}">""");
        if (picture is not null) body.Add($"""<img src="{HtmlBuilder.Trusted(picture)}" alt="{truth}: {name}" width="148" height="148">""");
        else body.Add($"""<div class="missing">The file {name} can no longer be read.</div>""");
        body.Add($"""<figcaption>{Verdict(image.IsRight, predicted, image.Confidence)}""");
        if (!image.IsRight) body.Add($"""<span class="truth">is {truth} ({Words.Chance(image.Probabilities[image.Truth])})</span>""");
        body.Add($"""{NameOf(image)}</figcaption></figure>""");
    }

    /// <summary>The name of the file, to be read, selected and searched for.</summary>
    internal static HtmlBuilder NameOf(JudgedImage image) => HtmlBuilder.Of(body => body.Add($"""<span class="file" title="{image.Image.Id}">{image.Name}</span>"""));

    internal static HtmlBuilder Verdict(bool right, string predicted, double confidence) => HtmlBuilder.Of(body => body.Add(
        $"""<span class="verdict">{Sign(right)}<span class="spoken">{(right ? "right:" : "wrong:")}</span><span class="label">{predicted}</span><span class="chance">{Words.Chance(confidence)}</span></span>"""));

    private static HtmlBuilder Sign(bool right) => HtmlBuilder.Of(svg => svg.Add(
        $"""<svg viewBox="0 0 12 12" aria-hidden="true"><path d="{(right ? "M2 6.5l2.8 3L10 2.8" : "M2.5 2.5l7 7m0-7l-7 7")}"/></svg>"""));

    /// <summary>So many images at even distances: all classes get their part, since the list is in the order of classes.</summary>
    private static List<JudgedImage> Spread(IReadOnlyList<JudgedImage> images, int most)
    {
        var count = Math.Min(images.Count, most);
        return [.. Enumerable.Range(0, count).Select(i => images[(int)((2L * i + 1) * images.Count / (2L * count))])];
    }
}
