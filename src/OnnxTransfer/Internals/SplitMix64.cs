namespace OnnxTransfer.Internals;

/// <summary>
/// The SplitMix64 generator (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014). Our own,
/// because <see cref="Random"/> promises no sequence from one .NET version to the next, and what is drawn for a seed must not change with it.
/// </summary>
internal sealed class SplitMix64(ulong state)
{
    private const ulong Step = 0x9E3779B97F4A7C15;

    private ulong _state = state;

    internal ulong Next()
    {
        var result = Mix(_state);
        _state += Step;
        return result;
    }

    /// <summary>A hash of 64 bits: the first number of the generator with this state.</summary>
    internal static ulong Mix(ulong state)
    {
        var z = state + Step;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Fisher and Yates' shuffle. The bias of the high product, n / 2^64, is below anything observable.</summary>
    internal void Shuffle(Span<int> values)
    {
        for (var i = values.Length - 1; i > 0; i--)
        {
            var j = (int)Math.BigMul(Next(), (ulong)(i + 1), out _);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }
}
