namespace OnnxTransfer.Training;

/// <summary>Rows set apart for validation, class by class so that both sides have the same mix, drawn by the seed.</summary>
internal static class HoldOut
{
    internal static (LabeledFeatures Training, LabeledFeatures Validation) Split(LabeledFeatures rows, double fraction, int seed)
    {
        var held = new List<int>();
        foreach (var group in ShuffledGroups(rows, seed))
        {
            // A class with one row is learned from, not judged by.
            var count = Math.Min(group.Length - 1, (int)Math.Round(group.Length * fraction, MidpointRounding.AwayFromZero));
            held.AddRange(group.Take(count));
        }

        if (held.Count == 0 || held.Count == rows.Count) Throw.TooFewRowsToHoldOut(fraction, rows.Count);
        return Apart(rows, held);
    }

    internal static IEnumerable<(LabeledFeatures Training, LabeledFeatures Validation)> Folds(LabeledFeatures rows, int foldCount, int seed)
    {
        var foldOfRow = FoldOfRow(rows, foldCount, seed);
        for (var fold = 0; fold < foldCount; fold++) yield return Apart(rows, [.. Enumerable.Range(0, rows.Count).Where(row => foldOfRow[row] == fold)]);
    }

    /// <summary><c>[N]</c>: the fold that each row is held out in.</summary>
    internal static int[] FoldOfRow(LabeledFeatures rows, int foldCount, int seed)
    {
        // Dealt out like cards, and the next class goes on where the last one ended: folds differ by one row at most.
        var foldOfRow = new int[rows.Count];
        foreach (var (place, row) in ShuffledGroups(rows, seed).SelectMany(group => group).Index()) foldOfRow[row] = place % foldCount;
        return foldOfRow;
    }

    private static (LabeledFeatures Training, LabeledFeatures Validation) Apart(LabeledFeatures rows, List<int> held)
    {
        held.Sort();
        var isHeld = new bool[rows.Count];
        foreach (var i in held) isHeld[i] = true;
        return (rows.Select([.. Enumerable.Range(0, rows.Count).Where(i => !isHeld[i])]), rows.Select(held));
    }

    /// <summary>The row numbers of each class, shuffled; of multiple labels there is one group.</summary>
    private static IEnumerable<int[]> ShuffledGroups(LabeledFeatures rows, int seed)
    {
        var random = new SeededRandom(seed, SeededRandom.Purpose.HoldOut);
        var labels = rows.LabelCount > 0 ? new int[rows.Count] : rows.Labels.ToArray();
        foreach (var group in Enumerable.Range(0, rows.Count).GroupBy(i => labels[i]).OrderBy(group => group.Key))
        {
            var members = group.ToArray();
            random.Shuffle(members);
            yield return members;
        }
    }
}
