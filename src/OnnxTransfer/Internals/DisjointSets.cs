namespace OnnxTransfer.Internals;

/// <summary>Groups of numbers that grow together pair by pair (union and find, Tarjan 1975). The name of a group is its lowest member.</summary>
internal sealed class DisjointSets
{
    private readonly int[] _parents;

    internal DisjointSets(int count) => _parents = [.. Enumerable.Range(0, count)];

    /// <summary>The lowest member of the group of a number.</summary>
    internal int Find(int member)
    {
        while (_parents[member] != member)
        {
            _parents[member] = _parents[_parents[member]];
            member = _parents[member];
        }

        return member;
    }

    /// <summary>Makes one group of the groups of two numbers.</summary>
    internal void Join(int first, int second)
    {
        var (a, b) = (Find(first), Find(second));
        _parents[Math.Max(a, b)] = Math.Min(a, b);
    }

    /// <summary><c>[N]</c>, the name of every number's group.</summary>
    internal int[] Names() => [.. Enumerable.Range(0, _parents.Length).Select(Find)];
}
