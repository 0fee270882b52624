using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer embed DIR|IMAGE... --out FILE.npy</c></summary>
internal static class EmbedCommand
{
    internal static Command Create()
    {
        var inputs = new Argument<string[]>("DIR|IMAGE") { Description = "Folders of images, or image files.", Arity = ArgumentArity.OneOrMore };
        var output = new OutputOption("--out") { Description = "The file to write: the vectors, float32 [N,D]. The ids go beside it as .json.", Required = true, HelpName = "FILE.npy" };
        var backbone = CommonOptions.Backbone();
        var layers = CommonOptions.Layers();
        var upsample = CommonOptions.Upsample();
        var preprocess = CommonOptions.Preprocess();
        var pooling = CommonOptions.Pooling();
        var batch = CommonOptions.NonNegative("--batch-size", "Images per run of the network; 0 chooses the number that suits the provider.", 0, "N");
        var precision = CommonOptions.Precision();
        var cache = CommonOptions.Cache();
        var json = CommonOptions.Json();
        var command = new Command("embed", "Write the feature vectors of images to a .npy file.") { inputs, output, backbone, layers, pooling, preprocess, batch, upsample, precision, cache, json };
        var machine = new MachineOptions(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(inputs), parsed.GetRequiredValue(output), parsed.GetRequiredValue(backbone), parsed.GetValue(batch),
            CommonOptions.Extractor(machine.Read(parsed), parsed.GetRequiredValue(precision), parsed.GetValue(cache), parsed.GetValue(upsample), parsed.GetValue(preprocess)) with { Layers = parsed.GetValue(layers) ?? [], Pooling = parsed.GetValue(pooling) },
            parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        string[] inputs, string output, string backbone, int batchSize, FeatureExtractorOptions options, bool json, CancellationToken cancellationToken)
    {
        CommonOptions.RequireBackbone(backbone);
        var listings = inputs.Select(input => Directory.Exists(input) ? ImageListing.FromFolder(input) : new ImageListing([input], [])).ToList();
        ImageInput[] images = [.. listings.SelectMany(listing => listing.Images)];
        UnusedFile[] unused = [.. listings.SelectMany(listing => listing.Unused)];
        UnusedFiles.Warn(unused);
        options = options with { CalibrationImages = images };
        using var extractor = await CommonOptions.OpenAsync(backbone, options, cancellationToken).ConfigureAwait(false);
        CommonOptions.TellPrecision(extractor, options);
        var result = await Progress.RunAsync(
            "Embedding", report => extractor.EmbedAsync(images, batchSize, report, cancellationToken)).ConfigureAwait(false);
        CommonOptions.WarnCache(options);
        CommonOptions.WarnSkipped(result.Skipped);
        CommonOptions.WarnDoubtful(result.Warnings);
        if (result.Features.RowCount == 0) throw new DatasetException("None of the images could be used, so nothing was written.");

        var used = result.Indices.Select(index => images[index].Id).ToList();
        result.Features.SaveNpy(output);
        IdFile.Write(Path.ChangeExtension(output, ".json"), new EmbedIdsJson(
            extractor.Model.Id, result.Features.RowCount, result.Features.Dim, used, [.. used.Select(path => Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path))))]));
        if (json)
        {
            JsonOutput.Write(
                new EmbedResultJson(
                    result.Features.RowCount, result.Features.Dim, CommonOptions.ToJson(extractor), result.Cached, result.Elapsed.TotalSeconds, result.ImagesPerSecond, CommonOptions.ToJson(result.Skipped), CommonOptions.ToJson(result.Warnings), UnusedFiles.ToJson(unused)),
                JsonContracts.Default.EmbedResultJson);
        }
        else
        {
            Console.Out.WriteLine(
                $"{result.Features.RowCount} vectors of {result.Features.Dim} in {Table.Number(result.Elapsed.TotalSeconds, "0.0")} s " +
                $"({Table.Number(result.ImagesPerSecond, "0")} images/s, {result.Cached} from the cache), saved {output}");
            Console.Error.WriteLine(result.Bottleneck);
        }

        return ExitCode.Done;
    }
}
