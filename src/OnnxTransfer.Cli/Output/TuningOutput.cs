namespace OnnxTransfer.Cli.Output;

/// <summary>The curve of a tuning, as a table and as JSON.</summary>
internal static class TuningOutput
{
    internal static void Print(TuningResult result)
    {
        Table.Write(
            ["features", "L2", "log loss", "±", "accuracy", "±", ""],
            [.. result.Points.Select(point => (IReadOnlyList<string>)
            [
                point.Standardize ? "standardized" : "plain", Number(point.L2), Table.Number(point.Loss, "0.0000"), Table.Number(point.LossError, "0.0000"),
                Table.Percent(point.Accuracy), Table.Percent(point.AccuracyError), Mark(result, point),
            ])]);
        foreach (var layer in result.HiddenLayers)
            Console.Out.WriteLine($"hidden layer of {layer.Units}: log loss {Table.Number(layer.Loss, "0.0000")} ± {Table.Number(layer.LossError, "0.0000")}, accuracy {Table.Percent(layer.Accuracy)} ± {Table.Percent(layer.AccuracyError)}");
        Console.Out.WriteLine();
        Console.Out.WriteLine($"chosen: {Describe(result)}");
        Console.Out.WriteLine($"nearest neighbors, without a head: accuracy {Table.Percent(result.NeighborAccuracy.Mean)} ± {Table.Percent(result.NeighborAccuracy.StandardError)}");
        if (result.IsAtTheEnd) Console.Error.WriteLine("warning: the chosen L2 is the last of the values that were tried; a better one may lie beyond.");
    }

    /// <summary>The choice in a line, as options of <c>train</c> and as scores.</summary>
    internal static string Describe(TuningResult result) => result.ChosenHiddenLayer is { } layer
        ? $"--hidden {layer.Units}, log loss {Table.Number(layer.Loss, "0.0000")} ± {Table.Number(layer.LossError, "0.0000")}, accuracy {Table.Percent(layer.Accuracy)} ± {Table.Percent(layer.AccuracyError)}; the best linear head has a log loss of {Table.Number(result.Best.Loss, "0.0000")} ± {Table.Number(result.Best.LossError, "0.0000")}"
        :
        $"--optimizer lbfgs --l2 {Number(result.Chosen.L2)}{(result.Chosen.Standardize ? " --standardize" : "")}, log loss {Table.Number(result.Chosen.Loss, "0.0000")} ± {Table.Number(result.Chosen.LossError, "0.0000")}, accuracy {Table.Percent(result.Chosen.Accuracy)} ± {Table.Percent(result.Chosen.AccuracyError)}";

    internal static TuningJson ToJson(TuningResult result) => new(
        [.. result.Points.Select(ToJson)], ToJson(result.Best), ToJson(result.Simplest), ToJson(result.Chosen),
        new FoldMeanJson(result.NeighborAccuracy.Mean, result.NeighborAccuracy.StandardError), result.HiddenLayers, result.ChosenHiddenLayer);

    private static TuningPointJson ToJson(TuningPoint point) => new(point.L2, point.Standardize, point.Loss, point.LossError, point.Accuracy, point.AccuracyError);

    private static string Number(double value) => Table.Number(value, "G4");

    private static string Mark(TuningResult result, TuningPoint point) =>
        ReferenceEquals(point, result.Chosen) ? "chosen" : ReferenceEquals(point, result.Best) ? "best" : ReferenceEquals(point, result.Simplest) ? "one error" : "";
}

internal sealed record TuningJson(
    IReadOnlyList<TuningPointJson> Points, TuningPointJson Best, TuningPointJson Simplest, TuningPointJson Chosen, FoldMeanJson NeighborAccuracy,
    IReadOnlyList<HiddenLayerPoint> HiddenLayers, HiddenLayerPoint? ChosenHiddenLayer);

internal sealed record TuningPointJson(double L2, bool Standardize, double Loss, double LossError, double Accuracy, double AccuracyError);
