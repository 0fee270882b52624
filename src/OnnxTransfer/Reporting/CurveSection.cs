using System.Globalization;

namespace OnnxTransfer.Reporting;

/// <summary>The course of the training: loss and accuracy by step and by epoch, for training and validation.</summary>
internal static class CurveSection
{
    /// <summary>More points than this on a line cannot be told apart.</summary>
    private const int MostPoints = 280;

    private const int MostRows = 500;

    internal static ReportSection? Of(ReportContent content)
    {
        if (content.History is not { Epochs.Count: > 0 } history) return null;
        return new ReportSection("training", "Training", HtmlBuilder.Of(body =>
        {
            body.Add($"""<p class="note">{Reading(history)}</p><div class="pair">""");
            AddEpochs(body, history);
            AddSteps(body, history);
            body.Add($"""</div>{EpochTable(history)}""");
        }));
    }

    private static string Reading(TrainingHistory history)
    {
        var (epochs, steps) = (history.Epochs.Count, history.StepLosses.Count);
        var end = history.StopReason switch
        {
            StopReason.Converged => "It ended where the objective had settled.",
            StopReason.EarlyStopped => "It stopped early, when the validation loss no longer fell.",
            StopReason.Canceled => "It was canceled; the classifier has the best weights until then.",
            StopReason.Diverged => "It diverged; the classifier has the last good weights.",
            _ => "",
        };
        var best = history.BestEpoch is { } epoch && epoch != epochs ? $" The weights are those after epoch {epoch}, where the validation loss was lowest." : "";
        return $"{Words.Count(epochs, "epoch", "epochs")}, {Words.Count(steps, "step", "steps")}. {end}{best}";
    }

    private static void AddEpochs(HtmlBuilder body, TrainingHistory history)
    {
        var epochs = history.Epochs;
        var loss = Series(epochs, epoch => epoch.TrainLoss, epoch => epoch.ValidationLoss);
        var accuracy = Series(epochs, epoch => epoch.TrainAccuracy, epoch => epoch.ValidationAccuracy);
        var (first, last) = (epochs[0], epochs[^1]);
        Add(body, new LineChart("loss-by-epoch", "Loss by epoch", Change("Training loss", first.TrainLoss, last.TrainLoss, "0.000") + Change(" Validation loss", first.ValidationLoss, last.ValidationLoss, "0.000"), "epoch", false, loss));
        Add(body, new LineChart("accuracy-by-epoch", "Accuracy by epoch", Change("Training accuracy", first.TrainAccuracy, last.TrainAccuracy, "P1") + Change(" Validation accuracy", first.ValidationAccuracy, last.ValidationAccuracy, "P1"), "epoch", true, accuracy));
    }

    private static void AddSteps(HtmlBuilder body, TrainingHistory history)
    {
        if (history.StepLosses.Count > 1)
            Add(body, new LineChart("loss-by-step", "Loss by step", Change("The loss of a step's batch", history.StepLosses[0], history.StepLosses[^1], "0.000"), "step", false, Smoothed(history.StepLosses)));
        if (history.StepAccuracies.Count > 1)
            Add(body, new LineChart("accuracy-by-step", "Accuracy by step", Change("The accuracy on a step's batch", history.StepAccuracies[0], history.StepAccuracies[^1], "P1"), "step", true, Smoothed(history.StepAccuracies)));
    }

    private static void Add(HtmlBuilder body, LineChart chart) =>
        body.Add($"""<div class="card"><h3 aria-hidden="true">{chart.Title}</h3>{chart.ToSvg()}</div>""");

    private static string Change(string what, double? from, double? to, string format) => from is null || to is null
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{what} went from {from.Value.ToString(format, CultureInfo.InvariantCulture)} to {to.Value.ToString(format, CultureInfo.InvariantCulture)}.");

    private static List<ChartLine> Series(IReadOnlyList<EpochMetrics> epochs, Func<EpochMetrics, double> train, Func<EpochMetrics, double?> validation)
    {
        var lines = new List<ChartLine> { new("training", "train", Thinned([.. epochs.Select(epoch => ((double)epoch.Epoch, train(epoch)))])) };
        var judged = epochs.Where(epoch => validation(epoch) is not null).Select(epoch => ((double)epoch.Epoch, validation(epoch)!.Value)).ToList();
        if (judged.Count > 0) lines.Add(new ChartLine("validation", "validation", Thinned(judged)));
        return lines;
    }

    /// <summary>Each step faintly, and their running mean.</summary>
    private static List<ChartLine> Smoothed(IReadOnlyList<float> values)
    {
        var steps = new List<(double, double)>(values.Count);
        var means = new List<(double, double)>(values.Count);
        // Corrected for its start, as Adam corrects its moments, so that the first value is not zero.
        var keep = 1 - (1 / Math.Max(1.0, values.Count / 20.0));
        var (mean, weight) = (0.0, 0.0);
        for (var i = 0; i < values.Count; i++)
        {
            mean = (keep * mean) + ((1 - keep) * values[i]);
            weight = (keep * weight) + (1 - keep);
            steps.Add((i + 1, values[i]));
            means.Add((i + 1, mean / weight));
        }

        return [new ChartLine("", "train raw", Thinned(steps)), new ChartLine("training", "train", Thinned(means))];
    }

    /// <summary>As many points as can be told apart, each the mean of its neighborhood.</summary>
    private static IReadOnlyList<(double X, double Y)> Thinned(IReadOnlyList<(double X, double Y)> points)
    {
        if (points.Count <= MostPoints) return points;
        var thinned = new (double, double)[MostPoints];
        for (var i = 0; i < MostPoints; i++)
        {
            var (start, end) = ((int)((long)i * points.Count / MostPoints), (int)((long)(i + 1) * points.Count / MostPoints));
            var part = points.Skip(start).Take(end - start).ToList();
            thinned[i] = (part.Average(point => point.X), part.Average(point => point.Y));
        }

        return thinned;
    }

    private static HtmlBuilder EpochTable(TrainingHistory history) => HtmlBuilder.Of(table =>
    {
        var shown = history.Epochs.Take(MostRows).ToList();
        table.Add($"""<details><summary>The numbers behind the curves</summary><div class="scroll" tabindex="0"><table><caption>Loss and accuracy by epoch.{Words.Some(shown.Count, history.Epochs.Count, "epochs")}</caption>""");
        table.Add($"""<thead><tr><th scope="col" class="number">Epoch</th><th scope="col" class="number">Training loss</th><th scope="col" class="number">Training accuracy</th><th scope="col" class="number">Validation loss</th><th scope="col" class="number">Validation accuracy</th></tr></thead><tbody>""");
        foreach (var epoch in shown)
            table.Add($"""<tr><th scope="row" class="number">{epoch.Epoch}</th><td class="number">{epoch.TrainLoss:0.0000}</td><td class="number">{Words.Percent(epoch.TrainAccuracy)}</td><td class="number">{epoch.ValidationLoss?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "–"}</td><td class="number">{(epoch.ValidationAccuracy is { } accuracy ? Words.Percent(accuracy) : "–")}</td></tr>""");
        table.Add($"</tbody></table></div></details>");
    });
}
