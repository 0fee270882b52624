using System.Globalization;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding;

/// <summary>
/// A network can give numbers that nothing can be learned or concluded from: half precision overflows, and a wrong file or preprocessing divides
/// by zero. Behind a hidden layer a NaN would look like an answer, so the image counts as unusable for the network.
/// </summary>
internal static class FiniteVector
{
    /// <summary>Why a vector cannot be used, in one sentence; null where it can.</summary>
    /// <param name="vector">The numbers that a network gave for one image.</param>
    internal static string? ProblemOf(ReadOnlySpan<float> vector) => vector.IndexOfNonFinite() is >= 0 and var at
        ? string.Create(CultureInfo.InvariantCulture, $"The network gave {vector[at]} as feature {at}, and features must be finite numbers: check the model's file, its preprocessing and its precision.")
        : null;
}
