using System.Runtime.InteropServices;

namespace OnnxTransfer.Training;

/// <summary>Finds the images that a classifier has already, by their vectors: a second copy would count twice, and could lie in another set than the first.</summary>
internal static class KnownRows
{
    /// <summary>The rows that are not among the kept ones, to the bit and with the same class; ascending.</summary>
    /// <param name="features">New rows <c>[N,D]</c>.</param>
    /// <param name="classes"><c>[N]</c>.</param>
    /// <param name="kept">The kept rows.</param>
    internal static IEnumerable<int> Except(FeatureMatrix features, IReadOnlyList<int> classes, KeptFeatures kept)
    {
        var known = Enumerable.Range(0, kept.Count).ToLookup(row => Hash(kept.Features.Row(row)));
        return Enumerable.Range(0, features.RowCount).Where(row => !known[Hash(features.Row(row))].Any(
            other => kept.Classes[other] == classes[row] && kept.Features.Row(other).SequenceEqual(features.Row(row))));
    }

    private static int Hash(ReadOnlySpan<float> row)
    {
        var hash = default(HashCode);
        hash.AddBytes(MemoryMarshal.AsBytes(row));
        return hash.ToHashCode();
    }
}
