using FsCheck;
using FsCheck.Fluent;
using Random = System.Random;

namespace OnnxTransfer.Tests;

/// <summary>The index against a loop in float64, and what must hold whatever the vectors are.</summary>
public sealed class FeatureIndexTests
{
    [Theory]
    [InlineData(DistanceMetric.Cosine)]
    [InlineData(DistanceMetric.Euclidean)]
    public void It_finds_what_a_loop_in_float64_finds(DistanceMetric metric) => Check.QuickThrowOnFailure(Prop.ForAll<int, PositiveInt, PositiveInt>((seed, rowCount, size) =>
    {
        var random = new Random(seed);
        var (rows, dim, queries) = (rowCount.Get, (size.Get % 70) + 1, random.Next(1, 7));
        var (matrix, asked) = (RandomMatrix(random, rows, dim), RandomMatrix(random, queries, dim));
        var index = FeatureIndex.Build(matrix, Names(rows), metric);
        var count = random.Next(1, rows + 3);
        var found = index.Search(asked, count);
        Assert.Equal(queries, found.Count);
        for (var q = 0; q < queries; q++)
        {
            var query = asked.Row(q).ToArray();
            var reference = Enumerable.Range(0, rows).Select(row => Reference(query, matrix.Row(row), metric)).ToArray();
            double[] best = [.. metric == DistanceMetric.Cosine ? reference.OrderDescending() : reference.Order()];
            Assert.Equal(Math.Min(count, rows), found[q].Count);
            Assert.Equal(found[q].Count, found[q].Select(one => one.Index).Distinct().Count());
            for (var i = 0; i < found[q].Count; i++)
            {
                var one = found[q][i];
                Assert.Equal($"id {one.Index}", one.Id);
                AssertNear(reference[one.Index], one.Score, dim, metric);
                AssertNear(best[i], one.Score, dim, metric);
            }

            Assert.Equal(found[q], index.Search(query, count));
        }
    }));

    [Fact]
    public void Equally_near_rows_come_in_the_order_of_their_indices() => Check.QuickThrowOnFailure(Prop.ForAll<int, PositiveInt>((seed, rowCount) =>
    {
        // Numbers from 0 to 2 make many ties, and every sum of theirs is exact.
        var random = new Random(seed);
        var rows = rowCount.Get * 3;
        var matrix = Matrix(rows, 3, (_, _) => random.Next(3));
        float[] query = [random.Next(3), random.Next(3), random.Next(3)];
        var expected = Enumerable.Range(0, rows)
            .Select(row => new Neighbor($"id {row}", row, (float)Reference(query, matrix.Row(row), DistanceMetric.Euclidean)))
            .OrderBy(one => one.Score).ThenBy(one => one.Index).ToList();
        var index = FeatureIndex.Build(matrix, Names(rows), DistanceMetric.Euclidean);
        for (var count = 1; count <= rows; count += 1 + (rows / 5)) Assert.Equal(expected.Take(count), index.Search(query, count));
    }));

    [Fact]
    public void Equal_directions_are_ties_for_the_cosine()
    {
        var index = FeatureIndex.Build(new FeatureMatrix([1, 1, 2, 2, 0, 1, 4, 4, -1, -1], 5, 2), Names(5));
        Assert.Equal([0, 1, 3, 2, 4], index.Search([8f, 8f], 5).Select(one => one.Index));
        Assert.Equal([1f, 1f, 1f, 0.707107f, -1f], index.Search([8f, 8f], 5).Select(one => MathF.Round(one.Score, 6)));
        Assert.All(index.Search([0.3f, 0.3f], 5), one => Assert.InRange(one.Score, -1f, 1f));
    }

