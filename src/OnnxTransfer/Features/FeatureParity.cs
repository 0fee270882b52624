using OnnxTransfer.Backbones;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Features;

/// <summary>
/// Proves on the machine at hand that decoder, kernels and runtime together give a backbone's published numbers, those of
/// <see cref="ReferenceVectors"/>.
/// </summary>
internal static class FeatureParity
{
    // Measured on a CPU with AVX2: 4e-6 and 1 - 1e-12 from the PNG. A GPU rounds products to 10 bits (TF32), and decoders differ
    // in a JPEG by up to 4 of 255; swapped channels or another resize are ten times as far away.
    private const double Tolerance = 0.1;
    private const double LeastCosine = 0.999;

    /// <summary>Computes the vectors of the carried images and compares them; nothing where the library carries none.</summary>
    /// <param name="card">The backbone.</param>
    /// <param name="embed">From the bytes of an image to the vector of the backbone's features.</param>
    internal static IReadOnlyList<ParityResult> Verify(ModelCard card, Func<byte[], float[]> embed) =>
        !ReferenceVectors.Exist(card) ? []
            : [.. PreprocessingParity.Images.Select(name => Compare($"{card.Id} embeds {name}", ReferenceVectors.Of(card, name), embed(PreprocessingParity.Image(name))))];

    internal static ParityResult Compare(string name, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        double greatest = expected.Length == actual.Length ? 0 : double.PositiveInfinity, product = 0, ours = 0, theirs = 0;
        for (var i = 0; i < Math.Min(expected.Length, actual.Length); i++)
        {
            greatest = Math.Max(greatest, Math.Abs((double)expected[i] - actual[i]));
            product += (double)expected[i] * actual[i];
            theirs += (double)expected[i] * expected[i];
            ours += (double)actual[i] * actual[i];
        }

        return new ParityResult(name, greatest, Tolerance) { Cosine = product / Math.Sqrt(ours * theirs), LeastCosine = LeastCosine };
    }
}
