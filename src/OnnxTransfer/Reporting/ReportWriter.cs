using OnnxTransfer.Explaining;

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
        Page(content, thumbnails).Write(path, cancellationToken);

    internal static string ToHtml(ReportContent content, Thumbnails thumbnails) => Page(content, thumbnails).ToString();

    private static HtmlPage Page(ReportContent content, Thumbnails thumbnails) => new(
        $"{content.Title} · OnnxTransfer report", HtmlBuilder.Of(header => OverviewSection.Add(header, content)), Sections(content, thumbnails));

    private static List<ReportSection> Sections(ReportContent content, Thumbnails thumbnails)
    {
        var sections = new List<ReportSection?>
        {
            CurveSection.Of(content),
            TuningSection.Of(content),
            ComparisonSection.Of(content, thumbnails),
            ConfusionSection.Of(content),
            ClassSection.Of(content),
            CalibrationSection.Of(content),
            ThresholdSection.Of(content),
            MapSection.Of(content),
        };
        sections.AddRange(ImageSections.Of(content, thumbnails));
        sections.AddRange([HeatSection.Of(content), RunSections.Skipped(content), RunSections.Warnings(content), RunSections.Times(content), RunSections.Facts(content), AdviceSection.Of(content)]);
        return [.. sections.OfType<ReportSection>()];
    }
}
