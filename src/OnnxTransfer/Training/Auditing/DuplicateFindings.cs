using OnnxTransfer.Internals;

namespace OnnxTransfer.Training.Auditing;

/// <summary>What exact and near duplicates mean for a dataset: copies, leaks between its sets, and contradictions between its labels.</summary>
/// <param name="images">The usable images, in the order of the rows.</param>
/// <param name="firstOf"><c>[N]</c>, the first row with the same content as each row.</param>
/// <param name="near">Near duplicates among first rows.</param>
internal sealed class DuplicateFindings(IReadOnlyList<CheckedImage> images, int[] firstOf, IReadOnlyList<DuplicatePair> near)
{
    /// <summary>The rows of each content, by its first row.</summary>
    private readonly ILookup<int, int> _copies = Enumerable.Range(0, firstOf.Length).ToLookup(row => firstOf[row]);

    /// <summary><c>[N]</c>, the groups of rows that must stay together.</summary>
    internal int[] Groups()
    {
        var sets = new DisjointSets(firstOf.Length);
        for (var row = 0; row < firstOf.Length; row++) sets.Join(row, firstOf[row]);
        foreach (var pair in near) sets.Join(pair.First, pair.Second);
        return sets.Names();
    }

    internal IEnumerable<DatasetFinding> Find()
    {
        foreach (var copies in _copies.Where(copies => copies.Skip(1).Any()))
        {
            foreach (var row in copies.Skip(1)) yield return Pair(FindingKind.Duplicate, row, copies.Key, 1, "The file has the same content, byte for byte.");
            foreach (var finding in Between([.. copies], [.. copies], 1, isExact: true)) yield return finding;
        }

        foreach (var pair in near)
        {
            yield return Pair(
                FindingKind.NearDuplicate, pair.Second, pair.First, pair.Cosine, FormattableString.Invariant($"The same picture in another version: cosine {pair.Cosine:0.000}, pixels agree to {pair.Agreement:0.000}."));
            foreach (var finding in Between([.. _copies[pair.First]], [.. _copies[pair.Second]], pair.Cosine, isExact: false)) yield return finding;
        }
    }

    /// <summary>Each combination of sets and each combination of labels once, by its first images: copies of copies say nothing new.</summary>
    private IEnumerable<DatasetFinding> Between(IReadOnlyList<int> rows, IReadOnlyList<int> others, double cosine, bool isExact)
    {
        foreach (var (a, b) in Combinations(rows, others, row => images[row].Split))
        {
            // Images without a set beside a given set are those to train on.
            var (early, late) = images[a].Split < images[b].Split ? (a, b) : (b, a);
            yield return DatasetFinding.OfLeak(images[late], images[early], cosine, isExact);
        }

        foreach (var (a, b) in Combinations(rows, others, row => images[row].Label))
        {
            yield return Pair(
                FindingKind.Contradiction, Math.Max(a, b), Math.Min(a, b), cosine, $"The {(isExact ? "same file" : "same picture in another version")} is '{images[Math.Min(a, b)].Label}' there and '{images[Math.Max(a, b)].Label}' here.");
        }
    }

    private static IEnumerable<(int A, int B)> Combinations<TKey>(IReadOnlyList<int> rows, IReadOnlyList<int> others, Func<int, TKey> keyOf)
        where TKey : notnull
    {
        var seen = new HashSet<(TKey, TKey)>();
        foreach (var a in rows.DistinctBy(keyOf))
        {
            foreach (var b in others.DistinctBy(keyOf))
            {
                if (!keyOf(a).Equals(keyOf(b)) && !seen.Contains((keyOf(b), keyOf(a))) && seen.Add((keyOf(a), keyOf(b)))) yield return (a, b);
            }
        }
    }

    private DatasetFinding Pair(FindingKind kind, int row, int other, double score, string text) => new(kind, images[row], text) { Other = images[other], Score = score };
}
