using OnnxTransfer.Internals;

namespace OnnxTransfer.Training.Auditing;

/// <summary>A row whose label is probably wrong.</summary>
/// <param name="Row">The row.</param>
/// <param name="Suggested">The class that it probably is of.</param>
/// <param name="Confidence">The out-of-fold probability of its own label, in [0, 1]: the lower, the more doubtful.</param>
internal readonly record struct SuspectLabel(int Row, int Suggested, double Confidence);

/// <summary>
/// Confident learning (Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels", 2021): counts how many
/// labels of each class are probably another class, and names so many.
/// </summary>
internal static class ConfidentLearning
{
    /// <summary>The rows whose labels are probably wrong, the most doubtful first.</summary>
    /// <param name="probabilities"><c>[N][C]</c>, out of fold.</param>
    /// <param name="labels"><c>[N]</c>.</param>
    /// <param name="classCount">C.</param>
    internal static IReadOnlyList<SuspectLabel> Find(float[][] probabilities, ReadOnlySpan<int> labels, int classCount)
    {
        var wrong = WrongLabels(probabilities, labels, classCount);
        var rowsOf = new List<int>[classCount];
        for (var c = 0; c < classCount; c++) rowsOf[c] = [];
        for (var row = 0; row < labels.Length; row++) rowsOf[labels[row]].Add(row);

        var found = new Dictionary<int, SuspectLabel>();
        for (var given = 0; given < classCount; given++)
        {
            // "Prune by noise rate": of the images of a class, those whose margin toward the other class is the greatest.
            for (var other = 0; other < classCount; other++)
            {
                var (i, j) = (given, other);
                foreach (var row in rowsOf[i].OrderByDescending(row => probabilities[row][j] - probabilities[row][i]).ThenBy(row => row).Take(i == j ? 0 : wrong[i, j]))
                {
                    // A label that the head predicts as well is not doubted.
                    var predicted = Argmax.Of<float>(probabilities[row]);
                    if (predicted != i) found.TryAdd(row, new SuspectLabel(row, predicted, probabilities[row][i]));
                }
            }
        }

        return [.. found.Values.OrderBy(suspect => suspect.Confidence).ThenBy(suspect => suspect.Row)];
    }

    /// <summary><c>[C,C]</c>: how many images of the given class (row) probably are of the other class (column). At least one image of a class stays.</summary>
    private static int[,] WrongLabels(float[][] probabilities, ReadOnlySpan<int> labels, int classCount)
    {
        var counts = ConfidentCounts(probabilities, labels, classCount);
        var given = new int[classCount];
        foreach (var label in labels) given[label]++;
        var wrong = new int[classCount, classCount];
        for (var i = 0; i < classCount; i++)
        {
            // The counts of a class are brought to the number of its labels: rows without a confident class count as their class does.
            var sum = Enumerable.Range(0, classCount).Sum(j => counts[i, j]);
            var left = given[i] - 1;
            foreach (var j in Enumerable.Range(0, classCount).Where(j => j != i).OrderByDescending(j => counts[i, j]))
            {
                wrong[i, j] = Math.Clamp((int)Math.Round((double)counts[i, j] / sum * given[i]), 0, Math.Max(0, left));
                left -= wrong[i, j];
            }
        }

        return wrong;
    }

    /// <summary>
    /// The confident joint: a row counts for the class whose probability reaches the class's mean probability over the rows labeled with it.
    /// </summary>
    private static int[,] ConfidentCounts(float[][] probabilities, ReadOnlySpan<int> labels, int classCount)
    {
        const double Rounding = 1e-6;
        var (sums, given) = (new double[classCount], new int[classCount]);
        for (var row = 0; row < labels.Length; row++)
        {
            sums[labels[row]] += probabilities[row][labels[row]];
            given[labels[row]]++;
        }

        var counts = new int[classCount, classCount];
        for (var row = 0; row < labels.Length; row++)
        {
            var best = -1;
            for (var c = 0; c < classCount; c++)
            {
                var isConfident = given[c] > 0 && probabilities[row][c] >= (sums[c] / given[c]) - Rounding;
                if (isConfident && (best < 0 || probabilities[row][c] > probabilities[row][best])) best = c;
            }

            if (best >= 0) counts[labels[row], best]++;
        }

        for (var c = 0; c < classCount; c++) counts[c, c] = Math.Max(1, counts[c, c]);
        return counts;
    }
}
