using FsCheck;
using FsCheck.Fluent;
using OnnxTransfer.Embedding.Neighbors;
using Random = System.Random;

namespace OnnxTransfer.Tests.Embedding;

/// <summary>The search with its lower bounds against a loop over all pairs.</summary>
public sealed class NearPairSearchTests
{
    [Fact]
    public void It_finds_the_pairs_that_a_loop_over_all_pairs_finds() => Check.QuickThrowOnFailure(Prop.ForAll<int, PositiveInt, PositiveInt>((seed, rowCount, size) =>
    {
        var random = new Random(seed);
        var (rows, dim) = (rowCount.Get * 5, (size.Get % 150) + 1);
        var matrix = Clusters(random, rows, dim);
        var least = (float)((random.NextDouble() * 1.2) - 0.2);
        var found = new NearPairSearch(matrix).Find(least, int.MaxValue / 4);
        var near = found.ToDictionary(pair => (pair.First, pair.Second), pair => pair.Cosine);
        for (var a = 0; a < rows; a++)
        {
            for (var b = a + 1; b < rows; b++)
            {
                var cosine = Cosine(matrix.Row(a), matrix.Row(b));
                // Within the rounding of float32, either answer is right.
                if (double.IsNaN(cosine)) Assert.False(near.ContainsKey((a, b)));
                else if (Math.Abs(cosine - least) > 1e-4) Assert.Equal(cosine > least, near.ContainsKey((a, b)));
                if (near.TryGetValue((a, b), out var given)) Assert.Equal(cosine, given, 1e-4);
            }
        }

        Assert.Equal(found.OrderBy(pair => pair.First).ThenBy(pair => pair.Second), found);
    }));

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(400)]
    public void With_too_many_pairs_the_nearest_are_kept(int most)
    {
        // More rows than a block has, so that pairs are dropped on the way.
        var matrix = Clusters(new Random(5), 1500, 16);
        var all = new NearPairSearch(matrix).Find(0.5f, int.MaxValue / 4);
        Assert.True(all.Count > 2 * most);
        var nearest = all.OrderByDescending(pair => pair.Cosine).ThenBy(pair => pair.First).ThenBy(pair => pair.Second).Take(most);
        Assert.Equal(nearest.OrderBy(pair => pair.First).ThenBy(pair => pair.Second), new NearPairSearch(matrix).Find(0.5f, most));
    }

    [Fact]
    public void Rows_without_a_direction_are_near_nothing()
    {
        var search = new NearPairSearch(new FeatureMatrix([0, 0, 1, 2, 0, 0, 2, 4], 4, 2));
        Assert.Equal([1, 3], search.Usable);
        var pair = Assert.Single(search.Find(0.9f, 10));
        Assert.Equal((1, 3), (pair.First, pair.Second));
        Assert.Empty(new NearPairSearch(new FeatureMatrix([], 0, 2)).Find(0.9f, 10));
    }

    [Fact]
    public void It_can_be_canceled() =>
        Assert.ThrowsAny<OperationCanceledException>(() => new NearPairSearch(Clusters(new Random(1), 50, 4)).Find(0.9f, 10, null, new CancellationToken(canceled: true)));

    /// <summary>Rows around few centers, with copies, multiples and zeros among them.</summary>
    private static FeatureMatrix Clusters(Random random, int rows, int dim)
    {
        var values = new float[rows * dim];
        for (var row = 0; row < rows; row++)
        {
            var kind = random.Next(10);
            for (var d = 0; d < dim; d++)
            {
                values[(row * dim) + d] = kind switch
                {
                    0 => 0,
                    1 when row > 0 => 3 * values[((row - 1) * dim) + d],
                    2 when row > 0 => values[((row - 1) * dim) + d] + (0.1f * (float)random.NextDouble()),
                    _ => (((row + d) % 4) == 0 ? 2 : 0) + (float)random.NextDouble(),
                };
            }
        }

        return new FeatureMatrix(values, rows, dim);
    }

    private static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double dot = 0, p = 0, q = 0;
        for (var i = 0; i < a.Length; i++) (dot, p, q) = (dot + ((double)a[i] * b[i]), p + ((double)a[i] * a[i]), q + ((double)b[i] * b[i]));
        return dot / Math.Sqrt(p * q);
    }
}
