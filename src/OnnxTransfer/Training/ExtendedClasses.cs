namespace OnnxTransfer.Training;

/// <summary>The classes of a classifier that is extended: the old ones that stay, in their order, and then the new ones.</summary>
internal sealed class ExtendedClasses
{
    private readonly Dictionary<string, int> _classOf;

    private ExtendedClasses(IReadOnlyList<string> old, IReadOnlyList<string> added, IReadOnlyList<string> removed)
    {
        (Added, Removed) = (added, removed);
        Labels = [.. old.Except(removed), .. added];
        _classOf = Labels.Select((label, index) => (label, index)).ToDictionary(pair => pair.label, pair => pair.index, StringComparer.Ordinal);
        OldClass = [.. Labels.Select(label => old.ToList().IndexOf(label))];
        NewClass = [.. old.Select(label => removed.Contains(label) ? -1 : ClassOf(label))];
    }

    internal IReadOnlyList<string> Labels { get; }

    internal IReadOnlyList<string> Added { get; }

    internal IReadOnlyList<string> Removed { get; }

    /// <summary>For each class, its index before; -1 for a new one.</summary>
    internal IReadOnlyList<int> OldClass { get; }

    /// <summary>For each class as it was before, its index now; -1 for a removed one.</summary>
    internal IReadOnlyList<int> NewClass { get; }

    /// <exception cref="ArgumentException">A class to remove is unknown or has new images, or fewer than two classes are left.</exception>
    /// <exception cref="DatasetException">Nothing changes.</exception>
    internal static ExtendedClasses Of(IReadOnlyList<string> old, ImageDataset? images, IReadOnlyList<string> remove)
    {
        foreach (var label in remove)
        {
            if (!old.Contains(label)) throw Throw.NoSuchClass(label, old);
            if (images?.Classes.Contains(label) == true) throw Throw.RemovedClassHasImages(label, images.Source);
        }

        if (images is null && remove.Count == 0) throw Throw.NothingToExtend(null);
        var classes = new ExtendedClasses(old, [.. images?.Classes.Except(old) ?? []], [.. remove.Distinct()]);
        if (classes.Labels.Count < 2) throw Throw.TooFewClassesLeft(classes.Labels);
        return classes;
    }

    /// <summary>The index of a class.</summary>
    internal int ClassOf(string label) => _classOf[label];
}
