namespace OnnxTransfer.Training;

/// <summary>
/// Rows set apart for validation, class by class so that both sides have the same mix, drawn by the seed. Rows of one group
/// (<see cref="LabeledFeatures.Groups"/>) are drawn as one, for the class of the first of them.
/// </summary>
internal static class HoldOut
{
    internal static (LabeledFeatures Training, LabeledFeatures Validation) Split(LabeledFeatures rows, double fraction, int seed) =>
        Apart(rows, Held(LabelsOf(rows), rows.Groups, fraction, seed));

    /// <summary>The rows that are set apart, ascending.</summary>
    /// <param name="labels"><c>[N]</c>.</param>
    /// <param name="groups"><c>[N]</c>, or null.</param>
    /// <param name="fraction">The part of each class.</param>
    /// <param name="seed">What draws them.</param>
    internal static List<int> Held(IReadOnlyList<int> labels, IReadOnlyList<int>? groups, double fraction, int seed)
    {
        var held = new List<int>();
        foreach (var group in ShuffledGroups(labels, groups, seed))
        {
            // A class with one row is learned from, not judged by.
            var count = Math.Min(group.Length - 1, (int)Math.Round(group.Length * fraction, MidpointRounding.AwayFromZero));
            held.AddRange(group.Take(count));
        }

        held = WithGroups(groups, labels.Count, held);
        if (held.Count == 0 || held.Count == labels.Count) Throw.TooFewRowsToHoldOut(fraction, labels.Count);
        return held;
    }

    internal static IEnumerable<(LabeledFeatures Training, LabeledFeatures Validation)> Folds(LabeledFeatures rows, int foldCount, int seed) =>
        FoldRows(rows, foldCount, seed).Select(held => Apart(rows, held));

    /// <summary>The rows that each fold holds out, ascending.</summary>
    internal static IEnumerable<List<int>> FoldRows(LabeledFeatures rows, int foldCount, int seed) => FoldRows(LabelsOf(rows), rows.Groups, foldCount, seed);

    private static IEnumerable<List<int>> FoldRows(IReadOnlyList<int> labels, IReadOnlyList<int>? groups, int foldCount, int seed)
    {
        // Dealt out like cards, and the next class goes on where the last one ended: folds differ by one row or group at most.
        var dealt = ShuffledGroups(labels, groups, seed).SelectMany(group => group).ToArray();
        if (dealt.Length < foldCount) Throw.TooFewGroupsForFolds(foldCount, dealt.Length);
        for (var fold = 0; fold < foldCount; fold++) yield return WithGroups(groups, labels.Count, [.. dealt.Where((_, i) => i % foldCount == fold)]);
    }

    /// <summary><c>[N]</c>: the fold that each row is held out in.</summary>
    internal static int[] FoldOfRow(LabeledFeatures rows, int foldCount, int seed) => FoldOfRow(LabelsOf(rows), rows.Groups, foldCount, seed);

    /// <inheritdoc cref="FoldOfRow(LabeledFeatures, int, int)"/>
    internal static int[] FoldOfRow(IReadOnlyList<int> labels, IReadOnlyList<int>? groups, int foldCount, int seed)
    {
        var foldOfRow = new int[labels.Count];
        foreach (var (fold, held) in FoldRows(labels, groups, foldCount, seed).Index())
            foreach (var row in held) foldOfRow[row] = fold;
        return foldOfRow;
    }

    /// <summary>The drawn rows and all others of their groups, ascending.</summary>
    private static List<int> WithGroups(IReadOnlyList<int>? groups, int rowCount, List<int> drawn)
    {
        drawn.Sort();
        if (groups is null) return drawn;
        var names = drawn.Select(row => groups[row]).ToHashSet();
        return [.. Enumerable.Range(0, rowCount).Where(row => names.Contains(groups[row]))];
    }

    private static (LabeledFeatures Training, LabeledFeatures Validation) Apart(LabeledFeatures rows, List<int> held)
    {
        var isHeld = new bool[rows.Count];
        foreach (var i in held) isHeld[i] = true;
        return (rows.Select([.. Enumerable.Range(0, rows.Count).Where(i => !isHeld[i])]), rows.Select(held));
    }

    /// <summary>The row numbers of each class, shuffled; with multiple labels all rows are one class. A group has only its first row.</summary>
    private static IEnumerable<int[]> ShuffledGroups(IReadOnlyList<int> labels, IReadOnlyList<int>? groups, int seed)
    {
        var random = new SeededRandom(seed, SeededRandom.Purpose.HoldOut);
        var seen = new HashSet<int>();
        var first = Enumerable.Range(0, labels.Count).Where(i => groups is null || seen.Add(groups[i]));
        foreach (var group in first.GroupBy(i => labels[i]).OrderBy(group => group.Key))
        {
            var members = group.ToArray();
            random.Shuffle(members);
            yield return members;
        }
    }

    private static int[] LabelsOf(LabeledFeatures rows) => rows.LabelCount > 0 ? new int[rows.Count] : rows.Labels.ToArray();
}
