using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer features merge | info | verify | train | export</c></summary>
internal static class FeaturesCommand
{
    /// <summary>More missing parts than this are counted and not named.</summary>
    private const int NamedParts = 20;

    /// <summary>What is read of a set at once when it is exported, in numbers.</summary>
    private const int ExportBlock = 1 << 20;

    internal static Command Create() => new("features", "Merge, show, verify, train on and export feature sets, the folders that `onnxtransfer embed --out DIR` makes.")
    {
        CreateMerge(), CreateInfo(), CreateVerify(), CreateTrain(), CreateExport(),
    };

    /// <summary>Which parts a set lacks, in words.</summary>
    internal static string Missing(IReadOnlyList<int> parts) =>
        $"{parts.Count} missing: {string.Join(", ", parts.Take(NamedParts))}{(parts.Count > NamedParts ? $" and {parts.Count - NamedParts} more" : "")}";

    private static Command CreateMerge()
    {
        var folders = new Argument<string[]>("DIR") { Description = "The folders of the shards.", Arity = ArgumentArity.OneOrMore };
        var output = new OutputOption("--out", isFolder: _ => true) { Description = "The folder of the whole set.", Required = true, HelpName = "DIR" };
        var json = CommonOptions.Json();
        var command = new Command("merge", "Copy the parts of shards into one feature set, the same to the bit as one run makes.") { folders, output, json };
        command.SetAction((parsed, cancellationToken) => Task.Run(
            () =>
            {
                var target = parsed.GetRequiredValue(output);
                var set = FeatureSet.Merge(parsed.GetRequiredValue(folders), target, cancellationToken);
                if (parsed.GetValue(json)) JsonOutput.Write(ToJson(FeatureSet.Inspect(target), set), JsonContracts.Default.FeatureSetJson);
                else Console.Out.WriteLine($"{set.RowCount} vectors of {set.Dim} in {set.Parts.Count} parts, saved {target}");
                return ExitCode.Done;
            },
            cancellationToken));
        return command;
    }

