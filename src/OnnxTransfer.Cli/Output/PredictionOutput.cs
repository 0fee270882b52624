using System.Diagnostics;
using OnnxTransfer.Cli.Commands;

namespace OnnxTransfer.Cli.Output;

/// <summary>Predicts any number of images and writes the rows as they come, images that could not be used included.</summary>
/// <param name="shape">The classifier, and what a row shows.</param>
/// <param name="csv">A file for comma-separated rows, - for standard output; null for none.</param>
/// <param name="lines">A file for lines of JSON, - for standard output; null for none.</param>
/// <param name="html">A page of pictures with their classes; null for none.</param>
/// <param name="json">Whether one JSON document goes to standard output.</param>
internal sealed class PredictionOutput(RowShape shape, string? csv, string? lines, string? html, bool json)
{
    /// <summary>As many findings are named where a file has them all.</summary>
    private const int MostNamed = 20;

    /// <summary>As many pictures as a page has at most.</summary>
    private const int MostPictures = 150;

    private readonly List<ImageWarning> _warnings = [];
    private readonly List<string> _errors = [];
    private readonly EvenSample _sample = new(MostPictures);
    private long _count, _failed, _doubtful;

    private string? Files => (csv, lines) switch
    {
        ("-" or null, "-" or null) => null,
        (not ("-" or null), not ("-" or null)) => $"{csv} and {lines}",
        _ => csv is "-" or null ? lines : csv,
    };

    internal async Task<int> RunAsync(ImageInputs images, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var isCanceled = false;
        using (var rows = new PredictionRows(Writers()))
        {
            try
            {
                var onTerminal = (json || Files is null || csv == "-" || lines == "-") && !Console.IsOutputRedirected;
                await Progress.RunAsync("Predicting", report => WriteAsync(rows, images, report, cancellationToken), isShown: !onTerminal).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                isCanceled = true;
            }
        }

        if (html is not null && !isCanceled) await shape.Classifier.WriteReportAsync(html, _sample.Rows, _sample.Count, cancellationToken).ConfigureAwait(false);
        CommonOptions.WarnDoubtful(_warnings);
        if (_doubtful > _warnings.Count) Console.Error.WriteLine($"  and {_doubtful - _warnings.Count} more images with warnings");
        foreach (var error in _errors) Console.Error.WriteLine($"error: {error}");
        if (_failed > _errors.Count) Console.Error.WriteLine($"error: and {_failed - _errors.Count} more images that could not be used");
        if (isCanceled)
        {
            Console.Error.WriteLine($"canceled after {_count} images{(Files is { } kept ? $"; their rows are in {kept}" : "")}");
            return ExitCode.Canceled;
        }

        if (Files is { } files && !json && csv != "-" && lines != "-")
        {
            var seconds = clock.Elapsed.TotalSeconds;
            Console.Out.WriteLine($"{_count} images in {Table.Number(seconds, "0.0")} s ({Table.Number(_count / seconds, "0")} images/s), {_failed} could not be used, saved {files}");
        }

        return _failed == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private IEnumerable<IPredictionWriter> Writers()
    {
        if (csv is not null) yield return new PredictionCsv(RowFile.Open(csv), shape);
        if (lines is not null) yield return new PredictionLines(RowFile.Open(lines), shape);
        if (json) yield return new PredictionArray(shape);
        else if (csv is null && lines is null) yield return new PredictionTable(shape);
    }

    private async Task<long> WriteAsync(PredictionRows rows, ImageInputs images, IProgress<WorkProgress>? report, CancellationToken cancellationToken)
    {
        await foreach (var row in PredictAsync(images, cancellationToken).ConfigureAwait(false))
        {
            rows.Write(row);
            if (html is not null) _sample.Add(row);
            _count++;
            Note(row);
            report?.Report(new WorkProgress(_count, images.Count ?? 0));
        }

        return _count;
    }

    private IAsyncEnumerable<ImagePrediction> PredictAsync(ImageInputs images, CancellationToken cancellationToken)
    {
        return images is { Count: 1, Images: IReadOnlyList<ImageInput> one } ? OneAsync(one) : shape.Classifier.PredictStreamAsync(images.Images, cancellationToken: cancellationToken);

        // One image needs no pipeline, whose start takes longer in a fresh process than the image.
        async IAsyncEnumerable<ImagePrediction> OneAsync(IReadOnlyList<ImageInput> image)
        {
            yield return (await shape.Classifier.PredictAsync(image, cancellationToken: cancellationToken).ConfigureAwait(false))[0];
        }
    }

    private void Note(ImagePrediction row)
    {
        var most = Files is null ? int.MaxValue : MostNamed;
        if (row.Error is not null)
        {
            _failed++;
            if (_errors.Count < most) _errors.Add($"{row.Id}: {row.Error}");
        }

        if (row.Warnings.Count == 0) return;
        _doubtful++;
        if (_warnings.Count < most) _warnings.AddRange(row.Warnings.Select(text => new ImageWarning(row.Id, text)));
    }
}
