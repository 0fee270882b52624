using System.Collections;

namespace OnnxTransfer.Internals;

/// <summary>A long row of counts that are nearly all 0: only the others are kept. It compares by its elements, with lists as well. Immutable.</summary>
internal sealed class CountRow : IReadOnlyList<int>, IEquatable<IReadOnlyList<int>>
{
    private readonly int[] _places;
    private readonly int[] _counts;

    /// <param name="length">The length of the row.</param>
    /// <param name="counts">The counts that are not 0, by their places below the length.</param>
    internal CountRow(int length, IReadOnlyDictionary<int, int> counts)
    {
        Count = length;
        _places = [.. counts.Keys.Order()];
        _counts = [.. _places.Select(place => counts[place])];
    }

    public int Count { get; }

    public int this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return Array.BinarySearch(_places, index) is >= 0 and var at ? _counts[at] : 0;
        }
    }

    public bool Equals(IReadOnlyList<int>? other) => other is not null && Count == other.Count && this.SequenceEqual(other);

    public override bool Equals(object? obj) => Equals(obj as IReadOnlyList<int>);

    public override int GetHashCode() => EquatableList.Hash<int>([.. this]);

    public IEnumerator<int> GetEnumerator()
    {
        var next = 0;
        for (var i = 0; i < Count; i++) yield return next < _places.Length && _places[next] == i ? _counts[next++] : 0;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"[{string.Join(", ", this)}]";
}
