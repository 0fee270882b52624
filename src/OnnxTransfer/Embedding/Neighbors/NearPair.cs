namespace OnnxTransfer.Embedding.Neighbors;

/// <summary>Two rows of a matrix that are near each other.</summary>
/// <param name="First">The lower row.</param>
/// <param name="Second">The higher row.</param>
/// <param name="Cosine">Their cosine.</param>
internal readonly record struct NearPair(int First, int Second, float Cosine);
