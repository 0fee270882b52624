using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>A head and the names of its classes, as <see cref="ClassifierHead.Load"/> reads them from a file.</summary>
/// <param name="Head">The head.</param>
/// <param name="Labels">C names, in the order of the head's probabilities.</param>
public sealed record LabeledHead(ClassifierHead Head, IReadOnlyList<string> Labels)
{
    /// <summary>C names, in the order of the head's probabilities.</summary>
    public IReadOnlyList<string> Labels { get; init => field = EquatableList.Of(value, nameof(Labels)); } = EquatableList.Of(Labels);
}