    [Theory]
    [InlineData(DistanceMetric.Cosine)]
    [InlineData(DistanceMetric.Euclidean)]
    public void A_row_is_its_own_nearest_neighbor(DistanceMetric metric) => Check.QuickThrowOnFailure(Prop.ForAll<int, PositiveInt, PositiveInt>((seed, rowCount, size) =>
    {
        var random = new Random(seed);
        var (rows, dim) = (rowCount.Get, (size.Get % 40) + 8);
        var matrix = RandomMatrix(random, rows, dim);
        var found = FeatureIndex.Build(matrix, Names(rows), metric).Search(matrix, 1);
        for (var row = 0; row < rows; row++)
        {
            var nearest = Assert.Single(found[row]);
            Assert.Equal(row, nearest.Index);
            AssertNear(metric == DistanceMetric.Cosine ? 1 : 0, nearest.Score, dim, metric);
            Assert.InRange(nearest.Score, 0f, 1f);
        }
    }));

    [Fact]
    public void The_cosine_does_not_see_lengths_and_the_distance_sees_differences_alone() => Check.QuickThrowOnFailure(Prop.ForAll<int, PositiveInt>((seed, size) =>
    {
        var random = new Random(seed);
        var dim = (size.Get % 40) + 1;
        var matrix = RandomMatrix(random, 9, dim);
        var query = RandomMatrix(random, 1, dim).Row(0).ToArray();

        // Powers of two change no digit.
        var scaled = Matrix(9, dim, (row, i) => matrix.Row(row)[i] * MathF.ScaleB(1, row - 4));
        var byCosine = FeatureIndex.Build(matrix, Names(9)).Search(query, 9);
        Assert.Equal(byCosine, FeatureIndex.Build(scaled, Names(9)).Search([.. query.Select(value => value * 1024)], 9));

        // |a - b| = |b - a| = |(-a) - (-b)|, to the bit.
        var byDistance = FeatureIndex.Build(matrix, Names(9), DistanceMetric.Euclidean).Search(query, 9);
        var mirrored = Matrix(9, dim, (row, i) => -matrix.Row(row)[i]);
        Assert.Equal(byDistance, FeatureIndex.Build(mirrored, Names(9), DistanceMetric.Euclidean).Search([.. query.Select(value => -value)], 9));
        foreach (var one in byDistance)
        {
            var back = FeatureIndex.Build(new FeatureMatrix(query, 1, dim), ["query"], DistanceMetric.Euclidean).Search(matrix.Row(one.Index), 1);
            Assert.Equal(one.Score, back[0].Score);
        }
    }));

    [Fact]
    public void The_order_of_the_rows_changes_no_score() => Check.QuickThrowOnFailure(Prop.ForAll<int, PositiveInt>((seed, rowCount) =>
    {
        var random = new Random(seed);
        var rows = rowCount.Get;
        var matrix = RandomMatrix(random, rows, 11);
        var order = Enumerable.Range(0, rows).ToArray();
        random.Shuffle(order);
        var query = RandomMatrix(random, 1, 11).Row(0).ToArray();
        var plain = FeatureIndex.Build(matrix, Names(rows)).Search(query, rows);
        var shuffled = FeatureIndex.Build(matrix.Select(order), [.. order.Select(row => $"id {row}")]).Search(query, rows);
        Assert.Equal(plain.ToDictionary(one => one.Id, one => one.Score), shuffled.ToDictionary(one => one.Id, one => one.Score));
    }));

    [Theory]
    [InlineData(DistanceMetric.Cosine, 67)]
    [InlineData(DistanceMetric.Cosine, 64)]
    [InlineData(DistanceMetric.Euclidean, 67)]
    public void The_bits_do_not_depend_on_threads_or_on_the_other_queries(DistanceMetric metric, int dim)
    {
        // 257 queries are a block and one query alone, and the rows are several chunks for several workers.
        var random = new Random(3);
        var (matrix, queries) = (RandomMatrix(random, 3001, dim), RandomMatrix(random, 257, dim));
        var index = FeatureIndex.Build(matrix, Names(3001), metric);
        var expected = index.Search(queries, 10, threads: 1);
        foreach (var threads in new[] { 2, 3, 7 }) Assert.Equal(expected, index.Search(queries, 10, threads));
        for (var q = 0; q < 257; q += 32) Assert.Equal(expected[q], index.Search(queries.Row(q), 10));
        Assert.Equal(expected[^1], index.Search(queries.Row(256), 10));
    }

