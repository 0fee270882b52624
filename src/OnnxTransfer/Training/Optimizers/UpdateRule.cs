using System.Numerics;

namespace OnnxTransfer.Training.Optimizers;

/// <summary>
/// One optimizer at work on one array of parameters, whose state (moments) it owns. A step is begun once and then applied
/// to any ranges, each once, by any threads.
/// </summary>
internal abstract class UpdateRule<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>What all ranges of a step have in common.</summary>
    internal abstract void BeginStep(double learningRate);

    /// <summary>Moves a range of parameters against its gradient.</summary>
    /// <param name="parameters">The range; a whole number of vectors.</param>
    /// <param name="gradient">As long.</param>
    /// <param name="offset">Where the range begins in the array the rule was made for.</param>
    internal abstract void Apply(Span<T> parameters, ReadOnlySpan<T> gradient, int offset);
}
