using OnnxTransfer.Internals;

namespace OnnxTransfer.Tests.Internals;

public sealed class SplitMix64Tests
{
    [Fact]
    public void The_sequence_is_the_published_one()
    {
        // The first five outputs from the state 1234567, as published with many ports of the generator.
        ulong[] published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821];
        var generator = new SplitMix64(1234567);
        Assert.Equal(published, published.Select(_ => generator.Next()).ToArray());
        Assert.Equal(published[0], SplitMix64.Mix(1234567));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(9)]
    public void A_shuffle_swaps_from_the_end_and_draws_once_for_each_place_but_the_first(int count)
    {
        var values = Enumerable.Range(0, count).ToArray();
        var generator = new SplitMix64(5);
        generator.Shuffle(values);

        var draws = new SplitMix64(5);
        var expected = Enumerable.Range(0, count).ToList();
        for (var left = count; left > 1; left--)
        {
            var drawn = (int)(((UInt128)draws.Next() * (ulong)left) >> 64);
            (expected[left - 1], expected[drawn]) = (expected[drawn], expected[left - 1]);
        }

        Assert.Equal(expected, values);
        Assert.Equal(draws.Next(), generator.Next());
    }
}
