using System.Text;
using OnnxTransfer.Explaining;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Reporting;

/// <summary>
/// The report of a run as one HTML file that needs nothing else: no script, no network, pictures inside. It stays below five megabytes
/// for any number of images and classes: every list has a limit, and says how many entries it leaves out.
/// </summary>
internal static class ReportWriter
{
    /// <summary>Writes the report, whole or not at all.</summary>
    /// <param name="path">The file to write; an existing one is replaced.</param>
    /// <param name="content">What to show.</param>
    /// <param name="thumbnails">Where the pictures come from.</param>
    /// <param name="cancellationToken">Stops before the file gets its name.</param>
    internal static void Write(string path, ReportContent content, Thumbnails thumbnails, CancellationToken cancellationToken = default) =>
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(ToHtml(content, thumbnails)), cancellationToken: cancellationToken);

    internal static string ToHtml(ReportContent content, Thumbnails thumbnails)
    {
        var sections = Sections(content, thumbnails);
        var page = new HtmlBuilder();
        page.Add($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
            <title>{content.Title} · OnnxTransfer report</title>
            <style>
            {StyleSheet()}</style>
            </head>
            <body>
            """);
        OverviewSection.Add(page, content);
        page.Add($"""<main>""");
        AddContents(page, sections);
        foreach (var section in sections)
        {
            page.Add($"""<section id="{section.Id}" aria-labelledby="{section.Id}-heading">""");
            page.Add($"""<h2 id="{section.Id}-heading">{section.Heading}</h2>""");
            page.Add($"{section.Body}</section>");
        }

        page.Add($"""</main>""");
        page.Add($"""<footer>Written by OnnxTransfer. This page needs no network and loads nothing.</footer>""");
        page.Add($"</body></html>");
        return page.ToString();
    }

    private static List<ReportSection> Sections(ReportContent content, Thumbnails thumbnails)
    {
        var sections = new List<ReportSection?>
        {
            CurveSection.Of(content),
            ConfusionSection.Of(content),
            ClassSection.Of(content),
            CalibrationSection.Of(content),
            ThresholdSection.Of(content),
        };
        sections.AddRange(ImageSections.Of(content, thumbnails));
        sections.AddRange([HeatSection.Of(content), RunSections.Skipped(content), RunSections.Warnings(content), RunSections.Times(content), RunSections.Facts(content)]);
        return [.. sections.OfType<ReportSection>()];
    }

    private static void AddContents(HtmlBuilder page, IEnumerable<ReportSection> sections)
    {
        page.Add($"""<nav aria-label="Contents"><ul>""");
        foreach (var section in sections) page.Add($"""<li><a href="#{section.Id}">{section.Heading}</a></li>""");
        page.Add($"""</ul></nav>""");
    }

    private static HtmlBuilder StyleSheet()
    {
        using var stream = typeof(ReportWriter).Assembly.GetManifestResourceStream("report.css")!;
        using var reader = new StreamReader(stream);
        return HtmlBuilder.Trusted(reader.ReadToEnd());
    }
}

/// <summary>A part of the page.</summary>
/// <param name="Id">Its anchor.</param>
/// <param name="Heading">Its heading, and its name in the contents.</param>
/// <param name="Body">What stands below the heading.</param>
internal sealed record ReportSection(string Id, string Heading, HtmlBuilder Body);
