using OnnxTransfer.Cli.Commands;

namespace OnnxTransfer.Cli.Output;

/// <summary>Predicts a list of images and prints what came out, images that could not be used included.</summary>
internal static class PredictionOutput
{
    internal static async Task<int> RunAsync(ImageClassifier classifier, string[] images, int top, bool json, CancellationToken cancellationToken)
    {
        var predictions = await classifier.PredictAsync(ImageInput.FromFiles(images), cancellationToken: cancellationToken).ConfigureAwait(false);
        if (json) JsonOutput.Write([.. predictions.Select(prediction => ToJson(prediction, top))], JsonContracts.Default.IReadOnlyListPredictionJson);
        else Print(predictions, top);

        CommonOptions.WarnDoubtful([.. predictions.SelectMany(prediction => prediction.Warnings.Select(text => new ImageWarning(prediction.Id, text)))]);
        var failed = predictions.Where(prediction => prediction.Error is not null).ToList();
        foreach (var prediction in failed) Console.Error.WriteLine($"error: {prediction.Id}: {prediction.Error}");
        return failed.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static void Print(IReadOnlyList<ImagePrediction> predictions, int top)
    {
        var rows = predictions.Where(prediction => prediction.Prediction is not null).SelectMany(prediction =>
            prediction.Prediction!.Top(top).Select((item, rank) => (IReadOnlyList<string>)
                [rank == 0 ? prediction.Id : "", item.Label, Table.Number(item.Index, "0"), Table.Percent(item.Probability)])).ToList();
        if (rows.Count > 0) Table.Write(["image", "label", "index", "probability"], rows);
    }

    private static PredictionJson ToJson(ImagePrediction image, int top) => image.Prediction is { } prediction
        ? new PredictionJson(
            image.Id, prediction.Label, prediction.Index, prediction.Probability,
            [.. prediction.Top(top).Select(item => new TopJson(item.Label, item.Index, item.Probability))], null, false, image.Warnings)
        : new PredictionJson(image.Id, null, null, null, null, image.Error, image.TimedOut, image.Warnings);
}
