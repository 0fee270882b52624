using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer embed INPUT... --out FILE</c></summary>
internal static class EmbedCommand
{
    internal static Command Create()
    {
        var formats = string.Join('|', FeatureWriter.Extensions);
        var output = new OutputOption("--out")
        {
            Description = $"The file to write; its extension names the format ({formats}). Ids and labels are inside; those of a .npy are in a .json beside it.",
            Required = true,
            HelpName = $"FILE{formats}",
        };
        output.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !FeatureWriter.Extensions.Contains(Path.GetExtension(token.Value).ToLowerInvariant()))
                result.AddError($"--out {token.Value}: the extension names the format, and must be one of {string.Join(", ", FeatureWriter.Extensions)}.");
        });
        var backbone = CommonOptions.Backbone();
        var layers = CommonOptions.Layers();
        var upsample = CommonOptions.Upsample();
        var preprocess = CommonOptions.Preprocess();
        var pooling = CommonOptions.Pooling();
        var batch = CommonOptions.NonNegative("--batch-size", "Images per run of the network; 0 chooses the number that suits the provider.", 0, "N");
        var precision = CommonOptions.Precision();
        var cache = CommonOptions.Cache();
        var json = CommonOptions.Json();
        var command = new Command("embed", "Write the feature vectors of images to a file.") { output, backbone, layers, pooling, preprocess, batch, upsample, precision, cache, json };
        var images = new ImageArguments(command);
        var machine = new MachineOptions(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            () => images.Read(parsed), parsed.GetRequiredValue(output), parsed.GetRequiredValue(backbone), parsed.GetValue(batch),
            CommonOptions.Extractor(machine.Read(parsed), parsed.GetRequiredValue(precision), parsed.GetValue(cache), parsed.GetValue(upsample), parsed.GetValue(preprocess)) with { Layers = parsed.GetValue(layers) ?? [], Pooling = parsed.GetValue(pooling) },
            parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        Func<ImageInputs> read, string output, string backbone, int batchSize, FeatureExtractorOptions options, bool json, CancellationToken cancellationToken)
    {
        CommonOptions.RequireBackbone(backbone);
        var inputs = read();
        // A calibration draws its images from all of them.
        if (options.Precision != NetworkPrecision.Float32) inputs = inputs.Gathered();
        options = options with { CalibrationImages = inputs.Images as IReadOnlyList<ImageInput> ?? [] };
        using var extractor = await CommonOptions.OpenAsync(backbone, options, cancellationToken).ConfigureAwait(false);
        CommonOptions.TellPrecision(extractor, options);
        using var writer = FeatureWriter.Create(output, extractor.Dim, extractor.Model.Id);
        var result = await Progress.RunAsync(
            "Embedding", report => extractor.EmbedToAsync(writer, inputs.Images, inputs.LabelOf, batchSize, Progress.OutOf(inputs.Count, report), cancellationToken)).ConfigureAwait(false);
        CommonOptions.WarnCache(options);
        CommonOptions.WarnSkipped(result.Skipped);
        CommonOptions.WarnDoubtful(result.Warnings);
        if (result.RowCount == 0) throw new DatasetException("None of the images could be used, so nothing was written.");

        writer.Complete();
        if (json)
        {
            JsonOutput.Write(
                new EmbedResultJson(
                    result.RowCount, result.Dim, CommonOptions.ToJson(extractor), result.Cached, result.Elapsed.TotalSeconds, result.ImagesPerSecond, CommonOptions.ToJson(result.Skipped), CommonOptions.ToJson(result.Warnings), UnusedFiles.ToJson(inputs.Unused)),
                JsonContracts.Default.EmbedResultJson);
        }
        else
        {
            Console.Out.WriteLine(
                $"{result.RowCount} vectors of {result.Dim} in {Table.Number(result.Elapsed.TotalSeconds, "0.0")} s " +
                $"({Table.Number(result.ImagesPerSecond, "0")} images/s, {result.Cached} from the cache), saved {output}");
            Console.Error.WriteLine(result.Bottleneck);
        }

        return ExitCode.Done;
    }
}
