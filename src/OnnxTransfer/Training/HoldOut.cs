namespace OnnxTransfer.Training;

/// <summary>
/// Rows set apart for validation, class by class so that both sides have the same mix, drawn by the seed. Rows of one group
/// (<see cref="LabeledFeatures.Groups"/>) are drawn as one, for the class of the first of them.
/// </summary>
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

        held = WithGroups(rows, held);
        if (held.Count == 0 || held.Count == rows.Count) Throw.TooFewRowsToHoldOut(fraction, rows.Count);
        return Apart(rows, held);
    }

    internal static IEnumerable<(LabeledFeatures Training, LabeledFeatures Validation)> Folds(LabeledFeatures rows, int foldCount, int seed) =>
        FoldRows(rows, foldCount, seed).Select(held => Apart(rows, held));

    /// <summary>The rows that each fold holds out, ascending.</summary>
    internal static IEnumerable<List<int>> FoldRows(LabeledFeatures rows, int foldCount, int seed)
    {
        // Dealt out like cards, and the next class goes on where the last one ended: folds differ by one row or group at most.
        var dealt = ShuffledGroups(rows, seed).SelectMany(group => group).ToArray();
        if (dealt.Length < foldCount) Throw.TooFewGroupsForFolds(foldCount, dealt.Length);
        for (var fold = 0; fold < foldCount; fold++) yield return WithGroups(rows, [.. dealt.Where((_, i) => i % foldCount == fold)]);
    }

    /// <summary><c>[N]</c>: the fold that each row is held out in.</summary>
    internal static int[] FoldOfRow(LabeledFeatures rows, int foldCount, int seed)
    {
        var foldOfRow = new int[rows.Count];
        foreach (var (fold, held) in FoldRows(rows, foldCount, seed).Index())
            foreach (var row in held) foldOfRow[row] = fold;
        return foldOfRow;
    }

    /// <summary>The drawn rows and all others of their groups, ascending.</summary>
    private static List<int> WithGroups(LabeledFeatures rows, List<int> drawn)
    {
        drawn.Sort();
        if (rows.Groups is not { } groups) return drawn;
        var names = drawn.Select(row => groups[row]).ToHashSet();
        return [.. Enumerable.Range(0, rows.Count).Where(row => names.Contains(groups[row]))];
    }

    private static (LabeledFeatures Training, LabeledFeatures Validation) Apart(LabeledFeatures rows, List<int> held)
    {
        var isHeld = new bool[rows.Count];
        foreach (var i in held) isHeld[i] = true;
        return (rows.Select([.. Enumerable.Range(0, rows.Count).Where(i => !isHeld[i])]), rows.Select(held));
    }

    /// <summary>The row numbers of each class, shuffled; with multiple labels all rows are one class. A group has only its first row.</summary>
    private static IEnumerable<int[]> ShuffledGroups(LabeledFeatures rows, int seed)
    {
        var random = new SeededRandom(seed, SeededRandom.Purpose.HoldOut);
        var labels = rows.LabelCount > 0 ? new int[rows.Count] : rows.Labels.ToArray();
        var seen = new HashSet<int>();
        var first = Enumerable.Range(0, rows.Count).Where(i => rows.Groups is not { } groups || seen.Add(groups[i]));
        foreach (var group in first.GroupBy(i => labels[i]).OrderBy(group => group.Key))
        {
            var members = group.ToArray();
            random.Shuffle(members);
            yield return members;
        }
    }
}
