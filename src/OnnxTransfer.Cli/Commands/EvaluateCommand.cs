using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer evaluate FILE.onnx DATA</c></summary>
internal static class EvaluateCommand
{
    internal static Command Create()
    {
        var file = CommonOptions.Classifier();
        var cache = CommonOptions.Cache();
        var augment = AugmentOption.OfPrediction();
        var report = CommonOptions.Report();
        var json = CommonOptions.Json();
        var command = new Command("evaluate", "Measure a saved classifier on labeled images. If the data have a test set, only that set counts.") { file };
        var data = new DataArguments(command);
        foreach (var option in (Option[])[augment, cache, report, json]) command.Options.Add(option);
        var machine = new MachineOptions(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(file), () => data.Read(parsed), parsed.GetValue(report),
            CommonOptions.Extractor(machine.Read(parsed), cache: parsed.GetValue(cache)) with { Augment = parsed.GetValue(augment) }, parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string file, Func<ImageDataset> read, string? report, FeatureExtractorOptions options, bool json, CancellationToken cancellationToken)
    {
        using var classifier = ImageClassifier.Load(file, options);
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
        if (report is not null) run.WriteReport(report);
        var result = run.Result;
        CommonOptions.WarnCache(options);
        CommonOptions.WarnSkipped(run.Skipped);
        CommonOptions.WarnDoubtful(run.Warnings);
        if (json)
        {
            JsonOutput.Write(
                new EvaluateJson(
                    result.Count, result.Accuracy, result.Loss, result.CalibrationError,
                    [.. result.PerClass.Select(c => new ClassJson(c.Label, c.Precision, c.Recall, c.F1, c.Support))],
                    result.Confusion,
                    CommonOptions.ToJson(run.Skipped), CommonOptions.ToJson(run.Warnings), UnusedFiles.ToJson(images.Unused)),
                JsonContracts.Default.EvaluateJson);
            return ExitCode.Done;
        }

        Console.Out.WriteLine($"{result.Count} images, accuracy {Table.Percent(result.Accuracy)}, loss {Table.Number(result.Loss, "0.0000")}, calibration error {Table.Number(result.CalibrationError, "0.000")}");
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
}
