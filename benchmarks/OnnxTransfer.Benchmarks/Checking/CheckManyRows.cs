using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Embedding.Neighbors;
using OnnxTransfer.Training.Auditing;

namespace OnnxTransfer.Benchmarks.Checking;

/// <summary>
/// Seconds and memory of what a check does with many vectors: the search for near pairs and the ten nearest rows of every row. The vectors are
/// made up as features are: not negative, of few causes, with 1 % of near copies.
/// </summary>
internal static class CheckManyRows
{
    private const int Causes = 50;
    private const int OneCopyIn = 100;

    internal static int Run(int rows, int dim)
    {
        var features = Features(rows, dim);
        Report("vectors", TimeSpan.Zero);
        var clock = Stopwatch.StartNew();
        var distance = DuplicateSearch.UsualDistance(features, [.. Enumerable.Range(0, rows)], CancellationToken.None);
        Report(string.Create(CultureInfo.InvariantCulture, $"usual distance {distance:0.000}"), clock.Elapsed);
        clock.Restart();
        var pairs = new NearPairSearch(features).Find((float)Math.Max(DuplicateSearch.LeastCosine, 1 - (DuplicateSearch.PartOfUsualDistance * distance)), DuplicateSearch.MostCandidates);
        Report($"near pairs: {pairs.Count}, of them copies {pairs.Count(pair => pair.Second - pair.First == 1 && pair.Second % OneCopyIn == 1)} of {rows / OneCopyIn}", clock.Elapsed);
        clock.Restart();
        var distances = Outliers.Distances(features, null, CancellationToken.None);
        Report(string.Create(CultureInfo.InvariantCulture, $"ten nearest of every row, outliers from {Outliers.Fence(distances):0.000}"), clock.Elapsed);
        return 0;
    }

    private static void Report(string what, TimeSpan time)
    {
        using var process = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {time.TotalSeconds:0.0} s, at most {process.PeakWorkingSet64 / 1e6:0} MB"));
    }

    /// <summary>Features of images lie near a surface of few dimensions: here <c>max(0, z·W + noise)</c> of 50 causes z.</summary>
    private static FeatureMatrix Features(int rows, int dim)
    {
        var weights = new float[Causes * dim];
        var random = new Random(1);
        for (var i = 0; i < weights.Length; i++) weights[i] = Normal(random) / MathF.Sqrt(Causes);
        var values = new float[rows * dim];
        Parallel.For(0, (rows + OneCopyIn - 1) / OneCopyIn, part =>
        {
            var own = new Random(part + 2);
            var causes = new float[Causes];
            for (var row = part * OneCopyIn; row < Math.Min(rows, (part + 1) * OneCopyIn); row++)
            {
                for (var c = 0; c < Causes; c++) causes[c] = Normal(own);
                for (var d = 0; d < dim; d++)
                {
                    var sum = 0.3f * Normal(own);
                    for (var c = 0; c < Causes; c++) sum += causes[c] * weights[(c * dim) + d];
                    values[(row * dim) + d] = row % OneCopyIn == 1 ? Math.Max(0, values[((row - 1) * dim) + d] + (0.1f * Normal(own))) : Math.Max(0, sum);
                }
            }
        });
        return new FeatureMatrix(values, rows, dim);
    }

    /// <summary>Nearly normal: the sum of three uniform numbers, with the variance 1.</summary>
    private static float Normal(Random random) => 2 * (random.NextSingle() + random.NextSingle() + random.NextSingle() - 1.5f);
}
