using OnnxTransfer.Internals;

namespace OnnxTransfer.Data;

/// <summary>The labels of the C classes of a network, in class order. Two classes may share a label, as in ImageNet.</summary>
internal sealed class LabelMap
{
    private LabelMap(string[] labels) => Labels = Array.AsReadOnly(labels);

    internal IReadOnlyList<string> Labels { get; }

    internal string this[int index] => Labels[index];

    /// <summary>Reads a text file with one label per line; spaces around a label and empty lines at the end do not count.</summary>
    /// <param name="path">A UTF-8 text file.</param>
    /// <param name="count">C, how many labels there must be.</param>
    /// <exception cref="InvalidDataException">The file is missing, has another number of labels, or an empty one.</exception>
    internal static LabelMap Load(string path, int count)
    {
        if (!File.Exists(path)) Throw.LabelFileNotFound(path);
        var labels = File.ReadAllText(path).TrimEnd().Split('\n', StringSplitOptions.TrimEntries);
        if (labels.Length != count) Throw.LabelCountDiffers(path, labels.Length, count);
        var empty = Array.IndexOf(labels, "");
        if (empty >= 0) Throw.LabelEmpty(path, empty + 1);
        return new LabelMap(labels);
    }
}
