using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer tune DATA</c></summary>
internal static class TuneCommand
{
    internal static Command Create()
    {
        var backbone = CommonOptions.Backbone();
        var layers = CommonOptions.Layers();
        var pooling = CommonOptions.Pooling();
        var upsample = CommonOptions.Upsample();
        var preprocess = CommonOptions.Preprocess();
        var precision = CommonOptions.Precision();
        var cache = CommonOptions.Cache();
        var dino = new Option<bool>("--dino-values") { Description = "Try the 45 values of DINOv2's protocol instead of 13 around the default L2." };
        var json = CommonOptions.Json();
        var command = new Command("tune", "Choose the L2 of a linear head by cross-validation, and whether to standardize the features. `train --tune` trains with the choice.")
        {
            backbone, layers, pooling, preprocess, dino, upsample, precision, cache, json,
        };
        var images = new DataArguments(command);
        var tuning = new TuningChoices(command);
        var machine = new MachineOptions(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            () => images.Read(parsed),
            parsed.GetRequiredValue(backbone),
            CommonOptions.Extractor(machine.Read(parsed), parsed.GetRequiredValue(precision), parsed.GetValue(cache), parsed.GetValue(upsample), parsed.GetValue(preprocess)) with { Layers = parsed.GetValue(layers) ?? [], Pooling = parsed.GetValue(pooling) },
            tuning.Read(parsed) with { Threads = machine.Read(parsed).Threads },
            parsed.GetValue(dino),
            parsed.GetValue(json),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        Func<ImageDataset> read, string backbone, FeatureExtractorOptions extractorOptions, TuningOptions options, bool dino, bool json, CancellationToken cancellationToken)
    {
        CommonOptions.RequireBackbone(backbone);
        var images = read();
        new TrainingPlan().Validate(images);
        // What is set apart to judge the classifier takes no part in the choice.
        if (images.Images.Any(image => image.Split == DataSplit.Train)) images = images.Only(DataSplit.Train);
        Console.Error.WriteLine($"{images}; {images.Description}");
        UnusedFiles.Warn(images.Unused);
        extractorOptions = extractorOptions with { CalibrationImages = [.. images.Images.Select(image => image.Image)] };
        using var extractor = await CommonOptions.OpenAsync(backbone, extractorOptions, cancellationToken).ConfigureAwait(false);
        CommonOptions.TellPrecision(extractor, extractorOptions);
        var embedding = await Progress.RunAsync(
            "Embedding", progress => extractor.EmbedAsync([.. images.Images.Select(image => image.Image)], 0, progress, cancellationToken)).ConfigureAwait(false);
        CommonOptions.WarnCache(extractorOptions);
        CommonOptions.WarnSkipped(embedding.Skipped);
        CommonOptions.WarnDoubtful(embedding.Warnings);
        var classes = images.Classes.ToList();
        // The library knows the rows' images and classes by their numbers alone.
        if (classes.Except(embedding.Indices.Select(index => images.Images[index].Label)).FirstOrDefault() is { } unused)
            throw new DatasetException($"The class '{unused}' of {images.Source} has no training image that could be used: repair its images or remove the class.");
        var rows = new LabeledFeatures(embedding.Features, [.. embedding.Indices.Select(index => classes.IndexOf(images.Images[index].Label))]);
        if (dino) options = options with { Values = TuningOptions.DinoValues(rows.Count) };
        var result = await Task.Run(() => ClassifierHead.Tune(rows, classes.Count, options, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (json) JsonOutput.Write(TuningOutput.ToJson(result), JsonContracts.Default.TuningJson);
        else TuningOutput.Print(result);
        return ExitCode.Done;
    }
}
