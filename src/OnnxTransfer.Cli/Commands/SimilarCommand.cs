using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer similar QUERY INPUT...</c></summary>
internal static class SimilarCommand
{
    internal static Command Create()
    {
        var query = new Argument<string>("QUERY") { Description = "The image whose like is searched." };
        var top = CommonOptions.Positive("--top", "How many images to show.", 10, "K");
        var backbone = CommonOptions.Backbone();
        var preprocess = CommonOptions.Preprocess();
        var cache = CommonOptions.Cache();
        var csv = new OutputOption("--csv") { Description = "Also write the images as a table.", HelpName = "FILE.csv" };
        var html = new OutputOption("--html") { Description = "Also write a page with small pictures.", HelpName = "FILE.html" };
        var json = CommonOptions.Json();
        var command = new Command("similar", "Find the images that are most similar to an image.") { query, top, backbone, preprocess, cache, csv, html, json };
        var inputs = new ImageArguments(command);
        var machine = new MachineOptions(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(query), () => inputs.Read(parsed).Gathered(), parsed.GetValue(top), parsed.GetRequiredValue(backbone),
            CommonOptions.Extractor(machine.Read(parsed), cache: parsed.GetValue(cache), preprocess: parsed.GetValue(preprocess)),
            parsed.GetValue(csv), parsed.GetValue(html), parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        string query, Func<ImageInputs> read, int top, string backbone, FeatureExtractorOptions options, string? csv, string? html, bool json, CancellationToken cancellationToken)
    {
        CommonOptions.RequireBackbone(backbone);
        var inputs = read();
        // The query is its own nearest image, which says nothing. What a list has may be no path at all, and is skipped later.
        var own = Path.GetFullPath(query);
        ImageInput[] images = [.. inputs.Images.Where(image => image.Id.Contains('\0', StringComparison.Ordinal) || Path.GetFullPath(image.Id) != own)];
        using var extractor = await CommonOptions.OpenAsync(backbone, options, cancellationToken).ConfigureAwait(false);
        var similar = await Progress.RunAsync("Embedding", report => SimilarImages.FindAsync(extractor, query, images, top, report, cancellationToken)).ConfigureAwait(false);
        CommonOptions.WarnCache(options);
        CommonOptions.WarnSkipped(similar.Skipped);
        CommonOptions.WarnDoubtful(similar.Embedding.Warnings);
        if (similar.Images.Count == 0) throw new DatasetException("There is no usable image to compare with: give a folder or files besides the query.");
        if (csv is not null) CsvFile.Write(csv, ["image", "cosine"], similar.Images.Select(image => (IReadOnlyList<string>)[image.Id, CsvFile.Number(image.Cosine)]));
        if (html is not null) await similar.WriteReportAsync(html, cancellationToken).ConfigureAwait(false);
        if (json)
        {
            JsonOutput.Write(
                new SimilarJson(
                    query, extractor.Model.Id, similar.Embedding.Features.RowCount, [.. similar.Images.Select(image => new SimilarImageJson(image.Id, image.Cosine))],
                    CommonOptions.ToJson(similar.Skipped), CommonOptions.ToJson(similar.Embedding.Warnings), UnusedFiles.ToJson(inputs.Unused)),
                JsonContracts.Default.SimilarJson);
            return ExitCode.Done;
        }

        Table.Write(["cosine", "image"], [.. similar.Images.Select(image => (IReadOnlyList<string>)[Table.Number(image.Cosine, "0.000"), image.Id])]);
        return ExitCode.Done;
    }
}
