using OnnxTransfer.Decoding;
using OnnxTransfer.Explaining;

namespace OnnxTransfer.Reporting;

/// <summary>An image beside its class activation map.</summary>
/// <param name="Image">The image and its prediction.</param>
/// <param name="Photo">The photo as a <c>data:</c> address.</param>
/// <param name="Overlay">The photo under the heat of the predicted class.</param>
internal sealed record HeatTile(JudgedImage Image, string Photo, string Overlay);

/// <summary>Where the classifier looked: class activation maps of a few images.</summary>
internal static class HeatSection
{
    /// <summary>The longer side of a photo on the page, in pixels.</summary>
    internal const int PhotoSide = 360;

    private const int MostRight = 4;
    private const int MostWrong = 2;

    /// <summary>The images to look at: the surest of different classes, and the worst mistakes.</summary>
    internal static IReadOnlyList<JudgedImage> Choose(IReadOnlyList<JudgedImage> judged)
    {
        var right = judged.Where(image => image.IsRight).OrderByDescending(image => image.Confidence).DistinctBy(image => image.Truth).Take(MostRight);
        var wrong = judged.Where(image => !image.IsRight).OrderByDescending(image => image.Confidence).Take(MostWrong);
        return [.. right, .. wrong];
    }

    internal static ReportSection? Of(ReportContent content)
    {
        if (content.Heat.Count == 0 && content.WhyNoHeat is null) return null;
        return new ReportSection("looks", "Where it looks", HtmlBuilder.Of(body =>
        {
            if (content.WhyNoHeat is not null)
            {
                body.Add($"""<p class="note">Not shown: {content.WhyNoHeat}</p>""");
                return;
            }

            using var scale = HeatPicture.Scale(256);
            body.Add($"""<p class="note">The colored places support the predicted class. The color is each place's share of the score, computed from the same features as the prediction.</p>""");
            body.Add($"""<div class="scale">little <img src="data:image/png;base64,{HtmlBuilder.Trusted(Convert.ToBase64String(ImageEncoder.Png(scale)))}" alt="from gray over dark red to pale yellow"> much</div><div class="heat">""");
            foreach (var tile in content.Heat) AddTile(body, tile, content.Labels);
            body.Add($"</div>");
        }));
    }

    private static void AddTile(HtmlBuilder body, HeatTile tile, IReadOnlyList<string> labels)
    {
        var (image, name) = (tile.Image, tile.Image.Name);
        var (predicted, truth) = (labels[image.Predicted], labels[image.Truth]);
        body.Add($"""<figure class="{(image.IsRight ? "right" : "wrong")}"><div class="two"><img src="{HtmlBuilder.Trusted(tile.Photo)}" alt="{truth}: {name}">""");
        body.Add($"""<img src="{HtmlBuilder.Trusted(tile.Overlay)}" alt="The same photo; the colored places support {predicted}"></div>""");
        body.Add($"""<figcaption>{ImageSections.Verdict(image.IsRight, predicted, image.Confidence)}""");
        if (!image.IsRight) body.Add($"""<span class="truth">is {truth}</span>""");
        body.Add($"{ImageSections.NameOf(image)}</figcaption></figure>");
    }
}
