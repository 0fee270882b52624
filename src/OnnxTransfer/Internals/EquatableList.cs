using System.Collections;
using System.Runtime.CompilerServices;

namespace OnnxTransfer.Internals;

/// <summary>
/// An immutable list that equals every list with equal elements in the same order. Records keep such lists, so that they compare by
/// value.
/// </summary>
internal sealed class EquatableList<T> : IReadOnlyList<T>, IEquatable<EquatableList<T>>
{
    private readonly T[] _items;

    internal EquatableList(T[] items) => _items = items;

    public int Count => _items.Length;

    public T this[int index] => _items[index];

    public bool Equals(EquatableList<T>? other) => other is not null && _items.AsSpan().SequenceEqual(other._items);

    public override bool Equals(object? obj) => obj is CountRow row ? row.Equals(this as IReadOnlyList<int>) : Equals(obj as EquatableList<T>);

    public override int GetHashCode() => EquatableList.Hash<T>(_items);

    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _items.GetEnumerator();

    /// <summary>The elements, for the text of a record and for a debugger.</summary>
    public override string ToString() => $"[{string.Join(", ", _items)}]";
}

/// <summary>Makes lists that compare by their elements.</summary>
internal static class EquatableList
{
    /// <summary>A copy of a list, which compares by its elements; the list itself where it does so and never changes.</summary>
    internal static IReadOnlyList<T> Of<T>(IReadOnlyList<T> list, [CallerArgumentExpression(nameof(list))] string name = "")
    {
        ArgumentNullException.ThrowIfNull(list, name);
        return list is EquatableList<T> or CountRow ? list : new EquatableList<T>([.. list]);
    }

    /// <summary>A copy of a list of lists, which compares by the elements of its lists.</summary>
    internal static IReadOnlyList<IReadOnlyList<T>> OfLists<T>(IReadOnlyList<IReadOnlyList<T>> lists, [CallerArgumentExpression(nameof(lists))] string name = "")
    {
        ArgumentNullException.ThrowIfNull(lists, name);
        return new EquatableList<IReadOnlyList<T>>([.. lists.Select(list => Of(list, name))]);
    }

    /// <summary>A hash of the elements in their order.</summary>
    internal static int Hash<T>(ReadOnlySpan<T> items)
    {
        var hash = new HashCode();
        foreach (var item in items) hash.Add(item);
        return hash.ToHashCode();
    }
}