    [Fact]
    public void More_candidates_than_fit_into_memory_make_smaller_blocks()
    {
        const int rows = 200_000;
        var random = new Random(4);
        var index = FeatureIndex.Build(RandomMatrix(random, rows, 2), Names(rows));
        var progress = new Steps();
        var found = index.Search(RandomMatrix(random, 9, 2), rows, threads: 8, progress);
        Assert.Equal([5L, 9L], progress.Done);
        foreach (var one in found)
        {
            Assert.Equal(rows, one.Select(neighbor => neighbor.Index).Distinct().Count());
            Assert.True(one.Zip(one.Skip(1)).All(pair => pair.First.Score > pair.Second.Score || (pair.First.Score == pair.Second.Score && pair.First.Index < pair.Second.Index)));
        }
    }

    [Fact]
    public void A_search_stops_when_it_is_canceled()
    {
        var random = new Random(5);
        var index = FeatureIndex.Build(RandomMatrix(random, 10, 4), Names(10));
        using var source = new CancellationTokenSource();
        var progress = new Steps(source.Cancel);
        Assert.Throws<OperationCanceledException>(() => index.Search(RandomMatrix(random, 1000, 4), 1, progress, source.Token));
        Assert.Equal([256L], progress.Done);
        Assert.Throws<OperationCanceledException>(() => index.Search(RandomMatrix(random, 1, 4), 1, cancellationToken: source.Token));
    }

    [Fact]
    public void An_index_says_what_it_is()
    {
        var index = FeatureIndex.Build(new FeatureMatrix([1, 2, 3, 4, 5, 6], 2, 3), ["a", "b"], DistanceMetric.Euclidean);
        Assert.Equal((2, 3, DistanceMetric.Euclidean), (index.Count, index.Dim, index.Metric));
        Assert.Equal(["a", "b"], index.Ids);
        Assert.Equal([new Neighbor("b", 1, 5)], index.Search([1f, 5f, 9f], 1).Select(one => one with { Score = MathF.Round(one.Score * one.Score) - 13 }));
        Assert.Empty(index.Search(new FeatureMatrix([], 0, 3), 1));
        Assert.Empty(FeatureIndex.Build(new FeatureMatrix([], 0, 3), []).Search([1f, 2f, 3f], 4));
    }

