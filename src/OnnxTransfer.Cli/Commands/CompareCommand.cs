using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer compare DATA --backbones A,B,C</c></summary>
internal static class CompareCommand
{
    internal static Command Create()
    {
        var backbones = new Option<string[]>("--backbones")
        {
            Description = "The backbones to compare, each as --backbone of train takes it.",
            Required = true,
            HelpName = "A,B,C",
            CustomParser = result => [.. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct()],
        };
        var folds = CommonOptions.Folds("The number of folds, at least 2: each image is judged once, by a head that has not seen it.");
        var seed = CommonOptions.NonNegative("--seed", "The seed of the folds and of the training; the same folds serve all backbones.", 1, "S");
        var preprocess = CommonOptions.Preprocess();
        var cache = CommonOptions.Cache();
        var json = CommonOptions.Json();
        var command = new Command("compare", "Compare backbones on your own labeled images: accuracy by folds, speed, size, and how near the images are to what each network knows. A test set is left out.")
        {
            backbones, folds, seed, preprocess, cache, json,
        };
        var data = new DataArguments(command);
        var machine = new MachineOptions(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(backbones),
            () => data.Read(parsed),
            new ComparisonOptions
            {
                Extractor = CommonOptions.Extractor(machine.Read(parsed), cache: parsed.GetValue(cache), preprocess: parsed.GetValue(preprocess)),
                Training = new TrainingOptions { Seed = parsed.GetValue(seed), Threads = machine.Read(parsed).Threads },
                FoldCount = parsed.GetValue(folds),
            },
            parsed.GetValue(json),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string[] backbones, Func<ImageDataset> read, ComparisonOptions options, bool json, CancellationToken cancellationToken)
    {
        if (backbones.Length == 0) throw new UsageException("--backbones names no backbone: name at least one, such as resnet18,mobilenet-v2.");
        foreach (var backbone in backbones) CommonOptions.RequireBackbone(backbone);
        var images = read();
        Console.Error.WriteLine($"{images}; {images.Description}");
        UnusedFiles.Warn(images.Unused);
        var compared = new List<ComparedBackbone>();
        foreach (var backbone in backbones)
        {
            compared.AddRange(await Progress.RunAsync(
                $"Measuring {backbone}", progress => BackboneComparison.MeasureAsync([backbone], images, options, progress, cancellationToken)).ConfigureAwait(false));
            CommonOptions.Warn(compared[^1].Model);
        }

        CommonOptions.WarnCache(options.Extractor);
        CommonOptions.WarnSkipped(compared[0].Skipped);
        if (json) JsonOutput.Write(compared.Select(ToJson).ToArray(), JsonContracts.Default.ComparedBackboneJsonArray);
        else Print(compared, options.FoldCount, images.Classes.Count);
        return ExitCode.Done;
    }

    private static void Print(List<ComparedBackbone> compared, int folds, int classes)
    {
        Table.Write(
            ["backbone", "D", "MB", "accuracy", "loss", "neighbors", "class means", "H-score", "images/s", "own confidence", "own entropy"],
            [.. compared.Select(one => (IReadOnlyList<string>)
            [
                one.Name, Table.Number(one.Dim, "0"), Table.Number(one.Bytes / 1e6, "0.0"), $"{Table.Percent(one.Accuracy.Mean)} ± {Table.Percent(one.Accuracy.StandardError)}",
                Table.Number(one.Loss.Mean, "0.000"), Table.Percent(one.NeighborAccuracy.Mean), Table.Percent(one.ClassMeanAccuracy.Mean), Table.Number(one.HScore, "0.00"),
                Table.Number(one.ImagesPerSecond, "0"), one.Domain is { } domain ? Table.Percent(domain.Confidence) : "-", one.Domain is { } fit ? Table.Number(fit.Entropy, "0.00") : "-",
            ])]);
        Console.Out.WriteLine();
        Console.Out.WriteLine($"{compared[0].Images} images, {classes} classes, {folds} folds; accuracy: mean ± standard error of the folds; H-score: at most {classes - 1}");
        Console.Out.WriteLine(Advice(compared));
    }

    /// <summary>The most accurate one and, where another is as good within the noise of the folds, the fastest of these.</summary>
    private static string Advice(List<ComparedBackbone> compared)
    {
        var best = compared.MaxBy(one => one.Accuracy.Mean)!;
        var fastest = compared.Where(one => one.Accuracy.Mean >= best.Accuracy.Mean - best.Accuracy.StandardError).MaxBy(one => one.ImagesPerSecond)!;
        return fastest == best
            ? $"most accurate: {best.Name}"
            : $"most accurate: {best.Name}; {fastest.Name} is within one standard error of it and {Table.Number(fastest.ImagesPerSecond / best.ImagesPerSecond, "0.0")} times as fast";
    }

    private static ComparedBackboneJson ToJson(ComparedBackbone one) => new(
        one.Name, one.Model.Id, one.Dim, one.Bytes, one.Parameters, one.Images, ToJson(one.Accuracy), ToJson(one.Loss), ToJson(one.NeighborAccuracy), ToJson(one.ClassMeanAccuracy),
        one.HScore, one.ImagesPerSecond, one.Domain is { } domain ? new DomainJson(domain.Confidence, domain.Entropy, domain.Images) : null, CommonOptions.ToJson(one.Skipped));

    private static FoldMeanJson ToJson(FoldMean score) => new(score.Mean, score.StandardError);
}
