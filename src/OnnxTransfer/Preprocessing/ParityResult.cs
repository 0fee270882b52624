namespace OnnxTransfer;

/// <summary>One comparison of this machine with a reference.</summary>
/// <param name="Name">What was compared.</param>
/// <param name="GreatestDifference">The greatest absolute difference of any value, of pixels (0 to 255) or of features.</param>
/// <param name="Tolerance">The greatest difference that is allowed; zero if the reference must be met to the bit.</param>
public sealed record ParityResult(string Name, double GreatestDifference, double Tolerance)
{
    /// <summary>
    /// For feature vectors, the cosine of the angle between this machine's vector and the reference, at most 1; null for images.
    /// </summary>
    public double? Cosine { get; init; }

    /// <summary>For feature vectors, the least cosine that is allowed; null for images.</summary>
    public double? LeastCosine { get; init; }

    /// <summary>Whether the difference and the cosine are within these limits.</summary>
    public bool Passed => GreatestDifference <= Tolerance && (Cosine is not { } cosine || cosine >= LeastCosine);
}
