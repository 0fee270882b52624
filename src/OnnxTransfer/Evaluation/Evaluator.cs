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
        var (rows, classes) = (probabilities.RowCount, probabilities.ColumnCount);
        if (rows == 0) Throw.NothingToEvaluate();
        if (labels.Count != rows) Throw.LabelsDoNotMatchProbabilities(labels.Count, rows);
        if (classNames.Count != classes) Throw.NamesDoNotMatchProbabilities(classNames.Count, classes);

        int[][] confusion = [.. Enumerable.Range(0, classes).Select(_ => new int[classes])];
        var calibration = new Calibration();
        var ranks = new int[classes];
        double loss = 0;
        var row = new float[classes];
        for (var i = 0; i < rows; i++)
        {
            var label = labels[i];
            if ((uint)label >= (uint)classes) Throw.EvaluationLabelOutOfRange(i, label, classes);
            ReadRow(probabilities, i, row);
            var predicted = Argmax.Of<float>(row);
            confusion[label][predicted]++;
            ranks[RankOf(row, label)]++;
            calibration.Add(row[predicted], predicted == label);
            loss -= Math.Log(Math.Max(row[label], SmallestProbability));
        }

        var right = Enumerable.Range(0, classes).Sum(c => confusion[c][c]);
        return new EvaluationResult(rows, (double)right / rows, loss / rows, PerClass(confusion, classNames), confusion, calibration.ToBins()) { RankCounts = ranks };
    }

    private static void ReadRow(Matrix<float> probabilities, int row, Span<float> values)
    {
        for (var c = 0; c < values.Length; c++)
        {
            values[c] = probabilities[row, c];
            if (float.IsNaN(values[c])) Throw.ProbabilityIsNaN(row, c);
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

    private static ClassMetrics[] PerClass(int[][] confusion, IReadOnlyList<string> names)
    {
        var metrics = new ClassMetrics[names.Count];
        for (var c = 0; c < metrics.Length; c++)
        {
            var (support, predicted, right) = (0, 0, confusion[c][c]);
            for (var other = 0; other < metrics.Length; other++)
            {
                support += confusion[c][other];
                predicted += confusion[other][c];
            }

            // F1 = 2PR/(P+R) = 2·right/(predicted + support).
            metrics[c] = new ClassMetrics(names[c], Ratio(right, predicted), Ratio(right, support), Ratio(2 * right, predicted + support), support);
        }

        return metrics;
    }

    private static double Ratio(int part, int whole) => whole == 0 ? 0 : (double)part / whole;
}
