namespace OnnxTransfer.Reporting;

/// <summary>What to do next, drawn from the numbers of the page: each sentence says what was seen and what helps.</summary>
internal static class AdviceSection
{
    private const double WideInterval = 0.1;
    private const double LargeGap = 0.08;
    private const double Satisfied = 0.95;
    private const double Uncalibrated = 0.08;
    private const double Sure = 0.9;
    private const double Unbalanced = 3;

    internal static ReportSection? Of(ReportContent content)
    {
        List<string> advice = [.. All(content)];
        return advice.Count == 0 ? null : new ReportSection("next", "What to do next", HtmlBuilder.Of(body =>
        {
            body.Add($"""<div class="card"><ul class="advice">""");
            foreach (var sentence in advice) body.Add($"<li>{sentence}</li>");
            body.Add($"</ul></div>");
        }));
    }

    internal static IEnumerable<string> All(ReportContent content)
    {
        var set = content.Sets[^1];
        var (result, training) = (set.Result, content.Sets[0]);
        var labels = content.Labels;
        if (set.Name is "training") yield return "There is no test set, so this accuracy says little about new images. Keep some images apart: --split 80/10/10, or --test DATA.";
        var sure = content.Judged.Count(image => !image.IsRight && image.Confidence >= Sure);
        if (sure > 0) yield return $"{Images(sure)} wrong at a probability of {Words.Percent(Sure)} or more. Look at the most confident mistakes first: where the prediction is right, the label is wrong. `onnxtransfer check` finds more of them.";
        if (Worst(result) is { } worst && worst.Count > 1)
            yield return $"{worst.Count:N0} images of '{labels[worst.Truth]}' were predicted as '{labels[worst.Predicted]}', more than in any other pair. Add training images that show the difference between these two classes, or join them if it does not matter.";
        if (content.Sets.Count > 1 && training.Name is "training" && set.Name is not "training")
        {
            var gap = training.Result.Accuracy - result.Accuracy;
            if (gap > LargeGap) yield return $"The classifier is {Points(gap)} better on its training images than on the {set.Name} images: it has learned some of them by heart. More training images help most; more regularization (--tune chooses it) helps, too.";
            else if (result.Accuracy < Satisfied && training.Result.Accuracy < Satisfied) yield return $"The classifier is hardly better on its own training images ({Words.Percent(training.Result.Accuracy)}), so more images alone will not help much. Try another backbone (`onnxtransfer compare`) or a head with hidden layers (--head mlp).";
        }

        var interval = WilsonInterval.Of((int)Math.Round(result.Accuracy * result.Count), result.Count);
        if (set.Name is not "training" && interval.High - interval.Low > WideInterval)
            yield return $"With {Words.Images(result.Count)} the accuracy is known to {Points(interval.High - interval.Low)} only. Four times as many {set.Name} images halve this interval.";
        if (training.Name is "training" && training.Result.PerClass.Where(one => one.Support > 0).ToList() is { Count: > 1 } supported
            && supported.MaxBy(one => one.Support)! is var most && supported.MinBy(one => one.Support)! is var least && most.Support >= Unbalanced * least.Support)
            yield return $"'{most.Label}' has {most.Support:N0} training images, '{least.Label}' {least.Support:N0}. Add images of the rare classes, or balance the classes in training (--balance-classes).";
        if (result.CalibrationError > Uncalibrated)
        {
            var timid = result.Calibration.Sum(bin => bin.Count * (bin.Accuracy - bin.Confidence)) > 0;
            yield return $"The probabilities are too {(timid ? "low" : "high")}, by {Points(result.CalibrationError)} on average. Train with --calibrate, which fits them on the validation images.";
        }

        if (content.Skipped.Count > 0) yield return $"{Images(content.Skipped.Count)} skipped: see the reasons above, and mend or remove the files.";
    }

    /// <summary>The pair of classes that is confused most often; null without a mistake.</summary>
    private static (int Truth, int Predicted, int Count)? Worst(EvaluationResult result)
    {
        (int, int, int)? worst = null;
        for (var truth = 0; truth < result.Confusion.Count; truth++)
        {
            for (var predicted = 0; predicted < result.Confusion.Count; predicted++)
            {
                var count = result.Confusion[truth][predicted];
                if (truth != predicted && count > (worst?.Item3 ?? 0)) worst = (truth, predicted, count);
            }
        }

        return worst;
    }

    private static string Images(int count) => count == 1 ? "1 image was" : $"{count:N0} images were";

    private static string Points(double share) => Words.Percent(share).Replace("%", " points", StringComparison.Ordinal);
}
