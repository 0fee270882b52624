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
        return Parse(File.ReadAllText(path), $"The label file '{path}'", count);
    }

    /// <summary>Reads text with one label per line, as <see cref="Load"/> does.</summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">What it is, at the beginning of a message.</param>
    /// <param name="count">C, how many labels there must be.</param>
    /// <exception cref="InvalidDataException">There is another number of labels, or an empty one.</exception>
    internal static LabelMap Parse(string text, string origin, int count)
    {
        var labels = Lines(text);
        if (labels.Length != count) Throw.LabelCountDiffers(origin, labels.Length, count);
        var empty = Array.IndexOf(labels, "");
        if (empty >= 0) Throw.LabelEmpty(origin, empty + 1);
        return new LabelMap(labels);
    }

    /// <summary>How many labels a text has.</summary>
    internal static int LineCount(string text) => Lines(text).Length;

    private static string[] Lines(string text) => text.TrimEnd().Split('\n', StringSplitOptions.TrimEntries);
}
