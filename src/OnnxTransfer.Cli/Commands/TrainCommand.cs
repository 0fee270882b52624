using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer train DATA --out FILE.onnx</c></summary>
internal static class TrainCommand
{
    /// <summary>More epochs than this are shown in even steps.</summary>
    private const int ShownEpochs = 20;

    internal static Command Create()
    {
        var output = new OutputOption("--out") { Description = "Where to save the classifier.", Required = true, HelpName = "FILE.onnx" };
        var backbone = CommonOptions.Backbone();
        var layers = CommonOptions.Layers();
        var pooling = CommonOptions.Pooling();
        var split = new Option<string?>("--split")
        {
            Description = "Percent of each class for training, validation and test. Default: 80/10/10 if the data have no sets of their own.",
            HelpName = "T/V/T",
        };
        var tune = new Option<bool>("--tune") { Description = "Choose the L2 of a linear head by cross-validation on the training images, and whether to standardize; see `onnxtransfer tune`." };
        var upsample = CommonOptions.Upsample();
        var preprocess = CommonOptions.Preprocess();
        var precision = CommonOptions.Precision();
        var cache = CommonOptions.Cache();
        var maxBad = CommonOptions.Number(
            "--max-bad", "The share of images that may be unusable before the run fails.", 0.05, "SHARE", share => share is >= 0 and <= 1, "a share between 0 and 1, such as 0.05");
        var ignoreDuplicates = new Option<bool>("--ignore-duplicates") { Description = "Do not look for near duplicates, which otherwise stay in one set when the images are split." };
        var calibrate = new Option<bool>("--calibrate") { Description = "Fit the temperature of the probabilities on the validation set, and keep what `predict --coverage` needs." };
        var unknown = CommonOptions.UnknownBelow("Let `predict` answer \"unknown\" where no class is this probable; the report shows what that costs.");
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
            output, backbone, layers, pooling, preprocess, split, tune, upsample, precision, cache, maxBad, ignoreDuplicates, calibrate, unknown, augment, keep, extend, remove, report, json,
        };
        var images = new DataSets(command, mayBeMissing: true);
        var head = new HeadOptions(command);
        var tuning = new TuningChoices(command, withSeed: false);
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
                images.IsGiven(parsed.CommandResult) ? () => images.Read(parsed) : null,
                parsed.GetValue(remove) ?? [],
                parsed.GetRequiredValue(output),
                CommonOptions.Extractor(machine.Read(parsed), cache: parsed.GetValue(cache)),
                ReadPlan(parsed),
                parsed.GetValue(json),
                cancellationToken)
            : RunAsync(
                () => images.Read(parsed),
                parsed.GetRequiredValue(output),
                parsed.GetValue(report),
                parsed.GetRequiredValue(backbone),
                CommonOptions.Extractor(machine.Read(parsed), parsed.GetRequiredValue(precision), parsed.GetValue(cache), parsed.GetValue(upsample), parsed.GetValue(preprocess)) with { Layers = parsed.GetValue(layers) ?? [], Pooling = parsed.GetValue(pooling) },
                ReadPlan(parsed),
                parsed.GetValue(json),
                cancellationToken));
        return command;

        TrainingPlan ReadPlan(ParseResult parsed)
        {
            var plan = head.Read(parsed);
            var threads = machine.Read(parsed).Threads;
            return plan with
            {
                Tuning = parsed.GetValue(tune) ? tuning.Read(parsed) with { Seed = plan.Seed, Threads = threads } : null,
                Threads = threads,
                Split = parsed.GetValue(split) is { } percentages ? UsageException.Check(() => SplitPercentages.Parse(percentages)) : null,
                MaxBad = parsed.GetValue(maxBad),
                KeepDuplicatesTogether = !parsed.GetValue(ignoreDuplicates),
                Calibrate = parsed.GetValue(calibrate),
                UnknownBelow = parsed.GetValue(unknown) ?? 0,
                Augment = parsed.GetValue(augment),
                KeepFeatures = parsed.GetValue(keep),
            };
        }
    }

    /// <summary>The provider that the network runs on. Whoever left the choice open and has no GPU wants no page about CUDA.</summary>
    private static string Where(FeatureExtractor extractor, ExecutionProvider asked) =>
        asked == ExecutionProvider.Auto && extractor.Provider == ExecutionProvider.Cpu
            ? "the CPU (`onnxtransfer doctor` says why no GPU is used)"
            : $"{Name(extractor.Provider)}: {extractor.ProviderReason}";

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
        WarnOf(result.History, result.Classifier.Labels.Count);
        WarnLeaks(result);
        if (json) JsonOutput.Write(ToJson(extractor, result, output), JsonContracts.Default.TrainJson);
        else Print(result, output);
        return End(result.History);
    }

    /// <summary>The exit code of a training whose result is saved.</summary>
    internal static int End(TrainingHistory history)
    {
        if (history.StopReason != StopReason.Canceled) return ExitCode.Done;
        Console.Error.WriteLine($"canceled after {Count(history.Epochs.Count, "epoch")}; the best weights so far are saved");
        return ExitCode.Canceled;
    }

    /// <summary>Warns of a head whose probabilities cannot be trusted, which its accuracy alone can hide.</summary>
    /// <param name="history">Its training.</param>
    /// <param name="classCount">C.</param>
    internal static void WarnOf(TrainingHistory history, int classCount)
    {
        if (history.IsUnbounded)
            Console.Error.WriteLine("warning: the head separates all training images and nothing limits its weights, so its probabilities are too sure: leave --l2 out for a small penalty, or give a larger one.");
        // The loss of a head that knows nothing.
        var guessing = Math.Log(classCount);
        if (history.Epochs is [.., { TrainLoss: var loss }] && loss > guessing)
            Console.Error.WriteLine($"warning: the training loss ends at {Table.Number(loss, "0.0000")}, above that of guessing ({Table.Number(guessing, "0.0000")}): the steps are too large; try a smaller --lr.");
    }

    /// <summary>Scores on images that the head has seen are too good, and nothing else shows it.</summary>
    private static void WarnLeaks(TrainingResult result)
    {
        const int Named = 5;
        if (result.Leaks.Count == 0) return;
        var images = result.Leaks.Select(leak => leak.Image!.Index).Distinct().Count();
        Console.Error.WriteLine($"warning: {(images == 1 ? "1 image is a duplicate or near duplicate of an image" : $"{images} images are duplicates or near duplicates of images")} in another set, so the scores are too good (`onnxtransfer check` shows them):");
        foreach (var leak in result.Leaks.Take(Named)) Console.Error.WriteLine($"  {leak.Image!.Id} ({leak.Image.Split.ToString().ToLowerInvariant()}) and {leak.Other!.Id} ({leak.Other.Split.ToString().ToLowerInvariant()}): cosine {Table.Number(leak.Score!.Value, "0.000")}");
        if (result.Leaks.Count > Named) Console.Error.WriteLine($"  and {result.Leaks.Count - Named} more pairs");
    }

    private static void Print(TrainingResult result, string output)
    {
        if (result.Tuning is { } tuning) Console.Out.WriteLine($"tuned: {TuningOutput.Describe(tuning)}");
        PrintHistory(result.History);
        Console.Out.WriteLine();
        foreach (var (name, score) in new[] { ("train", result.Train), ("validation", result.Validation), ("test", result.Test) })
        {
            if (score is not null) Console.Out.WriteLine($"{name,-10}  {score.Count,6} images  accuracy {Table.Percent(score.Accuracy),6}  loss {Table.Number(score.Loss, "0.0000")}");
        }

        if (result.Classifier.Calibration is { } calibration)
            Console.Out.WriteLine($"calibrated on {calibration.Count} validation images: temperature {Table.Number(calibration.Temperature, "0.000")}, their loss {Table.Number(calibration.LossBefore, "0.0000")} before and {Table.Number(calibration.LossAfter, "0.0000")} after");
        var embedding = result.Embedding;
        Console.Out.WriteLine(
            $"embedded {embedding.Features.RowCount} images in {Table.Number(embedding.Elapsed.TotalSeconds, "0.0")} s ({Table.Number(embedding.ImagesPerSecond, "0")} images/s, {embedding.Cached} from the cache), " +
            $"trained in {Table.Number(result.TrainingTime.TotalSeconds, "0.00")} s, saved {output}");
    }

    /// <summary>The epochs, and how they ended.</summary>
    internal static void PrintHistory(TrainingHistory history)
    {
        var epochs = Shown(history);
        Table.Write(
            ["epoch", "train loss", "train accuracy", "validation loss", "validation accuracy"],
            [.. epochs.Prepend(history.Start).Select(epoch => (IReadOnlyList<string>)
            [
                Table.Number(epoch.Epoch, "0"), Table.Number(epoch.TrainLoss, "0.0000"), Table.Percent(epoch.TrainAccuracy),
                epoch.ValidationLoss is { } loss ? Table.Number(loss, "0.0000") : "-", epoch.ValidationAccuracy is { } accuracy ? Table.Percent(accuracy) : "-",
            ])]);
        Console.Out.WriteLine(Course(history));
    }

    /// <summary>The epochs of the table: all, or some in even steps with the first, the last and the best.</summary>
    private static EpochMetrics[] Shown(TrainingHistory history)
    {
        var epochs = history.Epochs;
        if (epochs.Count <= ShownEpochs) return [.. epochs];
        var shown = Enumerable.Range(0, ShownEpochs).Select(i => (int)Math.Round(i * (epochs.Count - 1) / (ShownEpochs - 1.0))).ToHashSet();
        if (history.BestEpoch is { } best) shown.Add(best - 1);
        return [.. shown.Order().Select(i => epochs[i])];
    }

    /// <summary>How the training went, in a line.</summary>
    private static string Course(TrainingHistory history)
    {
        var end = history.StopReason switch
        {
            StopReason.Converged => "ended where the objective had settled",
            StopReason.EarlyStopped => "stopped early, because the validation loss no longer fell",
            StopReason.Canceled => "canceled",
            _ => "ended after the last epoch",
        };
        var best = history.BestEpoch is { } epoch && epoch != history.Epochs.Count ? $"; the weights are those after epoch {Table.Number(epoch, "0")}" : "";
        return $"{Count(history.Epochs.Count, "epoch")}, {Count(history.StepLosses.Count, "step")}, L2 {Table.Number(history.L2, "0.#####")}; {end}{best}";
    }

    private static string Count(int count, string what) => $"{Table.Number(count, "0")} {what}{(count == 1 ? "" : "s")}";

    private static TrainJson ToJson(FeatureExtractor extractor, TrainingResult result, string output) => new(
        result.Classifier.Labels,
        Name(extractor.Provider),
        CommonOptions.ToJson(extractor),
        new BackboneJson(extractor.Model.Id, extractor.Dim),
        new EmbedJson(result.Embedding.Features.RowCount, result.Embedding.Cached, result.Embedding.Elapsed.TotalSeconds, result.Embedding.ImagesPerSecond),
        ToJson(result.History.Start), [.. result.History.Epochs.Select(ToJson)],
        result.History.L2, result.History.StopReason.ToString().ToLowerInvariant(), result.History.BestEpoch, result.Tuning is null ? null : TuningOutput.ToJson(result.Tuning),
        Score(result.Train)!, Score(result.Validation), Score(result.Test),
        [.. result.Leaks.Select(leak => new LeakJson(CommonOptions.ToJson(leak.Image!), CommonOptions.ToJson(leak.Other!), leak.Score!.Value))],
        CommonOptions.ToJson(result.Skipped), CommonOptions.ToJson(result.Warnings),
        UnusedFiles.ToJson(result.Unused),
        result.Classifier.Calibration is { } calibration ? new CalibrationJson(calibration.Count, calibration.Temperature, calibration.LossBefore, calibration.LossAfter) : null,
        result.TrainingTime.TotalSeconds,
        output);

    internal static EpochJson ToJson(EpochMetrics epoch) =>
        new(epoch.Epoch, epoch.TrainLoss, epoch.TrainAccuracy, epoch.ValidationLoss, epoch.ValidationAccuracy, epoch.Seconds);

    private static ScoreJson? Score(EvaluationResult? result) => result is null ? null : new ScoreJson(result.Count, result.Loss, result.Accuracy);

    private static string Name(ExecutionProvider provider) => provider.ToString().ToLowerInvariant();
}