    private static Command CreateInfo()
    {
        var (folder, json) = (Folder(), CommonOptions.Json());
        var command = new Command("info", "Show the network, the rows, the classes and the missing parts of a feature set.") { folder, json };
        command.SetAction(parsed =>
        {
            var info = FeatureSet.Inspect(parsed.GetRequiredValue(folder));
            var set = info.IsComplete ? FeatureSet.Open(parsed.GetRequiredValue(folder)) : null;
            var document = ToJson(info, set);
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(document, JsonContracts.Default.FeatureSetJson);
                return ExitCode.Done;
            }

            Console.Out.WriteLine($"{info.Backbone}, {info.Dim} features, network {info.NetworkSha256}");
            Console.Out.WriteLine($"{info.ImageCount} images in {info.PartCount} parts of {info.PartSize}");
            if (set is null)
            {
                Console.Out.WriteLine(info.MissingParts.Count > 0 ? $"not complete, {Missing(info.MissingParts)}" : "all parts are there, but no manifest: embed the same images into the folder again, which writes it");
                return ExitCode.Done;
            }

            Console.Out.WriteLine($"complete, {set.RowCount} vectors");
            foreach (var provider in document.Providers!) Console.Out.WriteLine($"made by {provider}");
            if (document.Classes is [_, ..]) Table.Write(["class", "vectors"], [.. document.Classes.Select(one => (IReadOnlyList<string>)[one.Label, $"{one.Rows}"])]);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command CreateVerify()
    {
        var folder = Folder();
        var command = new Command("verify", "Read a whole feature set and compare it with its checksums.") { folder };
        command.SetAction((parsed, cancellationToken) => Task.Run(
            () =>
            {
                var set = FeatureSet.Open(parsed.GetRequiredValue(folder));
                set.Verify(cancellationToken);
                Console.Out.WriteLine($"{set.RowCount} vectors in {set.Parts.Count} parts, all sound");
                return ExitCode.Done;
            },
            cancellationToken));
        return command;
    }

    private static Command CreateTrain()
    {
        const int Mebibyte = 1 << 20;
        var folder = Folder();
        var output = new OutputOption("--out") { Description = "Where to save the classifier.", Required = true, HelpName = "FILE.onnx" };
        var validation = new Option<string?>("--val") { Description = "A feature set of the same network to validate on.", HelpName = "DIR" };
        var backbone = CommonOptions.OwnBackbone("The network that made the set: its id, path or name. Default: the model of the catalog that the set names.");
        var layers = CommonOptions.Layers();
        var pooling = CommonOptions.Pooling();
        var upsample = CommonOptions.Upsample();
        var preprocess = CommonOptions.Preprocess();
        var memory = new Option<int>("--memory") { Description = "The memory that the training stays below, in MiB; a larger set is read again in every epoch.", DefaultValueFactory = _ => 1024, HelpName = "MB" };
        memory.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, out var number) && number < 256) result.AddError("--memory must be at least 256.");
        });
        var json = CommonOptions.Json();
        var command = new Command("train", "Train a classifier on a feature set of any size.") { folder, output, validation, backbone, layers, pooling, upsample, preprocess, memory, json };
        var head = new HeadOptions(command);
        var machine = new MachineOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var options = CommonOptions.Extractor(machine.Read(parsed), upsampling: parsed.GetValue(upsample), preprocess: parsed.GetValue(preprocess)) with { Layers = parsed.GetValue(layers) ?? [], Pooling = parsed.GetValue(pooling) };
            var plan = head.Read(parsed) with { Threads = options.Threads };
            if (parsed.GetValue(backbone) is { } given) CommonOptions.RequireBackbone(given);
            UsageException.Check(plan.Validate);
            var set = FeatureSet.Open(parsed.GetRequiredValue(folder));
            var network = parsed.GetValue(backbone) ?? NetworkOf(set);
            var other = parsed.GetValue(validation) is { } path ? FeatureSet.Open(path) : null;
            using var extractor = await CommonOptions.OpenAsync(network, options, cancellationToken).ConfigureAwait(false);
            extractor.RequireNetworkOf(set);
            if (other is not null) extractor.RequireNetworkOf(other);
            var (trained, history) = await Task.Run(() => ClassifierHead.Train(set, plan, other, (long)parsed.GetValue(memory) * Mebibyte, progress: null, cancellationToken), CancellationToken.None).ConfigureAwait(false);
            var target = parsed.GetRequiredValue(output);
            using var classifier = ImageClassifier.Create(extractor, trained, set.Classes);
            classifier.Save(target);
            TrainCommand.WarnOf(history, set.Classes.Count);
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(
                    new SetTrainJson(
                        set.Classes, new BackboneJson(set.Backbone, set.Dim), set.RowCount, TrainCommand.ToJson(history.Start), [.. history.Epochs.Select(TrainCommand.ToJson)], history.L2,
                        history.StopReason.ToString().ToLowerInvariant(), history.BestEpoch, target),
                    JsonContracts.Default.SetTrainJson);
            }
            else
            {
                TrainCommand.PrintHistory(history);
                Console.Out.WriteLine($"trained on {set.RowCount} vectors of {set.Classes.Count} classes, saved {target}");
            }

            return TrainCommand.End(history);
        });
        return command;
    }

    /// <summary>The id of the network that made a set, if the catalog has it.</summary>
    private static string NetworkOf(FeatureSet set) => new ModelStore().TryFind(set.Backbone, out _)
        ? set.Backbone
        : throw new UsageException($"The set '{set.Folder}' was made by the network '{set.Backbone}', which is no model of `onnxtransfer models list`: give the network with --backbone.");

    private static Command CreateExport()
    {
        var folder = Folder();
        var output = FeatureOutput.Create("", mayBeSet: false);
        var command = new Command("export", "Write a feature set to one file, row by row.") { folder, output };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => Export(FeatureSet.Open(parsed.GetRequiredValue(folder)), parsed.GetRequiredValue(output), cancellationToken), cancellationToken));
        return command;
    }

    private static int Export(FeatureSet set, string output, CancellationToken cancellationToken)
    {
        using var writer = FeatureWriter.Create(output, set.Dim, set.Backbone);
        var rows = new float[Math.Max(1, ExportBlock / set.Dim) * set.Dim];
        foreach (var part in set.Parts)
        {
            var ids = set.IdsOf(part.Number);
            for (var done = 0; done < part.RowCount;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var count = Math.Min(part.RowCount - done, rows.Length / set.Dim);
                set.ReadRows(part.FirstRow + done, rows.AsSpan(0, count * set.Dim));
                for (var i = 0; i < count; i++, done++) writer.Add(rows.AsSpan(i * set.Dim, set.Dim), ids[done], set.LabelOf(part.FirstRow + done));
            }
        }

        writer.Complete();
        Console.Out.WriteLine($"{set.RowCount} vectors of {set.Dim}, saved {output}");
        return ExitCode.Done;
    }

    private static FeatureSetJson ToJson(FeatureSetInfo info, FeatureSet? set)
    {
        if (set is null) return new FeatureSetJson(info.Backbone, info.NetworkSha256, info.Dim, info.PartSize, info.ImageCount, info.PartCount, info.MissingParts, null, null, null);
        var counts = new long[set.Classes.Count];
        for (var row = 0L; row < set.RowCount; row++)
        {
            if (set.ClassOf(row) is >= 0 and var index) counts[index]++;
        }

        return new FeatureSetJson(
            info.Backbone, info.NetworkSha256, info.Dim, info.PartSize, info.ImageCount, info.PartCount, info.MissingParts, set.RowCount, [.. set.Classes.Zip(counts, (label, rows) => new ClassRowsJson(label, rows))],
            [.. set.Parts.Select(part => part.Provider).Distinct(StringComparer.Ordinal)]);
    }

    private static Argument<string> Folder() => new("DIR") { Description = "The folder of a feature set." };
}
