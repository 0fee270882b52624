namespace OnnxTransfer.Onnx;

/// <summary>What became of the weights of a file that were put into a graph by name.</summary>
/// <param name="Matched">Replaced.</param>
/// <param name="Missing">Weights of the graph that the file does not have; they stay as they were.</param>
/// <param name="WrongShape">Names whose shapes differ, with both shapes; they stay as they were.</param>
/// <param name="Unused">Names of the file that the graph does not have.</param>
internal sealed record WeightReport(
    IReadOnlyList<string> Matched, IReadOnlyList<string> Missing, IReadOnlyList<string> WrongShape, IReadOnlyList<string> Unused);
