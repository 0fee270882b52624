using OnnxTransfer.Internals;
using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Training.Tuning;

/// <summary>
/// Linear heads for several values of L2 and all folds. Each pass over the rows serves several values and every fold at once, as one
/// wide layer. Values go from the largest down, and a head starts where that of the same fold and the value before ended.
/// </summary>
internal static class PenaltyPath
{
    /// <summary>Outputs of a pass: enough for the kernels to be busy, few enough that a start near the end pays.</summary>
    private const int OutputsAtOnce = 128;

    private const double Tolerance = 2e-5;

    /// <param name="rows">All rows, one class each.</param>
    /// <param name="classCount">C.</param>
    /// <param name="foldOfRow"><c>[N]</c>: the fold each row is held out in.</param>
    /// <param name="values">L2 for all N rows, descending. A fold with n training rows gets <c>L2·N/n</c>: the same weight against the sum of the losses.</param>
    /// <param name="standardize">Whether features get mean 0 and deviation 1 over all rows, instead of mean 0 alone.</param>
    /// <param name="threads">As <see cref="TrainingOptions.Threads"/>.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns><c>[values][folds]</c>.</returns>
    internal static PathHead[][] Solve(
        LabeledFeatures rows, int classCount, int[] foldOfRow, IReadOnlyList<double> values, bool standardize, int threads, CancellationToken cancellationToken)
    {
        var foldCount = foldOfRow.Max() + 1;
        int[] held = [.. Enumerable.Range(0, foldCount).Select(fold => foldOfRow.Count(of => of == fold))];
        var map = Standardization.Of(rows.Features);
        double[] variances = [.. map.Scale.Select(scale => standardize ? scale == 0 ? 0 : 1.0 : scale == 0 ? 0 : 1 / ((double)scale * scale))];
        if (!standardize) map = Standardization.Center(rows.Features);
        using var team = new WorkerTeam(Cores.Count(threads));
        var path = new PathHead[values.Count][];
        var valuesAtOnce = Math.Max(1, OutputsAtOnce / (foldCount * classCount));
        for (var from = 0; from < values.Count; from += valuesAtOnce)
        {
            var to = Math.Min(values.Count, from + valuesAtOnce);
            for (var v = from; v < to; v++)
            {
                path[v] =
                [
                    .. Enumerable.Range(0, foldCount).Select(fold => new PathHead(
                        fold, rows.Count - held[fold], values[v] * rows.Count / (rows.Count - held[fold]), variances, classCount, from == 0 ? null : path[from - 1][fold], Tolerance)),
                ];
            }

            Solve(rows, classCount, foldOfRow, [.. path[from..to].SelectMany(heads => heads)], map, team, cancellationToken);
        }

        return path;
    }

    private static void Solve(
        LabeledFeatures rows, int classCount, int[] foldOfRow, IReadOnlyList<PathHead> heads, Standardization map, WorkerTeam team, CancellationToken cancellationToken)
    {
        int[] order = [.. Enumerable.Range(0, rows.Count)];
        // Heads that are done leave the layer when they are half of it.
        for (var active = heads.Where(head => !head.IsDone).ToArray(); active.Length > 0; active = [.. active.Where(head => !head.IsDone)])
        {
            var objective = new PathObjective(active, foldOfRow, classCount);
            var network = new Network<float>(
                new NetworkShape(rows.Features.Dim, [], active.Length * classCount), rows.Count, objective, default, new Dropout(0, 0), map, team);
            var layer = network.Layers[0];
            for (var isPacked = false; active.Count(head => !head.IsDone) > active.Length / 2; isPacked = true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                team.Run(active.Length, p => active[p].Write(layer, p * classCount));
                network.LossAndGradient(rows, order, 0, rows.Count, sameBatch: isPacked);
                team.Run(active.Length, p => active[p].Advance(layer, p * classCount, objective.Score(rows, p)));
            }
        }
    }
}
