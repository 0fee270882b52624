using System.Diagnostics;
using OnnxTransfer.Benchmarks.Heads;

namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>
/// <c>neighbors ROWS DIM ROUNDS</c>: exact search with <see cref="FeatureIndex"/> beside a plain loop over the same vectors and beside what the
/// machine can do at most: reading every vector once for one query, and multiplying for a batch. The best of some rounds each.
/// </summary>
internal static class NeighborSpeed
{
    private const int Batch = 256;
    private const int Count = 10;

    internal static int Run(int rows, int dim, int rounds)
    {
        var random = new Random(1);
        var values = new float[(long)rows * dim];
        for (var i = 0; i < values.Length; i++) values[i] = random.NextSingle();
        var matrix = new FeatureMatrix(values, rows, dim);
        var queries = matrix.Select([.. Enumerable.Range(0, Batch).Select(i => i * (rows / Batch))]);
        string[] ids = [.. Enumerable.Range(0, rows).Select(i => $"{i}")];
        var floor = MachineFloor.Measure();
        Console.WriteLine($"{rows} x {dim}, the {Count} nearest, {Environment.ProcessorCount} cores; memory {floor.BytesPerSecond / 1e9:0.0} GB/s, multiply-adds {floor.Flops / 2e9:0} G/s");
        foreach (var metric in new[] { DistanceMetric.Cosine, DistanceMetric.Euclidean })
        {
            var clock = Stopwatch.StartNew();
            var index = FeatureIndex.Build(matrix, ids, metric);
            var build = clock.Elapsed;
            double one = double.MaxValue, batch = double.MaxValue, naive = double.MaxValue;
            for (var round = 0; round < rounds; round++)
            {
                one = Math.Min(one, Seconds(() => index.Search(queries.Row(round % Batch), Count)));
                batch = Math.Min(batch, Seconds(() => index.Search(queries, Count)));
                naive = Math.Min(naive, Seconds(() => Naive(matrix, queries.Row(round % Batch), metric)));
            }

            var (read, multiply) = (4.0 * rows * dim / floor.BytesPerSecond, 2.0 * Batch * rows * dim / floor.Flops);
            Console.WriteLine($"{metric}: built in {build.TotalSeconds:0.00} s");
            Console.WriteLine($"  one query      {1 / one,8:0.0} queries/s, {naive / one:0.0} times the plain loop ({1 / naive:0.0}), {read / one:P0} of reading the vectors once");
            Console.WriteLine($"  {Batch} queries    {Batch / batch,8:0.0} queries/s, {naive * Batch / batch:0.0} times the plain loop, {multiply / batch:P0} of the multiply-adds");
        }

        return 0;
    }

    private static double Seconds(Action work)
    {
        var clock = Stopwatch.StartNew();
        work();
        return clock.Elapsed.TotalSeconds;
    }

    /// <summary>The loop that one would write: a sum for each row, then a sort.</summary>
    private static int[] Naive(FeatureMatrix matrix, ReadOnlySpan<float> query, DistanceMetric metric)
    {
        var distances = new float[matrix.RowCount];
        for (var row = 0; row < distances.Length; row++)
        {
            distances[row] = metric == DistanceMetric.Cosine ? NegativeCosine(matrix.Row(row), query) : SquaredDistance(matrix.Row(row), query);
        }

        var order = Enumerable.Range(0, distances.Length).ToArray();
        Array.Sort(distances, order);
        return order[..Count];
    }

    /// <summary>Without the query's own length, which changes no order.</summary>
    private static float NegativeCosine(ReadOnlySpan<float> vector, ReadOnlySpan<float> query)
    {
        float dot = 0, length = 0;
        for (var i = 0; i < vector.Length; i++)
        {
            dot += vector[i] * query[i];
            length += vector[i] * vector[i];
        }

        return -dot / MathF.Sqrt(length);
    }

    private static float SquaredDistance(ReadOnlySpan<float> vector, ReadOnlySpan<float> query)
    {
        var sum = 0f;
        for (var i = 0; i < vector.Length; i++) sum += (vector[i] - query[i]) * (vector[i] - query[i]);
        return sum;
    }
}
