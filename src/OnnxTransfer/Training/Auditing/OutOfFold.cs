namespace OnnxTransfer.Training.Auditing;

/// <summary>Probabilities of every row by a head that did not learn from it: the rows are held out fold by fold.</summary>
internal static class OutOfFold
{
    /// <summary>Rows that a head learns from at most: more would take memory and time, and change little about a linear head.</summary>
    private const int MostRows = 20_000;

    /// <summary>The head: linear, on standardized features, at the optimum. The penalty is strong because single wrong labels must not be learned.</summary>
    private static readonly TrainingOptions s_head = new() { Optimizer = Optimizer.Lbfgs(200, 1e-4), Standardize = true, L2 = 0.3 };

    /// <summary><c>[N][C]</c>. A class that the other folds lack has the probability 0.</summary>
    /// <param name="rows">The rows; rows of one group are in one fold.</param>
    /// <param name="classCount">C, at least 2.</param>
    /// <param name="foldCount">k, from 2 to N.</param>
    /// <param name="seed">What draws the folds.</param>
    /// <param name="progress">Receives the folds that are done.</param>
    /// <param name="cancellationToken">Stops between two folds.</param>
    internal static float[][] Probabilities(
        LabeledFeatures rows, int classCount, int foldCount, int seed, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var probabilities = new float[rows.Count][];
        var folds = HoldOut.FoldRows(rows, foldCount, seed).ToList();
        for (var fold = 0; fold < folds.Count; fold++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int[] learned = [.. folds.Where((_, other) => other != fold).SelectMany(other => other).Order()];
            if (learned.Length > MostRows) learned = [.. Enumerable.Range(0, MostRows).Select(i => learned[(int)((long)i * learned.Length / MostRows)])];
            Score(rows, learned, folds[fold], classCount, seed, probabilities, cancellationToken);
            progress?.Report(new WorkProgress(fold + 1, folds.Count));
        }

        return probabilities;
    }

    private static void Score(
        LabeledFeatures rows, int[] learned, IReadOnlyList<int> held, int classCount, int seed, float[][] probabilities, CancellationToken cancellationToken)
    {
        int[] present = [.. learned.Select(row => rows.Labels[row]).Distinct().Order()];
        if (present.Length == 1)
        {
            foreach (var row in held) (probabilities[row] = new float[classCount])[present[0]] = 1;
            return;
        }

        var training = new LabeledFeatures(rows.Features.Select(learned), [.. learned.Select(row => Array.BinarySearch(present, rows.Labels[row]))]);
        var head = HeadTrainer.Train(training, present.Length, s_head with { Seed = seed }, cancellationToken: cancellationToken).Head;
        cancellationToken.ThrowIfCancellationRequested();
        Parallel.ForEach(held, row =>
        {
            var scores = head.Probabilities(rows.Features.Row(row));
            probabilities[row] = new float[classCount];
            for (var i = 0; i < present.Length; i++) probabilities[row][present[i]] = scores[i];
        });
    }
}
