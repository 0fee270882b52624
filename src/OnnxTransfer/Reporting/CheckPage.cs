using OnnxTransfer.Explaining;

namespace OnnxTransfer.Reporting;

/// <summary>What the page of a check shows.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="Findings">By kind.</param>
/// <param name="Notes">What could not be checked.</param>
/// <param name="Backbone">The network that made the vectors.</param>
/// <param name="OutOfFoldAccuracy">In [0, 1]; null if the labels were not checked.</param>
/// <param name="Used">The images that could be used.</param>
internal sealed record CheckContent(
    ImageDataset Dataset, IReadOnlyList<DatasetFinding> Findings, IReadOnlyList<string> Notes, string Backbone, double? OutOfFoldAccuracy, int Used);

/// <summary>The findings of a check as a page: every kind in a section, with small pictures. It stays below five megabytes.</summary>
internal static class CheckPage
{
    private const int MostPairs = 12;
    private const int MostLabels = 24;
    private const int MostImages = 8;
    private const int MostListed = 200;

    internal static HtmlPage Of(CheckContent content, Thumbnails thumbnails)
    {
        var byKind = content.Findings.ToLookup(finding => finding.Kind);
        var kinds = Enum.GetValues<FindingKind>().Where(kind => byKind[kind].Any()).ToList();
        var shown = kinds.Where(kind => kind != FindingKind.Unreadable).SelectMany(kind => Shown(kind, byKind[kind]));
        var images = content.Dataset.Images;
        var pictures = thumbnails.Squares(shown.SelectMany(finding => new[] { finding.Image, finding.Other }).OfType<CheckedImage>().Select(image => images[image.Index].Image));
        List<ReportSection> sections = [.. kinds.Select(kind => Section(kind, [.. byKind[kind]], image => pictures[images[image.Index].Image]))];
        if (content.Notes.Count > 0) sections.Add(new ReportSection("notes", "Not checked", HtmlBuilder.Of(body => AddTexts(body, content.Notes))));
        return new HtmlPage($"{content.Dataset.Source} · OnnxTransfer check", Header(content, kinds, byKind), sections);
    }

