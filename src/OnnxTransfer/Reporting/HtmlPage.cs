using System.Text;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Reporting;

/// <summary>A page that needs nothing else: no script, no network, pictures and style inside.</summary>
/// <param name="title">The name of the page in a browser's tab.</param>
/// <param name="header">What stands above the contents.</param>
/// <param name="sections">The parts of the page.</param>
internal sealed class HtmlPage(string title, HtmlBuilder header, IReadOnlyList<ReportSection> sections)
{
    /// <summary>Writes the page, whole or not at all; an existing file is replaced.</summary>
    internal void Write(string path, CancellationToken cancellationToken) =>
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(ToString()), cancellationToken: cancellationToken);

    public override string ToString()
    {
        var page = new HtmlBuilder();
        page.Add($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
            <title>{title}</title>
            <style>
            {StyleSheet()}</style>
            </head>
            <body>
            """);
        page.Add($"{header}");
        page.Add($"""<main>""");
        AddContents(page);
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

    private void AddContents(HtmlBuilder page)
    {
        if (sections.Count < 2) return;
        page.Add($"""<nav aria-label="Contents"><ul>""");
        foreach (var section in sections) page.Add($"""<li><a href="#{section.Id}">{section.Heading}</a></li>""");
        page.Add($"""</ul></nav>""");
    }

    private static HtmlBuilder StyleSheet()
    {
        using var stream = typeof(HtmlPage).Assembly.GetManifestResourceStream("report.css")!;
        using var reader = new StreamReader(stream);
        return HtmlBuilder.Trusted(reader.ReadToEnd());
    }
}

/// <summary>A part of the page.</summary>
/// <param name="Id">Its anchor.</param>
/// <param name="Heading">Its heading, and its name in the contents.</param>
/// <param name="Body">What stands below the heading.</param>
internal sealed record ReportSection(string Id, string Heading, HtmlBuilder Body);
