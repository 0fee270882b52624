using OnnxTransfer.Backbones;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Embedding;

/// <summary>
/// Checks that decoder, kernels and runtime on this machine together give a backbone's published numbers,
/// <see cref="ReferenceVectors"/>.
/// </summary>
internal static class FeatureParity
{
    /// <summary>
    /// From exact pixels. A CPU with AVX2 is 7e-6 and 1e-12 away, the rest is for a GPU, which rounds factors to 10 bits (TF32).
    /// A bicubic resize instead of a bilinear one is at 1.3 and 0.95, swapped channels at 1.9 and 0.85.
    /// </summary>
    private static readonly (double Difference, double Cosine) s_exact = (0.1, 0.999);

    /// <summary>From a JPEG, which decoders round differently: noise of one step in every pixel is at 0.33 and 0.998, of two at 0.68 and 0.990.</summary>
    private static readonly (double Difference, double Cosine) s_lossy = (1, 0.98);

    /// <summary>Computes the vectors of the carried images and compares them; nothing where the library carries none.</summary>
    /// <param name="card">The backbone.</param>
    /// <param name="embed">From the bytes of an image to the vector of the backbone's features.</param>
    internal static IReadOnlyList<ParityResult> Verify(ModelCard card, Func<byte[], float[]> embed) =>
        !ReferenceVectors.Exist(card) ? []
            : [.. PreprocessingParity.Images.Select(name => Compare(
                $"{card.Id} embeds {name}", ReferenceVectors.Of(card, name), embed(PreprocessingParity.Image(name)), PreprocessingParity.IsLossy(name)))];

    internal static ParityResult Compare(string name, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, bool lossy)
    {
        var allowed = lossy ? s_lossy : s_exact;
        double greatest = expected.Length == actual.Length ? 0 : double.PositiveInfinity, product = 0, ours = 0, theirs = 0;
        for (var i = 0; i < Math.Min(expected.Length, actual.Length); i++)
        {
            greatest = Math.Max(greatest, Math.Abs((double)expected[i] - actual[i]));
            product += (double)expected[i] * actual[i];
            theirs += (double)expected[i] * expected[i];
            ours += (double)actual[i] * actual[i];
        }

        return new ParityResult(name, greatest, allowed.Difference) { Cosine = product / Math.Sqrt(ours * theirs), LeastCosine = allowed.Cosine };
    }
}
