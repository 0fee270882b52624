using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary>What the commands that classify any number of images have in common: the images, where the rows go, and the run.</summary>
internal sealed class PredictionOptions
{
    private readonly Option<int> _top = CommonOptions.Top();
    private readonly OutputOption _csv = Rows("--csv", "Write the rows to a CSV file as they are computed");
    private readonly OutputOption _lines = Rows("--jsonl", "Write the rows to a file as they are computed, one JSON object in each line");
    private readonly OutputOption _html = new("--html") { Description = "Also write a page of pictures with their classes: all, or 150 of them at most, in even steps.", HelpName = "FILE.html" };
    private readonly Option<string> _cache = CommonOptions.Cache();
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly Option<double?> _below = CommonOptions.UnknownBelow("Answer \"unknown\" where no class is this probable. Default: what the classifier was trained with.");
    private readonly Option<double?> _coverage = CommonOptions.Share("--coverage", "Also give the set of classes that contains the true one with this probability; the classifier must be trained with --calibrate.", "C", coverage => coverage is > 0 and < 1, "above 0 and below 1, such as 0.95");
    private readonly ImageArguments _images;

    /// <summary>Adds the argument and the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="isTrained">Whether its classifiers are trained here, and can have a calibration.</param>
    internal PredictionOptions(Command command, bool isTrained)
    {
        _images = new ImageArguments(command);
        foreach (var option in (Option[])[_top, _below, _csv, _lines, _html, _cache, _json]) command.Options.Add(option);
        if (isTrained) command.Options.Add(_coverage);
        command.Validators.Add(result =>
        {
            string[] onOutput = [.. new[] { (_csv.Name, result.GetValue(_csv) == "-"), (_lines.Name, result.GetValue(_lines) == "-"), (_json.Name, result.GetValue(_json)) }.Where(one => one.Item2).Select(one => one.Item1)];
            if (onOutput.Length > 1) result.AddError($"{string.Join(" and ", onOutput)} would both write to standard output: give one of them, or the name of a file.");
        });
    }

    /// <summary>Opens a classifier and runs it on the images.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="options">Where the network runs.</param>
    /// <param name="open">Opens the classifier.</param>
    /// <param name="cancellationToken">Stops the run; the finished rows stay.</param>
    internal async Task<int> RunAsync(ParseResult parsed, FeatureExtractorOptions options, Func<FeatureExtractorOptions, Task<ImageClassifier>> open, CancellationToken cancellationToken)
    {
        var images = _images.Read(parsed);
        // One image is computed in less time than the cache takes to open.
        options = options with { Cache = images.Count == 1 ? null : CommonOptions.OpenCache(parsed.GetValue(_cache)) };
        using var classifier = await open(options).ConfigureAwait(false);
        if (parsed.GetValue(_below) is { } below) classifier.UnknownBelow = below;
        var coverage = parsed.GetValue(_coverage);
        WarnCoverage(classifier, coverage);
        var output = new PredictionOutput(new RowShape(classifier, parsed.GetValue(_top), coverage), parsed.GetValue(_csv), parsed.GetValue(_lines), parsed.GetValue(_html), parsed.GetValue(_json));
        var code = await output.RunAsync(images, cancellationToken).ConfigureAwait(false);
        CommonOptions.WarnCache(options);
        return code;
    }

    private static void WarnCoverage(ImageClassifier classifier, double? coverage)
    {
        if (coverage is not { } wanted) return;
        if (classifier.Calibration is not { } calibration) throw new UsageException("--coverage needs a classifier that was calibrated: train it with --calibrate and a validation set.");
        if (calibration.Count < ClassifierCalibration.LeastCount(wanted))
            Console.Error.WriteLine($"warning: the classifier was calibrated on {calibration.Count} images, and a coverage of {Table.Number(wanted, "0.####")} takes {ClassifierCalibration.LeastCount(wanted)}: every set has all classes.");
    }

    private static OutputOption Rows(string name, string description) => new(name, mayBeStandardOutput: true)
    {
        Description = $"{description}, in the order of the images; - writes to standard output. The rows that are finished stay if the run is stopped.",
        HelpName = "FILE|-",
    };
}
