namespace OnnxTransfer.Reporting;

/// <summary>The classes one by one: how well each is found, and how many images each has.</summary>
internal static class ClassSection
{
    private const int MostClasses = 200;

    internal static ReportSection Of(ReportContent content) => new("classes", "Class by class", HtmlBuilder.Of(body =>
    {
        var set = content.Sets[^1];
        var (labels, classes) = (content.Labels, set.Result.PerClass);
        // Of very many classes those that need a look: the worst.
        var shown = labels.Count <= MostClasses
            ? [.. Enumerable.Range(0, labels.Count)]
            : Enumerable.Range(0, labels.Count).OrderBy(c => classes[c].F1).ThenBy(c => c).Take(MostClasses).ToList();
        body.Add($"""<p class="note">Precision: the share of right predictions among the images predicted as the class. Recall: the share of right predictions among the images of the class. F1 is their harmonic mean.{(shown.Count < labels.Count ? " The classes with the lowest F1 come first." : "")}{Words.Some(shown.Count, labels.Count, "classes")}</p>""");
        AddScores(body, set.Name, shown, classes);
        AddBalance(body, content.Sets, shown, labels);
    }));

    private static void AddScores(HtmlBuilder body, string set, List<int> shown, IReadOnlyList<ClassMetrics> classes)
    {
        body.Add($"""<div class="card scroll" tabindex="0"><table class="wide"><caption class="spoken">Scores of every class on the {set} images</caption>""");
        body.Add($"""<thead><tr><th scope="col">Class</th><th scope="col" class="number">Precision</th><th scope="col" class="number">Recall</th><th scope="col" class="number">F1</th><th scope="col" class="bar"><span class="spoken">F1 as a bar</span></th><th scope="col" class="number">{set} images</th></tr></thead><tbody>""");
        foreach (var one in shown.Select(c => classes[c]))
            body.Add($"""<tr><th scope="row">{one.Label}</th><td class="number">{Words.Percent(one.Precision)}</td><td class="number">{Words.Percent(one.Recall)}</td><td class="number">{Words.Percent(one.F1)}</td><td class="bar">{Bar([one.F1])}</td><td class="number">{one.Support:N0}</td></tr>""");
        body.Add($"</tbody></table></div>");
    }

    private static void AddBalance(HtmlBuilder body, IReadOnlyList<ScoredSet> sets, List<int> shown, IReadOnlyList<string> labels)
    {
        var totals = Enumerable.Range(0, labels.Count).Select(c => sets.Sum(set => set.Result.PerClass[c].Support)).ToArray();
        var (most, least) = (totals.Max(), totals.Min());
        body.Add($"""<h3 class="gap">Class balance</h3><p class="note">{Reading(most, least)}</p>""");
        body.Add($"""<div class="card scroll" tabindex="0"><table class="wide"><caption class="spoken">Images of every class, by set</caption><thead><tr><th scope="col">Class</th>""");
        for (var i = 0; i < sets.Count; i++) body.Add($"""<th scope="col" class="number key {Place(i)}">{sets[i].Name}</th>""");
        body.Add($"""<th scope="col" class="bar"><span class="spoken">The counts as a bar</span></th><th scope="col" class="number">all</th></tr></thead><tbody>""");
        foreach (var c in shown)
        {
            body.Add($"""<tr><th scope="row">{labels[c]}</th>""");
            foreach (var set in sets) body.Add($"""<td class="number">{set.Result.PerClass[c].Support:N0}</td>""");
            body.Add($"""<td class="bar">{Bar([.. sets.Select(set => (double)set.Result.PerClass[c].Support / Math.Max(1, most))])}</td><td class="number">{totals[c]:N0}</td></tr>""");
        }

        body.Add($"</tbody></table></div>");
    }

    private static string Reading(int most, int least) =>
        most == least ? $"Every class has {Words.Images(most)}."
        : least * 2 >= most ? $"Between {least:N0} and {Words.Images(most)} for each class: balanced enough."
        : $"Between {least:N0} and {Words.Images(most)} for each class. With a ratio above two, balanced class weights or more images of the small classes may help.";

    /// <summary>The CSS class that colors a set.</summary>
    private static string Place(int index) => index switch { 0 => "first", 1 => "second", _ => "third" };

    /// <summary>Parts of a whole, side by side; the table's numbers say the same.</summary>
    private static HtmlBuilder Bar(IReadOnlyList<double> parts) => HtmlBuilder.Of(svg =>
    {
        svg.Add($"""<svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="4" rx="1"/>""");
        var at = 0.0;
        for (var i = 0; i < parts.Count; i++)
        {
            svg.Add($"""<rect class="part {Place(i)}" x="{at:0.##}" width="{100 * parts[i]:0.##}" height="4"/>""");
            at += 100 * parts[i];
        }

        svg.Add($"</svg>");
    });
}
