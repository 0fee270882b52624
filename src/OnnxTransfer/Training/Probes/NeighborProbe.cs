using OnnxTransfer.Embedding.Neighbors;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Training.Probes;

/// <summary>
/// Classifies rows by their nearest training rows, without training: the k rows of greatest cosine vote with weights
/// <c>exp(cosine / T)</c> (Wu et al., "Unsupervised feature learning via non-parametric instance discrimination", 2018; k = 20 and T = 0.07 as
/// in the evaluation of DINO).
/// </summary>
internal static class NeighborProbe
{
    internal const int Neighbors = 20;

    private const double Temperature = 0.07;

    /// <summary>The predicted class of each row of <paramref name="queries"/>; of equal votes the lower class. A row of zeros, which has no direction, has no class: -1.</summary>
    /// <param name="training">The rows that vote.</param>
    /// <param name="queries">The rows to classify.</param>
    /// <param name="classCount">C.</param>
    /// <param name="threads">The number of threads; 0 for one a core.</param>
    /// <param name="cancellationToken">Stops between blocks of rows.</param>
    internal static int[] Classify(LabeledFeatures training, LabeledFeatures queries, int classCount, int threads, CancellationToken cancellationToken)
    {
        var votes = new double[queries.Count, classCount];
        int[] voters = Directed(training.Features), asked = Directed(queries.Features);
        if (voters.Length > 0 && asked.Length > 0)
        {
            var search = new NeighborSearch(training.Features.Select(voters), DistanceMetric.Cosine);
            search.Run(
                queries.Features.Select(asked), Neighbors, Cores.Count(threads),
                (query, row, _, cosine) => votes[asked[query], training.Labels[voters[row]]] += Math.Exp(cosine / Temperature),
                progress: null, cancellationToken);
        }

        var predicted = new int[queries.Count];
        Array.Fill(predicted, -1);
        var ofRow = new double[classCount];
        foreach (var row in asked)
        {
            for (var c = 0; c < classCount; c++) ofRow[c] = votes[row, c];
            predicted[row] = Argmax.Of<double>(ofRow);
        }

        return predicted;
    }

    private static int[] Directed(FeatureMatrix rows)
    {
        var lengths = VectorLength.OfRows(rows);
        return [.. Enumerable.Range(0, rows.RowCount).Where(row => lengths[row] is >= NeighborSearch.Shortest and <= NeighborSearch.Longest)];
    }
}
