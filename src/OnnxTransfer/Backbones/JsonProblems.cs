namespace OnnxTransfer.Backbones;

/// <summary>What is wrong with a JSON file, field by field, so that a reader learns everything at once.</summary>
/// <param name="origin">The file, or where else the text comes from.</param>
/// <param name="lines">The line of each field; empty for a text that was not read from a file.</param>
internal sealed class JsonProblems(string origin, IReadOnlyDictionary<string, int> lines)
{
    private readonly Dictionary<string, string> _found = new(StringComparer.Ordinal);

    /// <summary>The file, or where else the text comes from.</summary>
    internal string Origin => origin;

    /// <summary>How often a problem was noted, a second one of the same field included: it grows with every check that fails.</summary>
    internal int Count { get; private set; }

    /// <summary>Notes a problem. A field has one: a wrong one is not also missing.</summary>
    /// <param name="field">The path of the field, such as <c>preprocess.std</c>.</param>
    /// <param name="sentence">What follows "the field 'preprocess.std'", without a period.</param>
    internal void Add(string field, string sentence)
    {
        Count++;
        _found.TryAdd(field, $"{Line(field)}the field '{field}' {sentence}");
    }

    /// <exception cref="InvalidModelException">There are problems; the message has all of them.</exception>
    internal void ThrowIfAny()
    {
        if (_found.Count > 0) throw Throw.JsonProblems(origin, [.. _found.Values]);
    }

    private string Line(string field) => lines.TryGetValue(field, out var line) ? $"line {line}: " : "";
}
