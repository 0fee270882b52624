using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer check DATA</c></summary>
internal static class CheckCommand
{
    /// <summary>Findings of a kind in the table; the others are in the CSV file, the JSON document and, with pictures, the page.</summary>
    private const int MostOfAKind = 10;

    internal static Command Create()
    {
        var backbone = CommonOptions.Backbone();
        var preprocess = CommonOptions.Preprocess();
        var folds = CommonOptions.Folds("Folds of the cross-validation that checks the labels, at least 2.");
        var seed = CommonOptions.NonNegative("--seed", "The seed that draws the folds.", 1, "S");
        var cache = CommonOptions.Cache();
        var failOn = FailOn();
        var csv = new OutputOption("--csv") { Description = "Also write all findings as a table.", HelpName = "FILE.csv" };
        var html = new OutputOption("--html") { Description = "Also write a page with small pictures of what was found.", HelpName = "FILE.html" };
        var json = CommonOptions.Json();
        var command = new Command("check", "Look for unreadable images, duplicates, leaks between sets, wrong labels, outliers and bad photos in labeled images.")
        {
            backbone, preprocess, folds, seed, failOn, cache, csv, html, json,
        };
        var data = new DataSets(command);
        var machine = new MachineOptions(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            () => data.Read(parsed),
            parsed.GetRequiredValue(backbone),
            CommonOptions.Extractor(machine.Read(parsed), cache: parsed.GetValue(cache), preprocess: parsed.GetValue(preprocess)),
            new DatasetCheckOptions { FoldCount = parsed.GetValue(folds), Seed = parsed.GetValue(seed) },
            parsed.GetValue(failOn) ?? [], parsed.GetValue(csv), parsed.GetValue(html), parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static Option<FindingKind[]> FailOn()
    {
        string[] names = [FindingNames.Any, .. FindingNames.All];
        var option = new Option<FindingKind[]>("--fail-on")
        {
            Description = $"End with exit code 1 if one of these is found: {string.Join(", ", names)}.",
            HelpName = "KIND[,KIND]",
            CustomParser = result =>
            {
                var kinds = new HashSet<FindingKind>();
                foreach (var name in result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
                {
                    if (string.Equals(name, FindingNames.Any, StringComparison.OrdinalIgnoreCase)) kinds.UnionWith(Enum.GetValues<FindingKind>());
                    else if (FindingNames.Parse(name) is { } kind) kinds.Add(kind);
                    else result.AddError($"--fail-on {name} is not one of {string.Join(", ", names)}.");
                }

                return [.. kinds];
            },
        };
        option.CompletionSources.Add(names);
        return option;
    }

    private static async Task<int> RunAsync(
        Func<ImageDataset> read, string backbone, FeatureExtractorOptions extractorOptions, DatasetCheckOptions options, FindingKind[] failOn, string? csv, string? html, bool json,
        CancellationToken cancellationToken)
    {
        CommonOptions.RequireBackbone(backbone);
        var images = read();
        Console.Error.WriteLine($"{images}; {images.Description}");
        UnusedFiles.Warn(images.Unused);
        using var extractor = await CommonOptions.OpenAsync(backbone, extractorOptions, cancellationToken).ConfigureAwait(false);
        var check = await Progress.RunAsync("Checking", progress => DatasetCheck.RunAsync(extractor, images, options, progress, cancellationToken)).ConfigureAwait(false);
        CommonOptions.WarnCache(extractorOptions);
        CommonOptions.WarnDoubtful(check.Warnings);
        foreach (var note in check.Notes) Console.Error.WriteLine($"note: {note}");
        if (csv is not null) CsvFile.Write(csv, ["kind", "image", "label", "split", "other", "other_label", "other_split", "suggested", "score", "text"], check.Findings.Select(Row));
        if (html is not null) await check.WriteReportAsync(html, cancellationToken).ConfigureAwait(false);
        if (json) JsonOutput.Write(ToJson(extractor, images, check), JsonContracts.Default.CheckJson);
        else Print(images, check);

        var failed = check.Findings.Where(finding => failOn.Contains(finding.Kind)).CountBy(finding => finding.Kind).ToList();
        if (failed.Count == 0) return ExitCode.Done;
        Console.Error.WriteLine($"error: found {string.Join(", ", failed.Select(one => $"{one.Value} {FindingNames.Of(one.Key)}"))} (--fail-on)");
        return ExitCode.Failed;
    }

    private static void Print(ImageDataset images, DatasetCheck check)
    {
        var accuracy = check.OutOfFoldAccuracy is { } share ? $", out-of-fold accuracy {Table.Percent(share)}" : "";
        Console.Out.WriteLine($"{images.Images.Count} images, {check.Embedding.Features.RowCount} usable, {images.Classes.Count} classes{accuracy}");
        if (check.Findings.Count == 0) Console.Out.WriteLine("nothing found");
        foreach (var kind in check.Findings.GroupBy(finding => finding.Kind))
        {
            Console.Out.WriteLine();
            Console.Out.WriteLine($"{FindingNames.Of(kind.Key)}: {kind.Count()}");
            Table.Write(Header(kind.Key), [.. kind.Take(MostOfAKind).Select(finding => Cells(finding))]);
            if (kind.Count() > MostOfAKind) Console.Out.WriteLine($"and {kind.Count() - MostOfAKind} more (all of them: --csv, --json)");
        }
    }

    private static IReadOnlyList<string> Header(FindingKind kind) => kind switch
    {
        FindingKind.RareClass => ["class", "finding"],
        FindingKind.Duplicate or FindingKind.NearDuplicate or FindingKind.Leak or FindingKind.Contradiction => ["image", "same as", "cosine"],
        _ => ["image", "finding"],
    };

    private static IReadOnlyList<string> Cells(DatasetFinding finding) => finding switch
    {
        { Other: { } other } => [finding.Image!.Id, other.Id, Table.Number(finding.Score!.Value, "0.000")],
        { Image: { } image } => [image.Id, finding.Text],
        _ => [finding.Label!, finding.Text],
    };

    private static IReadOnlyList<string> Row(DatasetFinding finding) =>
    [
        FindingNames.Of(finding.Kind), finding.Image?.Id ?? "", finding.Image?.Label ?? "", SplitOf(finding.Image) ?? "", finding.Other?.Id ?? "", finding.Other?.Label ?? "", SplitOf(finding.Other) ?? "",
        finding.Label ?? "", CsvFile.Number(finding.Score), finding.Text,
    ];

    private static CheckJson ToJson(FeatureExtractor extractor, ImageDataset images, DatasetCheck check) => new(
        images.Source, images.Images.Count, check.Embedding.Features.RowCount, images.Classes, extractor.Model.Id, check.OutOfFoldAccuracy,
        Enum.GetValues<FindingKind>().ToDictionary(FindingNames.Of, kind => check.Findings.Count(finding => finding.Kind == kind)),
        [.. check.Findings.Select(finding => new FindingJson(FindingNames.Of(finding.Kind), ToJson(finding.Image), ToJson(finding.Other), finding.Label, finding.Score, finding.Text))],
        check.Notes, CommonOptions.ToJson(check.Warnings), UnusedFiles.ToJson(check.Unused));

    private static ImageJson? ToJson(CheckedImage? image) => image is null ? null : CommonOptions.ToJson(image);

    private static string? SplitOf(CheckedImage? image) => ToJson(image)?.Split;
}
