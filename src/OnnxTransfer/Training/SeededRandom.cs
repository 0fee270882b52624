using System.Numerics;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Training;

/// <summary>
/// xoshiro256** seeded through SplitMix64 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021).
/// Own, because <see cref="Random"/> promises no sequence from one .NET version to the next. Each purpose has a stream of
/// its own, so that drawing more for one does not move another.
/// </summary>
internal sealed class SeededRandom
{
    private ulong _s0, _s1, _s2, _s3;

    internal SeededRandom(int seed, Purpose purpose)
    {
        var seeds = new SplitMix64((uint)seed | ((ulong)purpose << 32));
        (_s0, _s1, _s2, _s3) = (seeds.Next(), seeds.Next(), seeds.Next(), seeds.Next());
    }

    /// <summary>What the numbers are for.</summary>
    internal enum Purpose
    {
        Weights,
        Order,
        Dropout,
        HoldOut,
    }

    internal ulong Next()
    {
        var result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        var t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>Uniform in [0, 1), a multiple of 2^-24.</summary>
    internal float NextSingle() => (Next() >> 40) * (1f / (1 << 24));

    /// <summary>Uniform in [0, bound), without bias: Lemire, "Fast random integer generation in an interval", 2019.</summary>
    internal int NextBelow(int bound)
    {
        var range = (uint)bound;
        var product = (Next() >> 32) * range;
        if ((uint)product < range)
        {
            var threshold = (0u - range) % range;
            while ((uint)product < threshold) product = (Next() >> 32) * range;
        }

        return (int)(product >> 32);
    }

    /// <summary>Fisher and Yates' shuffle.</summary>
    internal void Shuffle(Span<int> values)
    {
        for (var i = values.Length - 1; i > 0; i--)
        {
            var j = NextBelow(i + 1);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }
}
