using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>The result of replacing a network's weights by those of a file, matched by name.</summary>
/// <param name="Matched">The weights that were replaced.</param>
/// <param name="Missing">Weights of the network that the file does not have; they stay as they were.</param>
/// <param name="WrongShape">Names whose shapes differ, with both shapes; they stay as they were.</param>
/// <param name="Unused">Names in the file that the network does not have.</param>
public sealed record WeightReport(
    IReadOnlyList<string> Matched, IReadOnlyList<string> Missing, IReadOnlyList<string> WrongShape, IReadOnlyList<string> Unused)
{
    /// <summary>The weights that were replaced.</summary>
    public IReadOnlyList<string> Matched { get; init => field = EquatableList.Of(value, nameof(Matched)); } = EquatableList.Of(Matched);

    /// <summary>Weights of the network that the file does not have; they stay as they were.</summary>
    public IReadOnlyList<string> Missing { get; init => field = EquatableList.Of(value, nameof(Missing)); } = EquatableList.Of(Missing);

    /// <summary>Names whose shapes differ, with both shapes; they stay as they were.</summary>
    public IReadOnlyList<string> WrongShape { get; init => field = EquatableList.Of(value, nameof(WrongShape)); } = EquatableList.Of(WrongShape);

    /// <summary>Names in the file that the network does not have.</summary>
    public IReadOnlyList<string> Unused { get; init => field = EquatableList.Of(value, nameof(Unused)); } = EquatableList.Of(Unused);
}
