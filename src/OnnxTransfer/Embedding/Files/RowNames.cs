namespace OnnxTransfer.Embedding.Files;

/// <summary>The ids and labels of the rows, for a format that has them behind or before all vectors.</summary>
internal sealed class RowNames
{
    private readonly List<string> _ids = [];
    private readonly List<string?> _labels = [];
    // Labels repeat: one text for each class, not for each row.
    private readonly Dictionary<string, string> _known = new(StringComparer.Ordinal);

    internal IReadOnlyList<string> Ids => _ids;

    /// <summary>The label of each row; null where a row has none.</summary>
    internal IReadOnlyList<string?> Labels => _labels;

    internal bool HasLabels => _known.Count > 0;

    internal void Add(string? id, string? label)
    {
        if (id is null) return;
        _ids.Add(id);
        if (label is not null && !_known.TryAdd(label, label)) label = _known[label];
        _labels.Add(label);
    }
}
