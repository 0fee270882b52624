using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer embed INPUT... --out FILE|DIR</c></summary>
internal static class EmbedCommand
{
    internal static Command Create()
    {
        var output = FeatureOutput.Create(
            "Ids and labels are inside; those of a .npy are in a .json beside it. A name without extension, or with / at its end, is the folder of a feature set, which a later run goes on with.", mayBeSet: true);
        var shard = new Option<Shard?>("--shard")
        {
            Description = "Make only every N-th part of a feature set, from the K-th. All shards get the same images.",
            HelpName = "K/N",
            CustomParser = result =>
            {
                if (!Shard.TryParse(result.Tokens[^1].Value, out var share)) result.AddError($"--shard {result.Tokens[^1].Value}: it must be K/N with K from 1 to N, such as 1/8 for the first of eight.");
                return share;
            },
        };
        var partSize = CommonOptions.NonNegative("--part-size", "Images in a part of a feature set; 0 takes the size of the set in the folder, and 1024 for a new one.", 0, "N");
        var backbone = CommonOptions.Backbone();
        var layers = CommonOptions.Layers();
        var upsample = CommonOptions.Upsample();
        var preprocess = CommonOptions.Preprocess();
        var pooling = CommonOptions.Pooling();
        var batch = CommonOptions.NonNegative("--batch-size", "Images per run of the network; 0 chooses the number that suits the provider.", 0, "N");
        var precision = CommonOptions.Precision();
        var cache = CommonOptions.Cache();
        var json = CommonOptions.Json();
        var command = new Command("embed", "Write the feature vectors of images to a file, or to the folder of a feature set.") { output, shard, partSize, backbone, layers, pooling, preprocess, batch, upsample, precision, cache, json };
        var images = new ImageArguments(command);
        var machine = new MachineOptions(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(output) is not { Tokens: [var token] } || FeatureOutput.IsSet(token.Value)) return;
            foreach (var option in (Option[])[shard, partSize])
            {
                if (result.GetResult(option) is { Implicit: false }) result.AddError($"{option.Name} has a meaning only with a feature set: name a folder with --out, such as vectors/.");
            }
        });
        command.SetAction((parsed, cancellationToken) => RunAsync(
            () => images.Read(parsed), parsed.GetRequiredValue(output),
            FeatureOutput.IsSet(parsed.GetRequiredValue(output))
                ? UsageException.Check(() => new FeatureSetOptions { PartSize = parsed.GetValue(partSize), Shard = parsed.GetValue(shard), Root = images.OnlyFolder(parsed), BatchSize = parsed.GetValue(batch) })
                : null,
            parsed.GetRequiredValue(backbone), parsed.GetValue(batch),
            CommonOptions.Extractor(machine.Read(parsed), parsed.GetRequiredValue(precision), parsed.GetValue(cache), parsed.GetValue(upsample), parsed.GetValue(preprocess)) with { Layers = parsed.GetValue(layers) ?? [], Pooling = parsed.GetValue(pooling) },
            parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        Func<ImageInputs> read, string output, FeatureSetOptions? set, string backbone, int batchSize, FeatureExtractorOptions options, bool json, CancellationToken cancellationToken)
    {
        CommonOptions.RequireBackbone(backbone);
        var inputs = read();
        // A calibration draws its images from all of them.
        if (options.Precision != NetworkPrecision.Float32) inputs = inputs.Gathered();
        options = options with { CalibrationImages = inputs.Images as IReadOnlyList<ImageInput> ?? [] };
        using var extractor = await CommonOptions.OpenAsync(backbone, options, cancellationToken).ConfigureAwait(false);
        CommonOptions.TellPrecision(extractor, options);
        if (set is not null) return await MakeSetAsync(extractor, inputs, output, set, options, json, cancellationToken).ConfigureAwait(false);
        using var writer = FeatureWriter.Create(output, extractor.Dim, extractor.Model.Id);
        var result = await Progress.RunAsync(
            "Embedding", report => extractor.EmbedToAsync(writer, inputs.Images, inputs.LabelOf, batchSize, Progress.OutOf(inputs.Count, report), cancellationToken)).ConfigureAwait(false);
        CommonOptions.WarnCache(options);
        CommonOptions.WarnSkipped(result.Skipped);
        CommonOptions.WarnDoubtful(result.Warnings);
        if (result.RowCount == 0) throw new DatasetException(result.Skipped.Count == 0 ? "There is no image to embed: what was given names none." : "None of the images could be used, so nothing was written.");

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

    private static async Task<int> MakeSetAsync(
        FeatureExtractor extractor, ImageInputs inputs, string output, FeatureSetOptions set, FeatureExtractorOptions options, bool json, CancellationToken cancellationToken)
    {
        var result = await Progress.RunAsync(
            "Embedding", report => extractor.EmbedToSetAsync(output, inputs.Images, inputs.LabelOf, set, Progress.OutOf(inputs.Count, report), cancellationToken)).ConfigureAwait(false);
        var run = result.Embedding;
        CommonOptions.WarnCache(options);
        CommonOptions.WarnSkipped(run.Skipped);
        CommonOptions.WarnDoubtful(run.Warnings);
        var rows = result.IsComplete ? FeatureSet.Open(output).RowCount : (long?)null;
        if (json)
        {
            JsonOutput.Write(
                new EmbedSetJson(
                    rows, run.RowCount, extractor.Dim, CommonOptions.ToJson(extractor), run.Cached, run.Elapsed.TotalSeconds, run.ImagesPerSecond, result.PartCount, result.WrittenParts, result.KeptParts, result.MissingParts,
                    CommonOptions.ToJson(run.Skipped), CommonOptions.ToJson(run.Warnings), UnusedFiles.ToJson(inputs.Unused)),
                JsonContracts.Default.EmbedSetJson);
        }
        else
        {
            Console.Out.WriteLine(
                $"{run.RowCount} vectors of {extractor.Dim} in {Table.Number(run.Elapsed.TotalSeconds, "0.0")} s " +
                $"({Table.Number(run.ImagesPerSecond, "0")} images/s, {run.Cached} from the cache), saved {output}");
            Console.Out.WriteLine(
                $"{result.PartCount} parts: {result.WrittenParts} written, {result.KeptParts} kept" +
                (rows is null ? $", {FeaturesCommand.Missing(result.MissingParts)}" : $"; the set is complete with {rows} vectors"));
        }

        // Other shards make what this one leaves.
        return result.IsComplete || set.Shard is not null ? ExitCode.Done : ExitCode.Failed;
    }
}
