namespace OnnxTransfer.Conversion.Internals;

/// <summary>Gives every name once. The work does not grow with the number of those who want the same name.</summary>
internal sealed class FreshNames
{
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    // The last number behind a name that several want.
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);

    /// <summary>A name that nothing has yet: the wanted one, or with the first free number behind it.</summary>
    internal string Take(string wanted)
    {
        var name = wanted;
        while (!_taken.Add(name)) name = $"{wanted}_{_numbers[wanted] = _numbers.GetValueOrDefault(wanted) + 1}";
        return name;
    }
}
