using System.CommandLine;
using OnnxTransfer.Cli.Output;
using OnnxTransfer.Datasets;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer evaluate FILE.onnx DIR</c></summary>
internal static class EvaluateCommand
{
    internal static Command Create()
    {
        var file = CommonOptions.Classifier();
        var folder = new Argument<string>("DIR") { Description = "Photos, one sub-folder per class." };
        var cache = CommonOptions.Cache();
        var report = CommonOptions.Report();
        var json = CommonOptions.Json();
        var command = new Command("evaluate", "Measure a saved classifier on a folder of photos.") { file, folder, cache, report, json };
        var machine = new MachineOptions(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(file), parsed.GetRequiredValue(folder), parsed.GetValue(report),
            CommonOptions.Extractor(machine.Read(parsed), cache: parsed.GetValue(cache)), parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string file, string folder, string? report, FeatureExtractorOptions options, bool json, CancellationToken cancellationToken)
    {
        var images = ImageFolder.Open(folder);
        CommonOptions.RequireFolderOf(report, "--report", "report.html");
        using var classifier = ImageClassifier.Load(file, options);
        var (result, skipped) = await Progress.RunAsync(
            "Evaluating", progress => classifier.EvaluateAsync(images, progress, report, cancellationToken)).ConfigureAwait(false);
        CommonOptions.WarnCache(options);
        CommonOptions.WarnSkipped(skipped);
        if (json)
        {
            JsonOutput.Write(
                new EvaluateJson(
                    result.Count, result.Accuracy, result.Loss, result.CalibrationError,
                    [.. result.PerClass.Select(c => new ClassJson(c.Label, c.Precision, c.Recall, c.F1, c.Support))],
                    result.Confusion,
                    CommonOptions.ToJson(skipped)),
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
