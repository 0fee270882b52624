using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer evaluate FILE.onnx DATA</c></summary>
internal static class EvaluateCommand
{
    private static readonly double[] s_wanted = [0.95, 0.99];

    internal static Command Create()
    {
        var file = CommonOptions.Classifier();
        var cache = CommonOptions.Cache();
        var augment = AugmentOption.OfPrediction();
        var report = CommonOptions.Report();
        var csv = new OutputOption("--csv", mayBeStandardOutput: true) { Description = "Write every image with its class, prediction and probability to a CSV file; - writes to standard output.", HelpName = "FILE|-" };
        var mistakes = new Option<string?>("--copy-mistakes") { Description = "Copy the wrongly classified photos to DIR/TRUE/PREDICTED/. DIR must be new or empty.", HelpName = "DIR" };
        var against = new Option<string?>("--against") { Description = "Another classifier of the same classes, measured on the same images: the difference, and whether chance explains it.", HelpName = "FILE.onnx" };
        var json = CommonOptions.Json();
        var command = new Command("evaluate", "Measure a saved classifier on labeled images. If the data have a test set, only that set counts.") { file };
        var data = new DataArguments(command);
        foreach (var option in (Option[])[against, augment, cache, report, csv, mistakes, json]) command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetValue(csv) == "-" && result.GetValue(json)) result.AddError("--csv and --json would both write to standard output: give one of them, or the name of a file.");
        });
        var machine = new MachineOptions(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(file), parsed.GetValue(against), () => data.Read(parsed), new Outputs(parsed.GetValue(report), parsed.GetValue(csv), parsed.GetValue(mistakes)),
            CommonOptions.Extractor(machine.Read(parsed), cache: parsed.GetValue(cache)) with { Augment = parsed.GetValue(augment) }, parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string file, string? against, Func<ImageDataset> read, Outputs outputs, FeatureExtractorOptions options, bool json, CancellationToken cancellationToken)
    {
        RequireEmpty(outputs.Mistakes);
        using var classifier = ImageClassifier.Load(file, options);
        using var other = against is null ? null : ImageClassifier.Load(against, options);
        if (other is not null && !classifier.Labels.ToHashSet(StringComparer.Ordinal).SetEquals(other.Labels))
            throw new UsageException($"--against {against}: it knows the classes {string.Join(", ", other.Labels)}, and {file} knows {string.Join(", ", classifier.Labels)}; only classifiers of the same classes can be compared.");
        var images = read();
        Console.Error.WriteLine($"{images}; {images.Description}");
        UnusedFiles.Warn(images.Unused);
        if (images.Images.Any(image => image.Split == DataSplit.Test))
        {
            var test = images.Only(DataSplit.Test);
            Console.Error.WriteLine($"measured on the test set: {test.Images.Count} of {images.Images.Count} images");
            images = test;
        }

        var run = await Progress.RunAsync("Evaluating", progress => classifier.EvaluateAsync(images, progress, cancellationToken)).ConfigureAwait(false);
        var otherRun = other is null ? null : await Progress.RunAsync("Evaluating the other", progress => other.EvaluateAsync(images, progress, cancellationToken)).ConfigureAwait(false);
        var comparison = otherRun is null ? null : run.CompareWith(otherRun);
        if (outputs.Report is not null && otherRun is null) run.WriteReport(outputs.Report);
        else if (outputs.Report is not null) run.WriteReport(outputs.Report, otherRun!, Path.GetFileName(against)!);
        if (outputs.Mistakes is not null) Console.Error.WriteLine($"copied {await run.CopyMistakesAsync(outputs.Mistakes, cancellationToken).ConfigureAwait(false)} mistakes to {outputs.Mistakes}");
        IReadOnlyList<EvaluatedJson> evaluated = [.. run.Images.Select(image => EvaluatedJson.Of(image, classifier.Labels))];
        if (outputs.Csv is not null) EvaluationCsv.Write(outputs.Csv, evaluated);
        var result = run.Result;
        CommonOptions.WarnCache(options);
        CommonOptions.WarnSkipped(run.Skipped);
        CommonOptions.WarnDoubtful(run.Warnings);
        if (json)
        {
            JsonOutput.Write(
                new EvaluateJson(
                    result.Count, result.Accuracy, new IntervalJson(result.AccuracyInterval.Low, result.AccuracyInterval.High), TopFive(result), result.MacroF1, result.WeightedF1, result.Loss, result.CalibrationError,
                    [.. result.PerClass.Select(c => new ClassJson(c.Label, c.Precision, c.Recall, c.F1, c.Support))],
                    result.Confusion, comparison is null ? null : ToJson(comparison, against!), evaluated,
                    CommonOptions.ToJson(run.Skipped), CommonOptions.ToJson(run.Warnings), UnusedFiles.ToJson(images.Unused)),
                JsonContracts.Default.EvaluateJson);
            return ExitCode.Done;
        }

        if (outputs.Csv == "-") return ExitCode.Done;
        Console.Out.WriteLine(
            $"{result.Count} images, accuracy {Table.Percent(result.Accuracy)} (95% interval {Table.Percent(result.AccuracyInterval.Low)} to {Table.Percent(result.AccuracyInterval.High)}), " +
            $"loss {Table.Number(result.Loss, "0.0000")}, calibration error {Table.Number(result.CalibrationError, "0.000")}");
        Console.Out.WriteLine(
            $"macro F1 {Table.Number(result.MacroF1, "0.000")}, weighted F1 {Table.Number(result.WeightedF1, "0.000")}{(TopFive(result) is { } five ? $", top-5 accuracy {Table.Percent(five)}" : "")}");
        PrintThresholds(run);
        if (comparison is not null) Print(comparison, against!);
        Console.Out.WriteLine();
        Table.Write(
            ["class", "precision", "recall", "f1", "images"],
            [.. result.PerClass.Select(c => (IReadOnlyList<string>)
                [c.Label, Table.Number(c.Precision, "0.000"), Table.Number(c.Recall, "0.000"), Table.Number(c.F1, "0.000"), Table.Number(c.Support, "0")])]);
        Console.Out.WriteLine();
        var confusion = result.Confusion;
        Console.Out.WriteLine("confusion (rows: true class, columns: predicted)");
        Table.Write(
            ["", .. classifier.Labels],
            [.. classifier.Labels.Select((label, row) => (IReadOnlyList<string>)
                [label, .. confusion[row].Select(count => Table.Number(count, "0"))])]);
        return ExitCode.Done;
    }

    private static void Print(EvaluationComparison comparison, string against)
    {
        var interval = comparison.DifferenceInterval;
        Console.Out.WriteLine(
            $"against {against} on {comparison.Count} images: accuracy {Table.Percent(comparison.OtherAccuracy)} there, difference {Points(comparison.Difference)} points (95% interval {Points(interval.Low)} to {Points(interval.High)}, " +
            $"McNemar's p {Table.Number(comparison.PValue, "0.0000")}); {comparison.Gained.Count} images are right only here, {comparison.Lost.Count} only there; " +
            $"loss {Table.Number(comparison.OtherLoss, "0.0000")} there, difference {Table.Number(comparison.Loss - comparison.OtherLoss, "+0.0000;-0.0000;0.0000")} ± {Table.Number(comparison.LossDifferenceError, "0.0000")}");

        static string Points(double share) => Table.Number(100 * share, "+0.0;-0.0;0.0");
    }

    private static AgainstJson ToJson(EvaluationComparison comparison, string against) => new(
        against, comparison.Count, comparison.Accuracy, comparison.OtherAccuracy, comparison.Difference, new IntervalJson(comparison.DifferenceInterval.Low, comparison.DifferenceInterval.High), comparison.PValue,
        comparison.Loss, comparison.OtherLoss, comparison.LossDifferenceError, [.. comparison.Gained.Select(image => image.Id)], [.. comparison.Lost.Select(image => image.Id)], comparison.Classes);

    /// <summary>What <c>--unknown-below</c> would bring, where the accuracy is not there yet.</summary>
    private static void PrintThresholds(EvaluationRun run)
    {
        foreach (var wanted in s_wanted)
        {
            if (run.Result.Accuracy < wanted && run.ThresholdFor(wanted) is { } point)
                Console.Out.WriteLine($"--unknown-below {Table.Number(point.Threshold, "0.######")} would answer {Table.Percent(point.Coverage)} of these images, {Table.Percent(point.Accuracy)} of them rightly");
        }
    }

    /// <summary>With five classes or fewer it would be 1.</summary>
    private static double? TopFive(EvaluationResult result) => result.PerClass.Count > 5 ? result.TopAccuracy(5) : null;

    /// <summary>Before the work; the library looks again.</summary>
    private static void RequireEmpty(string? folder)
    {
        if (folder is null) return;
        if (File.Exists(folder)) Throw.TargetFolderIsAFile(folder);
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()) Throw.TargetFolderNotEmpty(folder);
    }

    /// <summary>What is written besides standard output; null for nothing.</summary>
    private sealed record Outputs(string? Report, string? Csv, string? Mistakes);
}