    private static HtmlBuilder Header(CheckContent content, List<FindingKind> kinds, ILookup<FindingKind, DatasetFinding> byKind) => HtmlBuilder.Of(header =>
    {
        var dataset = content.Dataset;
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(dataset.Source)) is { Length: > 0 } last ? last : dataset.Source;
        header.Add($"""<header><h1>{name}</h1><p class="lead">{Words.Images(dataset.Images.Count)} in {Words.Count(dataset.Classes.Count, "class", "classes")} of {dataset.Source}, checked with the features of {content.Backbone}.{(kinds.Count == 0 ? " Nothing was found." : "")}</p><dl class="facts">""");
        Fact("Images used", Words.Count(content.Used, "", "").Trim());
        if (content.OutOfFoldAccuracy is { } accuracy) Fact("Accuracy out of fold", Words.Percent(accuracy));
        foreach (var kind in kinds) Fact(Heading(kind), Words.Count(byKind[kind].Count(), "", "").Trim());
        header.Add($"</dl></header>");

        void Fact(string name, string value) => header.Add($"<div><dt>{name}</dt><dd>{value}</dd></div>");
    });

    private static ReportSection Section(FindingKind kind, IReadOnlyList<DatasetFinding> findings, Func<CheckedImage, string?> pictureOf) =>
        new(kind.ToString().ToLowerInvariant(), Heading(kind), HtmlBuilder.Of(body =>
        {
            var shown = Shown(kind, findings).ToList();
            body.Add($"""<p class="note">{Note(kind)}{Words.Some(shown.Count, findings.Count, "findings")}</p>""");
            if (kind is FindingKind.Unreadable) AddList(body, shown);
            else if (kind is FindingKind.RareClass) AddTexts(body, shown.Select(finding => finding.Text));
            else if (findings[0].Other is not null) AddPairs(body, shown, pictureOf);
            else AddImages(body, shown, pictureOf);
        }));

    private static IEnumerable<DatasetFinding> Shown(FindingKind kind, IEnumerable<DatasetFinding> findings) => findings.Take(kind switch
    {
        FindingKind.Unreadable or FindingKind.RareClass => MostListed,
        FindingKind.Duplicate or FindingKind.NearDuplicate or FindingKind.Leak or FindingKind.Contradiction => MostPairs,
        FindingKind.WrongLabel => MostLabels,
        _ => MostImages,
    });

    private static void AddTexts(HtmlBuilder body, IEnumerable<string> texts)
    {
        body.Add($"<ul>");
        foreach (var text in texts) body.Add($"<li>{text}</li>");
        body.Add($"</ul>");
    }

    private static void AddList(HtmlBuilder body, IEnumerable<DatasetFinding> findings)
    {
        body.Add($"""<div class="card scroll" tabindex="0"><table class="wide"><thead><tr><th scope="col">File</th><th scope="col">Reason</th></tr></thead><tbody>""");
        foreach (var finding in findings) body.Add($"""<tr><td><span class="file">{finding.Image?.Id}</span></td><td>{finding.Text}</td></tr>""");
        body.Add($"</tbody></table></div>");
    }

    private static void AddPairs(HtmlBuilder body, IEnumerable<DatasetFinding> findings, Func<CheckedImage, string?> pictureOf)
    {
        body.Add($"""<div class="grid-of-images pairs">""");
        foreach (var finding in findings)
        {
            body.Add($"""<div><div class="two">""");
            ImageTile.Add(body, finding.Other!.Id, Caption(finding.Other), pictureOf(finding.Other));
            ImageTile.Add(body, finding.Image!.Id, Caption(finding.Image), pictureOf(finding.Image));
            body.Add($"""</div><p class="said">{finding.Text}</p></div>""");
        }

        body.Add($"</div>");
    }

    private static void AddImages(HtmlBuilder body, IEnumerable<DatasetFinding> findings, Func<CheckedImage, string?> pictureOf)
    {
        body.Add($"""<div class="grid-of-images">""");
        foreach (var finding in findings)
        {
            body.Add($"<div>");
            ImageTile.Add(body, finding.Image!.Id, Caption(finding.Image), pictureOf(finding.Image));
            body.Add($"""<p class="said">{finding.Text}</p></div>""");
        }

        body.Add($"</div>");
    }

    private static string Caption(CheckedImage image) => image.Split == DataSplit.Auto ? image.Label : $"{image.Label}, {Data.DataSplits.Name(image.Split)}";

    private static string Heading(FindingKind kind) => kind switch
    {
        FindingKind.Unreadable => "Unreadable",
        FindingKind.Duplicate => "Duplicates",
        FindingKind.NearDuplicate => "Near duplicates",
        FindingKind.Leak => "Leaks",
        FindingKind.Contradiction => "Contradictions",
        FindingKind.WrongLabel => "Suspected labels",
        FindingKind.Outlier => "Outliers",
        FindingKind.RareClass => "Rare classes",
        FindingKind.Dark => "Dark",
        FindingKind.Light => "Light",
        FindingKind.Blurred => "Blurred",
        FindingKind.LowInformation => "Low information",
        FindingKind.OddSize => "Odd size",
        FindingKind.OddAspect => "Odd shape",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private static string Note(FindingKind kind) => kind switch
    {
        FindingKind.Unreadable => "These files cannot be read or decoded.",
        FindingKind.Duplicate => "Files with the same content, byte for byte. Each is shown with the first of them.",
        FindingKind.NearDuplicate => "Versions of one picture: another encoding, size, brightness, a small crop or a mirror image. The pixels of every pair were compared.",
        FindingKind.Leak => "The same picture is in two sets. What is measured on such an image says nothing about new images.",
        FindingKind.Contradiction => "The same picture has two classes.",
        FindingKind.WrongLabel => "A head that did not learn from the image predicts another class, confidently for that class. The most doubtful come first. Some are right: look before you change one.",
        FindingKind.Outlier => "Images that resemble no others. The farthest come first. They may be in the wrong dataset, or be the only images of their kind.",
        FindingKind.RareClass => "Classes with so few images are learned badly, and their scores are mostly chance.",
        FindingKind.Dark => "Almost all pixels are dark.",
        FindingKind.Light => "Almost all pixels are light.",
        FindingKind.Blurred => "There are no sharp edges.",
        FindingKind.LowInformation => "Almost all pixels have the same gray level.",
        FindingKind.OddSize => "Images that are far smaller or larger than the others.",
        FindingKind.OddAspect => "Images that are much longer than wide, or wider than long; the network's square shows little of them.",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
