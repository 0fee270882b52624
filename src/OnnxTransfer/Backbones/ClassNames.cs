using OnnxTransfer.Data;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Backbones;

/// <summary>The names of a network's own classes: a list that the library carries, or a text file beside the model.</summary>
internal static class ClassNames
{
    /// <summary>
    /// The 1,000 classes of ImageNet's challenge in their usual order. A network of 1,001 classes has <c>background</c> before them, as
    /// TensorFlow's do.
    /// </summary>
    internal const string ImageNet = "imagenet-1k";

    private const string Background = "background";

    /// <summary>The names that a card means, one per class; empty when the network has no classes or the card does not name them.</summary>
    /// <param name="card">The card.</param>
    /// <param name="onnxPath">The ONNX file, beside which a file of names is.</param>
    /// <exception cref="InvalidDataException">The file is missing, or the number of names is not that of the classes.</exception>
    internal static IReadOnlyList<string> Of(ModelCard card, string onnxPath)
    {
        if (card.Classes is not { Labels: { } labels, Count: var count }) return [];
        if (labels != ImageNet)
        {
            // What a card names is read, shown and saved with a classifier.
            if (RealPath.BesideModel(onnxPath, labels) is not { } file) throw Throw.LabelsElsewhere(onnxPath, labels);
            return LabelMap.Load(file, count).Labels;
        }

        var text = Carried(labels);
        return LabelMap.Parse(count == LabelMap.LineCount(text) + 1 ? $"{Background}\n{text}" : text, $"The list '{labels}'", count).Labels;
    }

    private static string Carried(string list)
    {
        using var reader = new StreamReader(typeof(ClassNames).Assembly.GetManifestResourceStream($"labels/{list}.txt")!);
        return reader.ReadToEnd();
    }
}
