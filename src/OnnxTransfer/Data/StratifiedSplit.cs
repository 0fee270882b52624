using OnnxTransfer.Internals;

namespace OnnxTransfer.Data;

/// <summary>
/// Divides images into training, validation and test so that every class has the requested proportions, to within one image.
/// </summary>
/// <remarks>
/// For a class with n images, each part gets n times its fraction, rounded down or up. The remaining images go to the parts with the
/// largest remainder. The rounding error of a part is carried to the next class, so that ten classes of five images at 80/10/10 give
/// five images to validation and five to test. Every class has at least one image for training. A shuffle within the class decides the
/// part of each image. It depends only on the seed, not on the machine. Images of one group are drawn as one image, of the class of the first
/// of them, and go to one part: the proportions then hold for the groups.
/// </remarks>
internal sealed class StratifiedSplit
{
    private const long Scale = 1_000_000;

    private StratifiedSplit(IReadOnlyList<int>[] parts)
    {
        Train = parts[0];
        Validation = parts[1];
        Test = parts[2];
    }

    /// <summary>Indices of the images for training, ascending.</summary>
    public IReadOnlyList<int> Train { get; }

    /// <summary>Indices of the images for validation, ascending; empty if the percentage is 0.</summary>
    public IReadOnlyList<int> Validation { get; }

    /// <summary>Indices of the images for test, ascending; empty if the percentage is 0.</summary>
    public IReadOnlyList<int> Test { get; }

    /// <summary>Divides a list of images, class by class.</summary>
    /// <param name="classIndices"><c>[N]</c> the class of every image, each at least 0. The order changes the result.</param>
    /// <param name="fractions">The proportions.</param>
    /// <param name="seed">The same seed gives the same split, on every machine and version of .NET.</param>
    /// <param name="groups"><c>[N]</c>, the same number for images that stay together; null for none.</param>
    /// <exception cref="ArgumentOutOfRangeException">A class index is negative.</exception>
    public static StratifiedSplit Create(IReadOnlyList<int> classIndices, SplitPercentages fractions, int seed, IReadOnlyList<int>? groups = null)
    {
        ArgumentNullException.ThrowIfNull(classIndices);
        ArgumentNullException.ThrowIfNull(fractions);
        long[] weights = [Weight(fractions.Train), Weight(fractions.Validation), Weight(fractions.Test)];
        var carry = new long[3];
        List<int>[] parts = [[], [], []];
        foreach (var (classIndex, members) in ByClass(classIndices, groups))
        {
            new SplitMix64(((ulong)(uint)classIndex << 32) | (uint)seed).Shuffle(members);
            var counts = Counts(members.Length, weights, carry);
            var next = 0;
            for (var part = 0; part < 3; part++)
            {
                parts[part].AddRange(members.AsSpan(next, counts[part]));
                next += counts[part];
            }
        }

        if (groups is not null) Gather(parts, classIndices, groups);
        foreach (var part in parts) part.Sort();
        return new StratifiedSplit([parts[0].AsReadOnly(), parts[1].AsReadOnly(), parts[2].AsReadOnly()]);
    }

    /// <summary>In integers, because 0.1 * 30 is not 3 in binary.</summary>
    private static long Weight(double percent) => (long)Math.Round(percent / 100 * Scale);

    /// <summary>Brings all images of a group to the part of its first image. A class that would be left without training images gets its first group back.</summary>
    private static void Gather(List<int>[] parts, IReadOnlyList<int> classIndices, IReadOnlyList<int> groups)
    {
        var partOf = new Dictionary<int, int>();
        for (var part = 0; part < parts.Length; part++)
        {
            foreach (var image in parts[part]) partOf[groups[image]] = part;
        }

        var trained = Enumerable.Range(0, groups.Count).Where(image => partOf[groups[image]] == 0).Select(image => classIndices[image]).ToHashSet();
        for (var image = 0; image < groups.Count; image++)
        {
            if (trained.Contains(classIndices[image])) continue;
            partOf[groups[image]] = 0;
            trained.UnionWith(Enumerable.Range(0, groups.Count).Where(other => groups[other] == groups[image]).Select(other => classIndices[other]));
        }

        foreach (var part in parts) part.Clear();
        for (var image = 0; image < groups.Count; image++) parts[partOf[groups[image]]].Add(image);
    }

    private static IEnumerable<(int ClassIndex, int[] Members)> ByClass(IReadOnlyList<int> classIndices, IReadOnlyList<int>? groups)
    {
        var byClass = new SortedDictionary<int, List<int>>();
        var seen = new HashSet<int>();
        for (var i = 0; i < classIndices.Count; i++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(classIndices[i], nameof(classIndices));
            if (groups is not null && !seen.Add(groups[i])) continue;
            if (!byClass.TryGetValue(classIndices[i], out var members)) byClass.Add(classIndices[i], members = []);
            members.Add(i);
        }

        return byClass.Select(pair => (pair.Key, pair.Value.ToArray()));
    }

    /// <summary>How many of a class's n images each part gets; <paramref name="carry"/> is what parts are still owed, in image * sum of weights.</summary>
    private static int[] Counts(int n, long[] weights, long[] carry)
    {
        var sum = weights.Sum();
        var counts = weights.Select(weight => (int)(n * weight / sum)).ToArray();
        var left = n - counts.Sum();
        var byNeed = Enumerable.Range(0, 3)
            .Where(part => n * weights[part] % sum > 0)
            .OrderByDescending(part => n * weights[part] % sum + carry[part]);
        foreach (var part in byNeed.Take(left)) counts[part]++;
        if (counts[0] == 0)
        {
            counts[counts[1] >= counts[2] ? 1 : 2]--;
            counts[0] = 1;
        }

        for (var part = 0; part < 3; part++) carry[part] += n * weights[part] - counts[part] * sum;
        return counts;
    }
}
