namespace OnnxTransfer.Reporting;

/// <summary>The run itself: what could not be used, where the time went, and what it would take to repeat it.</summary>
internal static class RunSections
{
    private const int MostListed = 200;

    internal static ReportSection Skipped(ReportContent content) => new("skipped", "Skipped images", HtmlBuilder.Of(body =>
    {
        if (content.Skipped.Count == 0)
        {
            body.Add($"""<p class="note">None: every image could be used.</p>""");
            return;
        }

        var shown = content.Skipped.Take(MostListed).ToList();
        body.Add($"""<p class="note">{Words.Images(content.Skipped.Count)} could not be used; the run continued without them.{Words.Some(shown.Count, content.Skipped.Count, "images")}</p>""");
        List(body, "Reason", shown.Select(image => (image.Id, image.Reason)));
    }));

    /// <summary>What makes images doubtful that were used; null for none.</summary>
    internal static ReportSection? Warnings(ReportContent content) => content.Warnings.Count == 0 ? null : new("warnings", "Doubtful images", HtmlBuilder.Of(body =>
    {
        var shown = content.Warnings.Take(MostListed).ToList();
        body.Add($"""<p class="note">These images were used although something is wrong with them.{Words.Some(shown.Count, content.Warnings.Count, "warnings")}</p>""");
        List(body, "Warning", shown.Select(warning => (warning.Id, warning.Text)));
    }));

    private static void List(HtmlBuilder body, string heading, IEnumerable<(string Id, string Text)> images)
    {
        body.Add($"""<div class="card scroll" tabindex="0"><table class="wide"><thead><tr><th scope="col">File</th><th scope="col">{heading}</th></tr></thead><tbody>""");
        foreach (var (id, text) in images) body.Add($"""<tr><td><span class="file">{id}</span></td><td>{text}</td></tr>""");
        body.Add($"</tbody></table></div>");
    }

    internal static ReportSection Times(ReportContent content) => new("time", "Time and speed", HtmlBuilder.Of(body =>
    {
        // With all vectors in the cache, nothing was decoded.
        var stages = content.Times.Where(stage => stage.Images > 0).ToList();
        var longest = stages.Select(stage => stage.Time.TotalSeconds).Append(1e-9).Max();
        body.Add($"""<p class="note">{content.Bottleneck}</p>""");
        body.Add($"""<div class="card scroll" tabindex="0"><table class="wide"><caption class="spoken">Time by stage</caption><thead><tr><th scope="col">Stage</th><th scope="col" class="bar"><span class="spoken">Time as a bar</span></th><th scope="col" class="number">Time</th><th scope="col" class="number">Images</th><th scope="col" class="number">Images a second</th></tr></thead><tbody>""");
        foreach (var stage in stages)
        {
            var seconds = stage.Time.TotalSeconds;
            var speed = seconds > 0 ? stage.Images / seconds : 0;
            body.Add($"""<tr><th scope="row">{stage.Name}</th><td class="bar"><svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="4"/><rect class="part" width="{100 * seconds / longest:0.##}" height="4"/></svg></td><td class="number">{Words.Duration(stage.Time)}</td><td class="number">{stage.Images:N0}</td><td class="number">{speed:N0}</td></tr>""");
        }

        body.Add($"</tbody></table></div>");
    }));

    internal static ReportSection Facts(ReportContent content) => new("provenance", "Versions and fingerprint", HtmlBuilder.Of(body =>
    {
        body.Add($"""<div class="card scroll gap" tabindex="0"><table class="wide"><caption class="spoken">What was used</caption><tbody>""");
        foreach (var (name, value) in content.Facts) body.Add($"""<tr><th scope="row">{name}</th><td><span class="file">{value}</span></td></tr>""");
        body.Add($"</tbody></table></div>");
        if (content.Fingerprint is null) return;
        body.Add($"""<p class="note gap">The fingerprint of the training: the same lines mean the same weights, to the bit, on the same kind of processor.</p><div class="card"><pre>{content.Fingerprint}</pre></div>""");
    }));
}
