using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

public sealed class SeededRandomTests
{
    [Fact]
    public void SequenceIsPinned()
    {
        // SplitMix64 from 1234567 through xoshiro256**, as the authors' C sources give it.
        var random = new SeededRandom(1234567, SeededRandom.Purpose.Weights);
        Assert.Equal(Reference(1234567).Take(5), Enumerable.Range(0, 5).Select(_ => random.Next()));
    }

    [Fact]
    public void PurposesAndNegativeSeedsDiffer()
    {
        ulong[] first =
        [
            new SeededRandom(1, SeededRandom.Purpose.Weights).Next(), new SeededRandom(1, SeededRandom.Purpose.Order).Next(),
            new SeededRandom(-1, SeededRandom.Purpose.Weights).Next(), new SeededRandom(2, SeededRandom.Purpose.Weights).Next(),
        ];
        Assert.Equal(first.Length, first.Distinct().Count());
    }

    [Fact]
    public void NumbersAreUniform()
    {
        var random = new SeededRandom(1, SeededRandom.Purpose.Order);
        var counts = new int[7];
        double sum = 0;
        for (var i = 0; i < 70_000; i++)
        {
            counts[random.NextBelow(7)]++;
            var u = random.NextSingle();
            Assert.InRange(u, 0f, 0.99999994f);
            sum += u;
        }

        Assert.All(counts, count => Assert.InRange(count, 9_600, 10_400));
        Assert.InRange(sum / 70_000, 0.495, 0.505);
    }

    [Fact]
    public void ShuffleIsAPermutation()
    {
        var values = Enumerable.Range(0, 1000).ToArray();
        new SeededRandom(1, SeededRandom.Purpose.Order).Shuffle(values);
        Assert.NotEqual(Enumerable.Range(0, 1000), values);
        Assert.Equal(Enumerable.Range(0, 1000), values.Order());
    }

    /// <summary>The same generator written down a second time, from its description.</summary>
    private static IEnumerable<ulong> Reference(ulong seed)
    {
        var s = new ulong[4];
        for (var i = 0; i < 4; i++)
        {
            var z = seed += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            s[i] = z ^ (z >> 31);
        }

        // The first output of SplitMix64 from 1234567 is published with many ports of it.
        Assert.Equal(6457827717110365317UL, s[0]);
        while (true)
        {
            yield return Rotate(s[1] * 5, 7) * 9;
            var next = new[] { s[0] ^ s[3] ^ s[1], s[1] ^ s[2] ^ s[0], s[2] ^ s[0] ^ (s[1] << 17), Rotate(s[3] ^ s[1], 45) };
            s = next;
        }
    }

    private static ulong Rotate(ulong x, int k) => (x << k) | (x >> (64 - k));
}
