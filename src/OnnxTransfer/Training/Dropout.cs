using OnnxTransfer.Internals;

namespace OnnxTransfer.Training;

/// <summary>
/// Inverted dropout (Srivastava et al., 2014): in training a hidden unit is zeroed with probability p, and the others are
/// multiplied by 1/(1-p). Whether a unit stays is a function of seed, step, layer, row and unit, and so of no thread.
/// </summary>
internal sealed class Dropout(double probability, int seed)
{
    private readonly ulong _threshold = (ulong)(probability * (1UL << 53));
    private ulong _step;

    /// <summary>1/(1-p).</summary>
    internal double Scale { get; } = 1 / (1 - probability);

    /// <summary>Whether any unit is ever zeroed.</summary>
    internal bool Drops => _threshold != 0;

    internal void BeginStep() => _step++;

    /// <summary>What <see cref="Keeps"/> is asked with in this step for a hidden layer.</summary>
    internal ulong KeyOf(int layer) =>
        SplitMix64.Mix(SplitMix64.Mix((uint)seed | ((ulong)SeededRandom.Purpose.Dropout << 32)) + (_step << 8) + (ulong)layer);

    /// <summary>Whether a unit, counted through the rows of the batch, stays.</summary>
    internal bool Keeps(ulong key, long unit) => SplitMix64.Mix(key + (ulong)unit) >> 11 >= _threshold;
}
