using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer train DATA --out FILE.onnx</c></summary>
internal static class TrainCommand
{
    private static readonly Dictionary<string, Optimizer> s_optimizers = new()
    {
        ["adam"] = Optimizer.Adam(),
        ["adamw"] = Optimizer.AdamW(),
        ["sgd"] = Optimizer.Sgd(),
        ["rmsprop"] = Optimizer.RmsProp(),
        ["lbfgs"] = Optimizer.Lbfgs(),
    };

    internal static Command Create()
    {
        var validation = new Option<string?>("--val") { Description = "The validation set: data with the same classes.", HelpName = "DATA" };
        var test = new Option<string?>("--test") { Description = "The test set: data with the same classes.", HelpName = "DATA" };
        var output = new OutputOption("--out") { Description = "Where to save the classifier.", Required = true, HelpName = "FILE.onnx" };
        var backbone = CommonOptions.Backbone();
        var layers = CommonOptions.Layers();
        var pooling = CommonOptions.Pooling();
        var split = new Option<string?>("--split")
        {
            Description = "Percent of each class for training, validation and test. Default: 80/10/10 if the data have no sets of their own.",
            HelpName = "T/V/T",
        };
        var epochs = CommonOptions.Positive("--epochs", "Passes over the training images.", 6, "N");
        var optimizer = new Option<string>("--optimizer") { Description = "The update rule; lbfgs finds the optimum of a linear head without epochs.", DefaultValueFactory = _ => "adam" };
        optimizer.AcceptOnlyFromAmong([.. s_optimizers.Keys]);
        var head = new Option<string>("--head") { Description = "softmax: one linear layer. sigmoid: the same with one output for two classes. mlp: hidden layers of 1024 and 512 with dropout 0.3 before a softmax.", DefaultValueFactory = _ => "softmax" };
        head.AcceptOnlyFromAmong("softmax", "sigmoid", "mlp");
        var rate = CommonOptions.Number("--lr", "The learning rate.", 0.001, "RATE", rate => rate is > 0 and < double.PositiveInfinity, "a number greater than 0");
        var batch = CommonOptions.Positive("--batch-size", "Images per training step.", 32, "N");
        var random = CommonOptions.NonNegative("--random-batches", "Make an epoch of this number of batches, drawn with replacement; 0 makes it one pass over all images.", 0, "N");
        var seed = CommonOptions.NonNegative("--seed", "The seed of the split, the first weights and the order of the images; the same seed gives the same file.", 1, "S");
        var upsample = CommonOptions.Upsample();
        var preprocess = CommonOptions.Preprocess();
        var precision = CommonOptions.Precision();
        var cache = CommonOptions.Cache();
        var maxBad = CommonOptions.Number(
            "--max-bad", "The share of images that may be unusable before the run fails.", 0.05, "SHARE", share => share is >= 0 and <= 1, "a share between 0 and 1, such as 0.05");
        var augment = AugmentOption.OfTraining();
        var keep = new Option<bool>("--keep-features") { Description = "Keep the feature vectors in the file, so that --extend can add and remove classes later without these images." };
        var extend = new Option<string?>("--extend") { Description = "Extend a classifier that was trained with --keep-features by the images of DATA, and write the result to --out.", HelpName = "FILE.onnx" };
        var remove = new Option<string[]>("--remove")
        {
            Description = "The classes that --extend removes.",
            HelpName = "CLASS[,CLASS]",
            CustomParser = result => [.. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))],
        };
        var report = CommonOptions.Report();
        var json = CommonOptions.Json();
        var command = new Command("train", "Train a classifier on labeled images.")
        {
            output, validation, test, backbone, layers, pooling, preprocess, split, epochs, optimizer, head, rate, batch, random, seed, upsample, precision, cache, maxBad, augment, keep, extend, remove, report, json,
        };
        var images = new DataArguments(command, mayBeMissing: true);
        var machine = new MachineOptions(command);
        command.Validators.Add(result =>
        {
            var isGiven = result.GetResult(extend) is { Implicit: false };
            if (!isGiven && !images.IsGiven(result)) result.AddError("`onnxtransfer train` needs DATA.");
            if (!isGiven && result.GetResult(remove) is { Implicit: false }) result.AddError("--remove has a meaning only with --extend FILE.onnx, whose classes it removes.");
            if (!isGiven) return;
            foreach (var option in command.Options.Where(option => TrainExtension.Settled.Contains(option.Name) && result.GetResult(option) is { Implicit: false }))
                result.AddError($"{option.Name} and --extend exclude each other: {(option == report ? "write a report of the extended classifier with `onnxtransfer evaluate`" : "the classifier has its network, its layers and its preprocessing already")}.");
        });
        command.SetAction((parsed, cancellationToken) => parsed.GetValue(extend) is { } file
            ? TrainExtension.RunAsync(
                file,
                images.IsGiven(parsed.CommandResult) ? () => Read(images, parsed, parsed.GetValue(validation), parsed.GetValue(test)) : null,
                parsed.GetValue(remove) ?? [],
                parsed.GetRequiredValue(output),
                CommonOptions.Extractor(machine.Read(parsed), cache: parsed.GetValue(cache)),
                ReadPlan(parsed),
                parsed.GetValue(json),
                cancellationToken)
            : RunAsync(
            () => Read(images, parsed, parsed.GetValue(validation), parsed.GetValue(test)),
            parsed.GetRequiredValue(output),
            parsed.GetValue(report),
            parsed.GetRequiredValue(backbone),
            CommonOptions.Extractor(machine.Read(parsed), parsed.GetRequiredValue(precision), parsed.GetValue(cache), parsed.GetValue(upsample), parsed.GetValue(preprocess)) with { Layers = parsed.GetValue(layers) ?? [], Pooling = parsed.GetValue(pooling) },
            ReadPlan(parsed),
            parsed.GetValue(json),
            cancellationToken));
        return command;

        TrainingPlan ReadPlan(ParseResult parsed) => Plan(parsed.GetRequiredValue(head)) with
        {
            Epochs = parsed.GetValue(epochs),
            Optimizer = s_optimizers[parsed.GetRequiredValue(optimizer)],
            LearningRate = parsed.GetValue(rate),
            BatchSize = parsed.GetValue(batch),
            RandomBatchesPerEpoch = parsed.GetValue(random) is > 0 and var batches ? batches : null,
            Seed = parsed.GetValue(seed),
            Threads = machine.Read(parsed).Threads,
            Split = parsed.GetValue(split) is { } percentages ? UsageException.Check(() => SplitPercentages.Parse(percentages)) : null,
            MaxBad = parsed.GetValue(maxBad),
            Augment = parsed.GetValue(augment),
            KeepFeatures = parsed.GetValue(keep),
        };
    }

    private static TrainingPlan Plan(string head) => head switch
    {
        "sigmoid" => new TrainingPlan { Sigmoid = true },
        "mlp" => new TrainingPlan { HiddenUnits = [1024, 512], Dropout = 0.3 },
        _ => new TrainingPlan(),
    };

    /// <summary>The provider that the network runs on. Whoever left the choice open and has no GPU wants no page about CUDA.</summary>
    private static string Where(FeatureExtractor extractor, ExecutionProvider asked) =>
        asked == ExecutionProvider.Auto && extractor.Provider == ExecutionProvider.Cpu
            ? "the CPU (`onnxtransfer doctor` says why no GPU is used)"
            : $"{Name(extractor.Provider)}: {extractor.ProviderReason}";

    private static ImageDataset Read(DataArguments arguments, ParseResult parsed, string? validation, string? test)
    {
        var images = arguments.Read(parsed);
        if (validation is not null) images = images.WithValidation(arguments.Read(parsed, validation));
        if (test is not null) images = images.WithTest(arguments.Read(parsed, test));
        return images;
    }

    private static async Task<int> RunAsync(
        Func<ImageDataset> read, string output, string? report, string backbone, FeatureExtractorOptions extractorOptions, TrainingPlan plan, bool json,
        CancellationToken cancellationToken)
    {
        CommonOptions.RequireBackbone(backbone);
        UsageException.Check(plan.Validate);
        var images = read();
        UsageException.Check(() => plan.Validate(images));
        Console.Error.WriteLine($"{images}; {images.Description}");
        UnusedFiles.Warn(images.Unused);
        extractorOptions = extractorOptions with { CalibrationImages = [.. images.Images.Select(image => image.Image)] };
        using var extractor = await CommonOptions.OpenAsync(backbone, extractorOptions, cancellationToken).ConfigureAwait(false);
        Console.Error.WriteLine($"{extractor.Model.Id} on {Where(extractor, extractorOptions.Provider)}");
        CommonOptions.TellPrecision(extractor, extractorOptions);
        var result = await Progress.RunAsync(
            "Embedding", progress => ImageClassifier.TrainAsync(extractor, images, plan, progress, cancellationToken)).ConfigureAwait(false);
        using var classifier = result.Classifier;
        classifier.Save(output);
        if (report is not null) result.WriteReport(report);

        if (result.CopyCount > 0) Console.Error.WriteLine($"learned from {result.Train.Count} images and {result.CopyCount} copies of them");
        CommonOptions.WarnCache(extractorOptions);
        CommonOptions.WarnSkipped(result.Skipped);
        CommonOptions.WarnDoubtful(result.Warnings);
        WarnDiverged(result);
        if (json) JsonOutput.Write(ToJson(extractor, result, output), JsonContracts.Default.TrainJson);
        else Print(result, output);
        if (result.History.StopReason != StopReason.Canceled) return ExitCode.Done;
        Console.Error.WriteLine($"canceled after {result.History.Epochs.Count} epochs; the best weights so far are saved");
        return ExitCode.Canceled;
    }

    /// <summary>A loss above that of a head which knows nothing, ln C, comes from steps that are too large. The accuracy alone can hide it.</summary>
    private static void WarnDiverged(TrainingResult result)
    {
        var guessing = Math.Log(result.Classifier.Labels.Count);
        if (result.History.Epochs is [.., { TrainLoss: var loss }] && loss > guessing)
            Console.Error.WriteLine($"warning: the training loss ends at {Table.Number(loss, "0.0000")}, above that of guessing ({Table.Number(guessing, "0.0000")}): the steps are too large; try a smaller --lr.");
    }

    private static void Print(TrainingResult result, string output)
    {
        var epochs = result.History.Epochs;
        Table.Write(
            ["epoch", "train loss", "train accuracy", "validation loss", "validation accuracy"],
            [.. epochs.Select(epoch => (IReadOnlyList<string>)
            [
                Table.Number(epoch.Epoch, "0"), Table.Number(epoch.TrainLoss, "0.0000"), Table.Percent(epoch.TrainAccuracy),
                epoch.ValidationLoss is { } loss ? Table.Number(loss, "0.0000") : "-", epoch.ValidationAccuracy is { } accuracy ? Table.Percent(accuracy) : "-",
            ])]);
        Console.Out.WriteLine();
        foreach (var (name, score) in new[] { ("train", result.Train), ("validation", result.Validation), ("test", result.Test) })
        {
            if (score is not null) Console.Out.WriteLine($"{name,-10}  {score.Count,6} images  accuracy {Table.Percent(score.Accuracy),6}  loss {Table.Number(score.Loss, "0.0000")}");
        }

        var embedding = result.Embedding;
        Console.Out.WriteLine(
            $"embedded {embedding.Features.RowCount} images in {Table.Number(embedding.Elapsed.TotalSeconds, "0.0")} s ({Table.Number(embedding.ImagesPerSecond, "0")} images/s, {embedding.Cached} from the cache), " +
            $"trained in {Table.Number(result.TrainingTime.TotalSeconds, "0.00")} s, saved {output}");
    }

    private static TrainJson ToJson(FeatureExtractor extractor, TrainingResult result, string output) => new(
        result.Classifier.Labels,
        Name(extractor.Provider),
        CommonOptions.ToJson(extractor),
        new BackboneJson(extractor.Model.Id, extractor.Dim),
        new EmbedJson(result.Embedding.Features.RowCount, result.Embedding.Cached, result.Embedding.Elapsed.TotalSeconds, result.Embedding.ImagesPerSecond),
        [.. result.History.Epochs.Select(epoch => new EpochJson(
            epoch.Epoch, epoch.TrainLoss, epoch.TrainAccuracy, epoch.ValidationLoss, epoch.ValidationAccuracy, epoch.Seconds))],
        Score(result.Train)!, Score(result.Validation), Score(result.Test),
        CommonOptions.ToJson(result.Skipped), CommonOptions.ToJson(result.Warnings),
        UnusedFiles.ToJson(result.Unused),
        result.TrainingTime.TotalSeconds,
        output);

    private static ScoreJson? Score(EvaluationResult? result) => result is null ? null : new ScoreJson(result.Count, result.Loss, result.Accuracy);

    private static string Name(ExecutionProvider provider) => provider.ToString().ToLowerInvariant();
}
