namespace OnnxTransfer.Embedding.Sets;

/// <summary>A part to compute.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Images">Its images, in order.</param>
internal sealed record PlannedPart(int Number, ReadOnlyMemory<SetImage> Images);
