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

    /// <summary>Rows of a batch where not all are in memory.</summary>
    private const int RowsOfAWindow = 2048;

    /// <param name="rows">All rows, one class each.</param>
    /// <param name="classCount">C.</param>
    /// <param name="foldOfRow"><c>[N]</c>: the fold each row is held out in.</param>
    /// <param name="values">L2 for all N rows, descending. A fold with n training rows gets <c>L2·N/n</c>: the same weight against the sum of the losses.</param>
    /// <param name="standardize">Whether features get mean 0 and deviation 1 over all rows, instead of mean 0 alone.</param>
    /// <param name="threads">As <see cref="TrainingOptions.Threads"/>.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns><c>[values][folds]</c>.</returns>
    internal static PathHead[][] Solve(
        TrainingRows rows, int classCount, int[] foldOfRow, IReadOnlyList<double> values, bool standardize, int threads, CancellationToken cancellationToken)
    {
        var foldCount = foldOfRow.Max() + 1;
        int[] held = [.. Enumerable.Range(0, foldCount).Select(fold => foldOfRow.Count(of => of == fold))];
        var map = Standardization.Of(rows.Moments);
        double[] variances = [.. map.Scale.Select(scale => standardize ? scale == 0 ? 0 : 1.0 : scale == 0 ? 0 : 1 / ((double)scale * scale))];
        if (!standardize) map = Standardization.Center(rows.Moments);
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
                        fold, (int)rows.Count - held[fold], values[v] * rows.Count / (rows.Count - held[fold]), variances, classCount, from == 0 ? null : path[from - 1][fold], Tolerance)),
                ];
            }

            Solve(rows, classCount, foldOfRow, [.. path[from..to].SelectMany(heads => heads)], map, team, cancellationToken);
        }

        return path;
    }

    private static void Solve(
        TrainingRows rows, int classCount, int[] foldOfRow, IReadOnlyList<PathHead> heads, Standardization map, WorkerTeam team, CancellationToken cancellationToken)
    {
        var rowsAtOnce = (int)Math.Min(rows.Count, rows.Whole is null ? RowsOfAWindow : int.MaxValue);
        // Heads that are done leave the layer when they are half of it.
        for (var active = heads.Where(head => !head.IsDone).ToArray(); active.Length > 0; active = [.. active.Where(head => !head.IsDone)])
        {
            var objective = new PathObjective(active, foldOfRow, classCount, rowsAtOnce);
            var network = new Network<float>(
                new NetworkShape(rows.Dim, [], active.Length * classCount), rowsAtOnce, objective, default, new Dropout(0, 0), map, team);
            var layer = network.Layers[0];
            var gradient = rows.Whole is null ? new GradientSum(network.Layers) : null;
            for (var isPacked = false; active.Count(head => !head.IsDone) > active.Length / 2; isPacked = gradient is null)
            {
                cancellationToken.ThrowIfCancellationRequested();
                team.Run(active.Length, p => active[p].Write(layer, p * classCount));
                Pass(rows, network, objective, gradient, isPacked, p => team.Run(active.Length, p), cancellationToken);
                team.Run(active.Length, p => active[p].Advance(layer, p * classCount, objective.Score(p)));
            }
        }
    }

    /// <summary>The losses and gradients of all heads over all rows.</summary>
    private static void Pass(
        TrainingRows rows, Network<float> network, PathObjective objective, GradientSum? gradient, bool isPacked, Action<Action<int>> forEachHead, CancellationToken cancellationToken)
    {
        objective.BeginPass();
        gradient?.Clear();
        foreach (var (features, order, first) in rows.Pass())
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (var start = 0; start < order.Length; start += network.MaxRows)
            {
                var count = Math.Min(network.MaxRows, order.Length - start);
                objective.BeginBatch(first, start);
                network.LossAndGradient(features, order, start, count, sameBatch: isPacked);
                forEachHead(head => objective.EndBatch(features, count, head));
                // The factor of each row is in the objective.
                gradient?.Add(1);
            }
        }

        gradient?.Store();
    }
}
