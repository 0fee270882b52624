namespace OnnxTransfer;

/// <summary>One comparison of this machine with a reference.</summary>
/// <param name="Name">What was compared.</param>
/// <param name="GreatestDifference">The greatest absolute difference of any value: of images, which count 0 to 255, or of features.</param>
/// <param name="Tolerance">The greatest that is allowed; zero where the reference is met to the bit.</param>
public sealed record ParityResult(string Name, double GreatestDifference, double Tolerance)
{
    /// <summary>Of feature vectors: the cosine of the angle between ours and the reference's, at most 1; null for images.</summary>
    public double? Cosine { get; init; }

    /// <summary>Of feature vectors: the least cosine that is allowed; null for images.</summary>
    public double? LeastCosine { get; init; }

    /// <summary>Whether both are within what is allowed.</summary>
    public bool Passed => GreatestDifference <= Tolerance && (Cosine is not { } cosine || cosine >= LeastCosine);
}
