using OnnxTransfer.Explaining;

namespace OnnxTransfer.Reporting;

/// <summary>A photo and the photos that are nearest to it, as a page.</summary>
internal static class SimilarPage
{
    /// <summary>So that the page stays below five megabytes.</summary>
    private const int Most = 150;

    /// <param name="query">The photo.</param>
    /// <param name="nearest">The others, the nearest first.</param>
    /// <param name="scores">Their cosines.</param>
    /// <param name="searched">How many photos were compared.</param>
    /// <param name="backbone">The network that made the vectors.</param>
    /// <param name="thumbnails">Where the pictures come from.</param>
    internal static HtmlPage Of(ImageInput query, IReadOnlyList<ImageInput> nearest, IReadOnlyList<double> scores, int searched, string backbone, Thumbnails thumbnails)
    {
        var shown = nearest.Take(Most).ToList();
        var pictures = thumbnails.Squares(shown.Append(query));
        var header = HtmlBuilder.Of(header => header.Add(
            $"""<header><h1>Similar photos</h1><p class="lead">The {Words.Images(nearest.Count)} nearest to {query.Id} among {searched:N0}, by the cosine of the features of {backbone}.{Words.Some(shown.Count, nearest.Count, "images")}</p></header>"""));
        return new HtmlPage(
            $"{query.Id} · OnnxTransfer similar",
            header,
            [
                new ReportSection("query", "The photo", HtmlBuilder.Of(body => AddGrid(body, [query], _ => "query", pictures))),
                new ReportSection("nearest", "The nearest", HtmlBuilder.Of(body => AddGrid(body, shown, i => FormattableString.Invariant($"{scores[i]:0.000}"), pictures))),
            ]);
    }

    private static void AddGrid(HtmlBuilder body, List<ImageInput> images, Func<int, string> captionOf, IReadOnlyDictionary<ImageInput, string?> pictures)
    {
        body.Add($"""<div class="grid-of-images">""");
        for (var i = 0; i < images.Count; i++) ImageTile.Add(body, images[i].Id, captionOf(i), pictures[images[i]]);
        body.Add($"</div>");
    }
}