    [Theory]
    [InlineData(DistanceMetric.Cosine, float.NaN, "Feature 1 of row 1 is NaN: features must be finite numbers")]
    [InlineData(DistanceMetric.Euclidean, float.NegativeInfinity, "Feature 1 of row 1 is -")]
    [InlineData(DistanceMetric.Cosine, 0f, "The length of row 1 is 0, which is too close to zero for a direction")]
    [InlineData(DistanceMetric.Cosine, 1e-19f, "too close to zero for a direction: leave that vector out, or use DistanceMetric.Euclidean")]
    [InlineData(DistanceMetric.Euclidean, 2e18f, "the limit for comparison is 1e18")]
    [InlineData(DistanceMetric.Cosine, float.MaxValue, "the limit for comparison is 1e18")]
    public void A_vector_that_cannot_be_compared_is_refused(DistanceMetric metric, float value, string message)
    {
        var matrix = new FeatureMatrix([1, 2, 3, 0, value, 0], 2, 3);
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => FeatureIndex.Build(matrix, ["a", "b"], metric)).Message, StringComparison.Ordinal);
        var index = FeatureIndex.Build(new FeatureMatrix([1, 2, 3], 1, 3), ["a"], metric);
        Assert.Contains(message.Replace("row", "query", StringComparison.Ordinal), Assert.Throws<ArgumentException>(() => index.Search(matrix, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Vectors_at_the_ends_of_the_range_are_compared_rightly()
    {
        foreach (var length in new[] { 1e18f, 1.001e-18f })
        {
            var index = FeatureIndex.Build(new FeatureMatrix([0, length, length * 0.6f, length * 0.8f], 2, 2), ["a", "b"]);
            Assert.Equal([1f, 0.8f], index.Search([0f, length], 2).Select(one => MathF.Round(one.Score, 6)));
        }

        var far = FeatureIndex.Build(new FeatureMatrix([1e18f, 0], 1, 2), ["a"], DistanceMetric.Euclidean).Search([-1e18f, 0f], 1)[0];
        Assert.Equal(2e18f, far.Score);
        Assert.Equal(0, FeatureIndex.Build(new FeatureMatrix([0, 0], 1, 2), ["zero"], DistanceMetric.Euclidean).Search([0f, 0f], 1)[0].Score);
    }

    [Fact]
    public void Wrong_arguments_are_refused_in_one_sentence()
    {
        var matrix = new FeatureMatrix([1, 2, 3, 4, 5, 6], 2, 3);
        Assert.Contains("2 feature vectors but 1 ids", Assert.Throws<ArgumentException>(() => FeatureIndex.Build(matrix, ["a"])).Message, StringComparison.Ordinal);
        Assert.Contains("The id of row 1 is null", Assert.Throws<ArgumentException>(() => FeatureIndex.Build(matrix, ["a", null!])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => FeatureIndex.Build(matrix, ["a", "b"], (DistanceMetric)7));
        var index = FeatureIndex.Build(matrix, ["a", "b"]);
        Assert.Contains("2 dimensions, but the index has 3", Assert.Throws<ArgumentException>(() => index.Search([1f, 2f], 1)).Message, StringComparison.Ordinal);
        Assert.Contains("2 dimensions, but the index has 3", Assert.Throws<ArgumentException>(() => index.Search(new FeatureMatrix([1, 2], 1, 2), 1)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Search([1f, 2f, 3f], 0));
    }

    /// <summary>The score in float64, of the same float32 numbers.</summary>
    private static double Reference(ReadOnlySpan<float> a, ReadOnlySpan<float> b, DistanceMetric metric)
    {
        double dot = 0, ofA = 0, ofB = 0, squares = 0;
        for (var i = 0; i < a.Length; i++)
        {
            dot += (double)a[i] * b[i];
            ofA += (double)a[i] * a[i];
            ofB += (double)b[i] * b[i];
            squares += Math.Pow((double)a[i] - b[i], 2);
        }

        return metric == DistanceMetric.Cosine ? dot / Math.Sqrt(ofA * ofB) : Math.Sqrt(squares);
    }

    /// <summary>
    /// A sum of D/8 rounded additions in each of 8 lanes, and at most 8 roundings more: the cosine within that absolutely, the distance
    /// within that share of itself.
    /// </summary>
    private static void AssertNear(double expected, float actual, int dim, DistanceMetric metric)
    {
        var tolerance = ((dim / 8.0) + 8) * Math.Pow(2, -24) * (metric == DistanceMetric.Cosine ? 1 : expected);
        Assert.True(Math.Abs(expected - actual) <= tolerance, $"{actual:R} is not within {tolerance:G2} of {expected:R}");
    }

    private static FeatureMatrix RandomMatrix(Random random, int rows, int dim) => Matrix(rows, dim, (_, _) => (random.NextSingle() * 2) - 1);

    private static FeatureMatrix Matrix(int rows, int dim, Func<int, int, float> value) =>
        new([.. Enumerable.Range(0, rows * dim).Select(i => value(i / dim, i % dim))], rows, dim);

    private static string[] Names(int rows) => [.. Enumerable.Range(0, rows).Select(row => $"id {row}")];

    private sealed class Steps(Action? then = null) : IProgress<WorkProgress>
    {
        internal List<long> Done { get; } = [];

        public void Report(WorkProgress value)
        {
            Done.Add(value.Done);
            then?.Invoke();
        }
    }
}
