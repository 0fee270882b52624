using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer train [NEW] --extend FILE.onnx --out GROWN.onnx [--remove CLASS,...]</c></summary>
internal static class TrainExtension
{
    /// <summary>Options that say what the vectors are, which the vectors in the file have settled.</summary>
    internal static IReadOnlyList<string> Settled { get; } = ["--backbone", "--layer", "--pooling", "--preprocess", "--upsample", "--precision", "--report"];

    /// <param name="file">The classifier to extend.</param>
    /// <param name="read">Reads the new images; null for none.</param>
    /// <param name="remove">The classes to remove.</param>
    /// <param name="output">The extended classifier.</param>
    /// <param name="options">Where the network runs.</param>
    /// <param name="plan">How the head is trained and the new images are divided.</param>
    /// <param name="json">Whether to print a JSON document.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    internal static async Task<int> RunAsync(
        string file, Func<ImageDataset>? read, IReadOnlyList<string> remove, string output, FeatureExtractorOptions options, TrainingPlan plan, bool json, CancellationToken cancellationToken)
    {
        UsageException.Check(plan.Validate);
        using var classifier = await ImageClassifier.LoadAsync(file, options, cancellationToken).ConfigureAwait(false);
        var images = read?.Invoke();
        if (images is not null)
        {
            Console.Error.WriteLine($"{images}; {images.Description}");
            UnusedFiles.Warn(images.Unused);
        }

        var result = await Progress.RunAsync("Embedding", progress => classifier.ExtendAsync(images, remove, plan, progress, cancellationToken)).ConfigureAwait(false);
        using var extended = result.Classifier;
        extended.Save(output);
        CommonOptions.WarnCache(options);
        CommonOptions.WarnSkipped(result.Skipped);
        CommonOptions.WarnDoubtful(result.Warnings);
        if (result.KnownImages > 0) Console.Error.WriteLine($"{result.KnownImages} of the images were left out: the classifier has them already");
        if (result.MeasuredOn == DataSplit.Train) Console.Error.WriteLine("warning: the classifier keeps neither test nor validation images, so the classes are measured on images that it learned from: the numbers are too good.");
        if (json) JsonOutput.Write(ToJson(result, output), JsonContracts.Default.ExtendJson);
        else Print(result, output);
        return TrainCommand.End(result.History);
    }

    private static void Print(ExtensionResult result, string output)
    {
        if (result.Added.Count > 0) Console.Out.WriteLine($"added: {string.Join(", ", result.Added)}");
        if (result.Removed.Count > 0) Console.Out.WriteLine($"removed: {string.Join(", ", result.Removed)}");
        Console.Out.WriteLine();
        Console.Out.WriteLine($"classes that stayed, on their kept {Name(result.MeasuredOn)} images");
        Table.Write(
            ["class", "images", "before", "after", "forgotten"],
            [.. result.Changes.Select(change => (IReadOnlyList<string>)
                [change.Label, Table.Number(change.Count, "0"), Share(change, change.Before), Share(change, change.After), Share(change, change.Forgotten)])]);
        Console.Out.WriteLine();
        foreach (var (name, score) in new[] { ("validation", result.Validation), ("test", result.Test) })
        {
            if (score is not null) Console.Out.WriteLine($"{name,-10}  {score.Count,6} images  accuracy {Table.Percent(score.Accuracy),6}  loss {Table.Number(score.Loss, "0.0000")}");
        }

        Console.Out.WriteLine($"embedded {result.NewImages} new images, trained in {Table.Number(result.TrainingTime.TotalSeconds, "0.00")} s on all, saved {output}");
    }

    private static string Share(ClassChange change, double share) => change.Count == 0 ? "-" : Table.Percent(share);

    private static ExtendJson ToJson(ExtensionResult result, string output) => new(
        result.Classifier.Labels, result.Added, result.Removed, result.NewImages, result.KnownImages, Name(result.MeasuredOn),
        [.. result.Changes.Select(change => new ClassChangeJson(change.Label, change.Count, change.Before, change.After, change.Forgotten))],
        Score(result.Validation), Score(result.Test), CommonOptions.ToJson(result.Skipped), CommonOptions.ToJson(result.Warnings), result.TrainingTime.TotalSeconds, output);

    private static ScoreJson? Score(EvaluationResult? result) => result is null ? null : new ScoreJson(result.Count, result.Loss, result.Accuracy);

    private static string Name(DataSplit split) => split switch
    {
        DataSplit.Train => "training",
        _ => split.ToString().ToLowerInvariant(),
    };
}
