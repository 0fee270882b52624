using OnnxTransfer.Embedding.Neighbors;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Training.Auditing;

/// <summary>Rows that are far from all others.</summary>
internal static class Outliers
{
    /// <summary>With fewer rows, the usual distance is not known.</summary>
    internal const int LeastRows = 20;

    private const int Neighbors = 10;

    /// <summary>The interquartile ranges above the third quartile, cleanlab's 1/0.37037 - 1.</summary>
    private const double Ranges = 1.7;

    /// <summary>The mean distance, 1 - cosine, of each row to its ten nearest rows (Kuan and Mueller, "Back to the basics: revisiting out-of-distribution detection baselines", 2022).</summary>
    /// <param name="features"><c>[N,D]</c>, every row with a direction.</param>
    /// <param name="progress">Receives the rows that are done.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    internal static double[] Distances(FeatureMatrix features, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var sums = new double[features.RowCount];
        var counts = new int[features.RowCount];
        // A row is among its own neighbors, unless more than ten rows are equal to it: then its distance is zero all the same.
        new NeighborSearch(features, DistanceMetric.Cosine).Run(features, Neighbors + 1, Environment.ProcessorCount, Add, progress, cancellationToken);
        for (var row = 0; row < sums.Length; row++) sums[row] = counts[row] == 0 ? 0 : sums[row] / counts[row];
        return sums;

        void Add(int query, int row, int at, float cosine)
        {
            if (row == query) return;
            sums[query] += 1 - cosine;
            counts[query]++;
        }
    }

    /// <summary>The distance from which on a row is an outlier: Tukey's fence <c>Q3 + 1.7·(Q3 - Q1)</c>.</summary>
    internal static double Fence(double[] distances)
    {
        double[] sorted = [.. distances.Order()];
        var (q1, q3) = (Quantile.Of(sorted, 0.25), Quantile.Of(sorted, 0.75));
        return q3 + (Ranges * (q3 - q1));
    }
}
