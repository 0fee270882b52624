using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Evaluation;

/// <summary>Measures probabilities against the truth.</summary>
internal static class Evaluator
{
    /// <summary>
    /// The least probability that the loss uses, as in Keras: if the true class has probability 0, the loss is 16.1 and not infinity.
    /// </summary>
    internal const double SmallestProbability = 1e-7;

    /// <summary>The most classes whose confusion is kept as C² numbers; nearly all of more are 0.</summary>
    private const int MostClassesInFull = 256;

    /// <summary>Accuracy, loss, confusion, calibration, and per class precision, recall and F1.</summary>
    /// <param name="probabilities">
    /// <c>[N,C]</c>, N at least 1; each row sums to 1. The largest is the prediction; of equal ones, the first.
    /// </param>
    /// <param name="labels"><c>[N]</c>, the true classes, in [0, C).</param>
    /// <param name="classNames"><c>[C]</c>.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, there are no rows, a label is out of range, or a probability is NaN.</exception>
    public static EvaluationResult Evaluate(Matrix<float> probabilities, IReadOnlyList<int> labels, IReadOnlyList<string> classNames)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(classNames);
        if (probabilities.RowCount == 0) Throw.NothingToEvaluate();
        if (labels.Count != probabilities.RowCount) Throw.LabelsDoNotMatchProbabilities(labels.Count, probabilities.RowCount);
        if (classNames.Count != probabilities.ColumnCount) Throw.NamesDoNotMatchProbabilities(classNames.Count, probabilities.ColumnCount);
        return Evaluate([probabilities], labels, classNames);
    }

    /// <summary>The same of probabilities that come in blocks of rows, so that those of all rows need not be in memory.</summary>
    /// <param name="blocks">Matrices of C columns, with N rows in all.</param>
    /// <param name="labels"><c>[N]</c>, the true classes, in [0, C).</param>
    /// <param name="classNames"><c>[C]</c>.</param>
    internal static EvaluationResult Evaluate(IEnumerable<Matrix<float>> blocks, IReadOnlyList<int> labels, IReadOnlyList<string> classNames)
    {
        var classes = classNames.Count;
        var confusion = new Dictionary<int, int>[classes];
        var calibration = new Calibration();
        var ranks = new int[classes];
        double loss = 0;
        var row = new float[classes];
        var i = 0;
        foreach (var block in blocks)
        {
            for (var inBlock = 0; inBlock < block.RowCount; inBlock++, i++)
            {
                var label = labels[i];
                if ((uint)label >= (uint)classes) Throw.EvaluationLabelOutOfRange(i, label, classes);
                ReadRow(block, inBlock, i, row);
                var predicted = Argmax.Of<float>(row);
                var counts = confusion[label] ??= [];
                counts[predicted] = counts.GetValueOrDefault(predicted) + 1;
                ranks[RankOf(row, label)]++;
                calibration.Add(row[predicted], predicted == label);
                loss -= Math.Log(Math.Max(row[label], SmallestProbability));
            }
        }

        if (i == 0) Throw.NothingToEvaluate();
        var perClass = PerClass(confusion, classNames, out var right);
        return new EvaluationResult(i, (double)right / i, loss / i, perClass, [.. confusion.Select(counts => Row(counts ?? [], classes))], calibration.ToBins()) { RankCounts = ranks };
    }

    private static IReadOnlyList<int> Row(Dictionary<int, int> counts, int classes)
    {
        if (classes > MostClassesInFull) return new CountRow(classes, counts);
        var row = new int[classes];
        foreach (var (place, count) in counts) row[place] = count;
        return new EquatableList<int>(row);
    }

    private static void ReadRow(Matrix<float> block, int row, int rowOfAll, Span<float> values)
    {
        for (var c = 0; c < values.Length; c++)
        {
            values[c] = block[row, c];
            if (float.IsNaN(values[c])) Throw.ProbabilityIsNaN(rowOfAll, c);
        }
    }

    /// <summary>The number of classes that come before a class, by the order of <see cref="Prediction.Top"/>.</summary>
    private static int RankOf(ReadOnlySpan<float> row, int label)
    {
        var rank = 0;
        for (var c = 0; c < row.Length; c++)
        {
            if (row[c] > row[label] || (row[c] == row[label] && c < label)) rank++;
        }

        return rank;
    }

    private static ClassMetrics[] PerClass(Dictionary<int, int>[] confusion, IReadOnlyList<string> names, out int right)
    {
        var (support, predicted) = (new int[names.Count], new int[names.Count]);
        right = 0;
        var metrics = new ClassMetrics[names.Count];
        for (var truth = 0; truth < names.Count; truth++)
        {
            foreach (var (guess, count) in confusion[truth] ?? [])
            {
                support[truth] += count;
                predicted[guess] += count;
            }
        }

        for (var c = 0; c < metrics.Length; c++)
        {
            var hits = confusion[c]?.GetValueOrDefault(c) ?? 0;
            right += hits;
            // F1 = 2PR/(P+R) = 2·right/(predicted + support).
            metrics[c] = new ClassMetrics(names[c], Ratio(hits, predicted[c]), Ratio(hits, support[c]), Ratio(2 * hits, predicted[c] + support[c]), support[c]);
        }

        return metrics;
    }

    private static double Ratio(int part, int whole) => whole == 0 ? 0 : (double)part / whole;
}
