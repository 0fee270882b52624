namespace OnnxTransfer.Reporting;

/// <summary>The confusions: the matrix if it fits on a page, otherwise the pairs that are confused most.</summary>
internal static class ConfusionSection
{
    private const int MostClasses = 25;

    /// <summary>From here on, columns are narrow and their names stand upright.</summary>
    private const int ManyClasses = 9;

    private const int MostPairs = 40;

    internal static ReportSection Of(ReportContent content)
    {
        var set = content.Sets[^1];
        var labels = content.Labels;
        return new ReportSection("confusion", "Confused classes", labels.Count <= MostClasses
            ? HtmlBuilder.Of(body => AddMatrix(body, set, labels))
            : HtmlBuilder.Of(body => AddPairs(body, set, labels)));
    }

    private static void AddMatrix(HtmlBuilder body, ScoredSet set, IReadOnlyList<string> labels)
    {
        body.Add($"""<p class="note">Each row is a true class, and each column is a predicted class. The stronger the color of a cell, the larger its share of the row. The diagonal shows the right predictions.</p>""");
        body.Add($"""<div class="card"><div class="scroll" tabindex="0"><table class="confusion{(labels.Count >= ManyClasses ? " many" : "")}">""");
        body.Add($"""<caption class="spoken">Confusion matrix of the {set.Name} images: rows are true classes, columns predicted ones.</caption><thead><tr aria-hidden="true"><td></td><td></td><td class="axis-name" colspan="{labels.Count}">predicted class</td></tr><tr><td aria-hidden="true"></td><td></td>""");
        foreach (var label in labels) body.Add($"""<th scope="col">{label}</th>""");
        body.Add($"</tr></thead><tbody>");
        for (var truth = 0; truth < labels.Count; truth++)
        {
            body.Add($"<tr>");
            if (truth == 0) body.Add($"""<td class="axis-name" rowspan="{labels.Count}" aria-hidden="true">true class</td>""");
            body.Add($"""<th scope="row">{labels[truth]}</th>""");
            for (var predicted = 0; predicted < labels.Count; predicted++) AddCell(body, set.Result, labels, truth, predicted);
            body.Add($"</tr>");
        }

        body.Add($"</tbody></table></div></div>");
    }

    private static void AddCell(HtmlBuilder body, EvaluationResult result, IReadOnlyList<string> labels, int truth, int predicted)
    {
        var count = result.Confusion[truth][predicted];
        var support = result.PerClass[truth].Support;
        var share = support == 0 ? 0 : (double)count / support;
        var style = count == 0 ? "none" : truth == predicted ? "hit" : "miss";
        // The root lets a few mistakes among many images be seen.
        body.Add($"""<td class="{style}" style="--share:{100 * Math.Sqrt(share):0}" title="{labels[truth]} predicted as {labels[predicted]}: {count} of {support} ({Words.Percent(share)})">{count}</td>""");
    }

    private static void AddPairs(HtmlBuilder body, ScoredSet set, IReadOnlyList<string> labels)
    {
        var all = Enumerable.Range(0, labels.Count)
            .SelectMany(truth => Confused(set.Result.Confusion[truth], truth))
            .OrderByDescending(pair => pair.Count).ThenBy(pair => pair.Truth).ThenBy(pair => pair.Predicted).ToList();
        var shown = all.Take(MostPairs).ToList();
        body.Add($"""<p class="note">The pairs of classes that are confused most. The whole matrix of {labels.Count:N0} classes does not fit on a page.{Words.Some(shown.Count, all.Count, "pairs")}</p>""");
        body.Add($"""<div class="card scroll" tabindex="0"><table class="wide"><thead><tr><th scope="col">True class</th><th scope="col">Predicted as</th><th scope="col" class="number">Images</th><th scope="col" class="number">Of the class</th></tr></thead><tbody>""");
        foreach (var (truth, predicted, count) in shown)
            body.Add($"""<tr><td>{labels[truth]}</td><td>{labels[predicted]}</td><td class="number">{count:N0}</td><td class="number">{Words.Percent((double)count / set.Result.PerClass[truth].Support)}</td></tr>""");
        body.Add($"</tbody></table></div>");
    }

    private static List<(int Truth, int Predicted, int Count)> Confused(IReadOnlyList<int> row, int truth)
    {
        var pairs = new List<(int, int, int)>();
        for (var predicted = 0; predicted < row.Count; predicted++)
            if (predicted != truth && row[predicted] > 0) pairs.Add((truth, predicted, row[predicted]));
        return pairs;
    }
}
