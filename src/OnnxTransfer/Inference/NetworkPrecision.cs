using System.Diagnostics.CodeAnalysis;

namespace OnnxTransfer;

/// <summary>The number format that a network computes in.</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "These are the names of the number formats.")]
public enum NetworkPrecision
{
    /// <summary>
    /// 16 bits on a GPU and 8 bits on a CPU if a measurement shows a gain in speed and hardly a loss of precision, otherwise 32 bits.
    /// The choice and its reason are reported.
    /// </summary>
    Auto = 0,

    /// <summary>32-bit floating point, as backbones are published.</summary>
    Float32,

    /// <summary>16-bit floating point: half the memory, and faster on GPUs.</summary>
    Float16,

    /// <summary>8-bit integers, with ranges measured on the user's own images: a quarter of the memory, and faster on CPUs.</summary>
    Int8,
}

/// <summary>The number format that a network computes in.</summary>
/// <param name="Precision">The precision in use; never <see cref="NetworkPrecision.Auto"/>.</param>
/// <param name="Reason">Why this one, in one sentence.</param>
internal sealed record NetworkPrecisionInfo(NetworkPrecision Precision, string Reason)
{
    /// <summary>Mean cosine of feature vectors to those of float32; null if nothing was compared.</summary>
    internal double? Similarity { get; init; }

    /// <summary>Images per second over those of float32; null if nothing was compared.</summary>
    internal double? Speedup { get; init; }
}
