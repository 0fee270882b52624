using System.Numerics;
using System.Runtime.Intrinsics;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Tests.Internals;

/// <summary>The order of the additions is a promise: results may not depend on the width of the machine's registers.</summary>
public sealed class LanesTests
{
    private readonly Random _random = new(7);

    [Fact]
    public void Floats_are_added_in_the_promised_order()
    {
        for (var round = 0; round < 200; round++)
        {
            var lanes = Numbers<float>(8);
            Assert.Equal(SumOf(lanes), Lanes.Sum(Vector256.Create<float>(lanes)));
        }
    }

    [Fact]
    public void Doubles_are_added_in_the_promised_order()
    {
        for (var round = 0; round < 200; round++)
        {
            var lanes = Numbers<double>(4);
            Assert.Equal(lanes[0] + lanes[2] + (lanes[1] + lanes[3]), Lanes.Sum(Vector256.Create<double>(lanes)));
        }
    }

    [Fact]
    public void Four_sums_are_the_same_as_four_single_ones()
    {
        for (var round = 0; round < 200; round++)
        {
            AssertSums<float>();
            AssertSums<double>();
        }
    }

    [Fact]
    public void A_product_and_a_sum_are_rounded_once()
    {
        var (a, b, c) = (Numbers<float>(8), Numbers<float>(8), Numbers<float>(8));
        var floats = Lanes.MultiplyAdd(Vector256.Create<float>(a), Vector256.Create<float>(b), Vector256.Create<float>(c));
        for (var i = 0; i < 8; i++) Assert.Equal(MathF.FusedMultiplyAdd(a[i], b[i], c[i]), floats[i]);
        var (d, e, f) = (Numbers<double>(4), Numbers<double>(4), Numbers<double>(4));
        var doubles = Lanes.MultiplyAdd(Vector256.Create<double>(d), Vector256.Create<double>(e), Vector256.Create<double>(f));
        for (var i = 0; i < 4; i++) Assert.Equal(Math.FusedMultiplyAdd(d[i], e[i], f[i]), doubles[i]);
    }

    private static float SumOf(float[] lanes)
    {
        var four = new float[4];
        for (var i = 0; i < 4; i++) four[i] = lanes[i] + lanes[i + 4];
        return (four[0] + four[2]) + (four[1] + four[3]);
    }

    private void AssertSums<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var vectors = Enumerable.Range(0, 4).Select(_ => Vector256.Create<T>(Numbers<T>(Vector256<T>.Count))).ToArray();
        var sums = Numbers<T>(4);
        var expected = sums.Select((sum, i) => sum + Lanes.Sum(vectors[i])).ToArray();
        Lanes.AddSums<T>(sums, vectors[0], vectors[1], vectors[2], vectors[3]);
        Assert.Equal(expected, sums);
    }

    private T[] Numbers<T>(int count)
        where T : IBinaryFloatingPointIeee754<T> => [.. Enumerable.Range(0, count).Select(_ => T.CreateChecked((_random.NextDouble() - 0.5) * Math.Pow(10, _random.Next(-3, 4))))];
}
