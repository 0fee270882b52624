namespace OnnxTransfer;

/// <summary>What became of the weights of a file that were put into a network by name.</summary>
/// <param name="Matched">The weights that were replaced.</param>
/// <param name="Missing">Weights of the network that the file does not have; they stay as they were.</param>
/// <param name="WrongShape">Names whose shapes differ, with both shapes; they stay as they were.</param>
/// <param name="Unused">Names in the file that the network does not have.</param>
public sealed record WeightReport(
    IReadOnlyList<string> Matched, IReadOnlyList<string> Missing, IReadOnlyList<string> WrongShape, IReadOnlyList<string> Unused);
