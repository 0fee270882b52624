using FsCheck;
using FsCheck.Fluent;
using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Evaluation;

namespace OnnxTransfer.Tests.Evaluation;

public sealed class EvaluatorTests
{
    private static readonly string[] Names = ["cat", "dog", "owl"];

    [Fact]
    public void EqualsTheHandComputation()
    {
        // Predicted 0, 0, 1, 1, 0; no owl is there and none is predicted.
        var p = Matrix<float>.Build.DenseOfRowArrays([0.5f, 0.25f, 0.25f], [0.75f, 0.125f, 0.125f], [0.25f, 0.5f, 0.25f], [0.25f, 0.5f, 0.25f], [0.5f, 0.5f, 0f]);
        var result = Evaluator.Evaluate(p, [0, 0, 0, 1, 1], Names);

        Assert.Equal(5, result.Count);
        Assert.Equal(3 / 5.0, result.Accuracy, 12);
        // -log of 1/2, 3/4, 1/4, 1/2 and 1/2.
        Assert.Equal((5 * Math.Log(2) + Math.Log(4 / 3.0)) / 5, result.Loss, 12);
        Assert.Equal([[2, 1, 0], [1, 1, 0], [0, 0, 0]], result.Confusion);
        Assert.Equal(1, result.Confusion[0][1]);
        Assert.Equal(new ClassMetrics("cat", 2 / 3.0, 2 / 3.0, 2 / 3.0, 3), result.PerClass[0]);
        Assert.Equal(new ClassMetrics("dog", 1 / 2.0, 1 / 2.0, 1 / 2.0, 2), result.PerClass[1]);
        Assert.Equal(new ClassMetrics("owl", 0, 0, 0, 0), result.PerClass[2]);
    }

    [Fact]
    public void The_means_over_classes_equal_those_of_scikit_learn()
    {
        // f1_score([0,0,0,1,1], [0,0,1,1,0]): average="macro" and "weighted"; the owl is nowhere, so it does not count.
        var p = Matrix<float>.Build.DenseOfRowArrays([0.5f, 0.25f, 0.25f], [0.75f, 0.125f, 0.125f], [0.25f, 0.5f, 0.25f], [0.25f, 0.5f, 0.25f], [0.5f, 0.3f, 0.2f]);
        var result = Evaluator.Evaluate(p, [0, 0, 0, 1, 1], Names);
        Assert.Equal(0.5833333333333333, result.MacroF1, 12);
        Assert.Equal(0.6, result.WeightedF1, 12);
        Assert.Equal(WilsonInterval.Of(3, 5), result.AccuracyInterval);
    }

    [Fact]
    public void Top_k_counts_the_rank_of_the_true_class_as_Top_does()
    {
        var random = new Random(4);
        // Few values, so that many are equal.
        var p = Matrix<float>.Build.Dense(300, 7, (_, _) => random.Next(4) / 8f);
        int[] labels = [.. Enumerable.Range(0, 300).Select(_ => random.Next(7))];
        string[] names = [.. Enumerable.Range(0, 7).Select(c => $"{c}")];
        var result = Evaluator.Evaluate(p, labels, names);
        Assert.Equal(result.Accuracy, result.TopAccuracy(1), 12);
        Assert.Equal(1, result.TopAccuracy(7), 12);
        Assert.Equal(1, result.TopAccuracy(100), 12);
        for (var k = 1; k <= 7; k++)
        {
            var inside = Enumerable.Range(0, 300).Count(row => new Prediction(names, p.Row(row).ToArray()).Top(k).Any(one => one.Index == labels[row]));
            Assert.Equal(inside / 300.0, result.TopAccuracy(k), 12);
        }

        Assert.Throws<InvalidOperationException>(() => (result with { RankCounts = [] }).TopAccuracy(1));
    }

    /// <summary>No two numbers off the diagonal are the same, and no class is predicted as often as it is true.</summary>
    [Fact]
    public void RowsAreTheTruthAndColumnsThePredictions()
    {
        int[][] expected = [[5, 1, 2], [3, 6, 0], [4, 0, 7]];
        var (rows, labels) = (new List<float[]>(), new List<int>());
        for (var truth = 0; truth < 3; truth++)
        {
            for (var predicted = 0; predicted < 3; predicted++)
            {
                for (var i = 0; i < expected[truth][predicted]; i++)
                {
                    rows.Add([.. Enumerable.Range(0, 3).Select(c => c == predicted ? 0.5f : 0.25f)]);
                    labels.Add(truth);
                }
            }
        }

        var result = Evaluator.Evaluate(Matrix<float>.Build.DenseOfRowArrays(rows), labels, Names);

        Assert.Equal(expected, result.Confusion);
        Assert.Equal(new ClassMetrics("cat", 5 / 12.0, 5 / 8.0, 2 * 5 / 20.0, 8), result.PerClass[0]);
        Assert.Equal(new ClassMetrics("dog", 6 / 7.0, 6 / 9.0, 2 * 6 / 16.0, 9), result.PerClass[1]);
        Assert.Equal(new ClassMetrics("owl", 7 / 9.0, 7 / 11.0, 2 * 7 / 20.0, 11), result.PerClass[2]);
    }

    [Fact]
    public void CalibrationEqualsTheHandComputation()
    {
        // Confidence 1/2 three times and once right, 3/4 once and right, 1 once and wrong.
        var p = Matrix<float>.Build.DenseOfRowArrays([0.5f, 0.25f, 0.25f], [0.25f, 0.5f, 0.25f], [0.5f, 0.5f, 0f], [0.75f, 0.125f, 0.125f], [0f, 0f, 1f]);
        var result = Evaluator.Evaluate(p, [0, 0, 1, 0, 0], Names);

        Assert.Equal(10, result.Calibration.Count);
        Assert.Equal(new CalibrationBin(0.4, 0.5, 3, 0.5, 1 / 3.0), result.Calibration[4]);
        Assert.Equal(new CalibrationBin(0.7, 0.8, 1, 0.75, 1), result.Calibration[7]);
        Assert.Equal(new CalibrationBin(0.9, 1, 1, 1, 0), result.Calibration[9]);
        Assert.Equal(5, result.Calibration.Sum(bin => bin.Count));
        Assert.Equal((3 * (0.5 - 1 / 3.0) + 0.25 + 1) / 5, result.CalibrationError, 12);
    }

    [Fact]
    public void AnImpossibleTruthCostsAFiniteLoss()
    {
        var result = Evaluator.Evaluate(Matrix<float>.Build.DenseOfRowArrays([1f, 0f]), [1], ["a", "b"]);
        Assert.Equal(-Math.Log(1e-7), result.Loss, 12);
        Assert.Equal(0, result.Accuracy);
    }

    [Fact]
    public void CountsAddUp() => Check.QuickThrowOnFailure(Prop.ForAll<int, PositiveInt, PositiveInt>((seed, rowCount, classCount) =>
    {
        var random = new System.Random(seed);
        var (rows, classes) = (rowCount.Get, classCount.Get % 6 + 2);
        var p = Matrix<float>.Build.Dense(rows, classes, (_, _) => random.NextSingle() + 1e-3f).NormalizeRows(1);
        var labels = Enumerable.Range(0, rows).Select(_ => random.Next(classes)).ToArray();
        var result = Evaluator.Evaluate(p, labels, [.. Enumerable.Range(0, classes).Select(c => $"{c}")]);
        var all = result.Confusion;
        var diagonal = Enumerable.Range(0, classes).Sum(c => all[c][c]);
        // Counted once more, without a matrix: (truth, prediction) pairs.
        var pairs = Enumerable.Range(0, rows).CountBy(i => (Truth: labels[i], Predicted: p.Row(i).MaximumIndex())).ToDictionary();
        return Enumerable.Range(0, classes).All(t => Enumerable.Range(0, classes).All(c => all[t][c] == pairs.GetValueOrDefault((t, c))))
            && all.Sum(row => row.Sum()) == rows
            && result.PerClass.Sum(c => c.Support) == rows
            && Math.Abs(result.Accuracy - (double)diagonal / rows) < 1e-12
            && Math.Abs(result.Accuracy - result.PerClass.Sum(c => c.Recall * c.Support) / rows) < 1e-12
            && result.PerClass.All(c => c.F1 <= Math.Max(c.Precision, c.Recall) + 1e-12 && c.F1 >= Math.Min(c.Precision, c.Recall) - 1e-12)
            && double.IsFinite(result.Loss) && result.Loss >= 0;
    }));

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        var p = Matrix<float>.Build.DenseOfRowArrays([0.5f, 0.5f], [1f, 0f]);
        Refuses("2 rows but 1 labels", p, [0], ["a", "b"]);
        Refuses("2 classes but 3 class names", p, [0, 1], Names);
        Refuses("label of row 1 is 2", p, [0, 2], ["a", "b"]);
        Refuses("probability of class 1 in row 0 is NaN", Matrix<float>.Build.DenseOfRowArrays([0.5f, float.NaN]), [0], ["a", "b"]);
        Refuses("no probabilities", Matrix<float>.Build.Dense(0, 2), [], ["a", "b"]);
    }

    private static void Refuses(string message, Matrix<float> probabilities, int[] labels, string[] names) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => Evaluator.Evaluate(probabilities, labels, names)).Message, StringComparison.Ordinal);

    [Fact]
    public void BlocksGiveTheResultOfTheWhole()
    {
        var random = new Random(3);
        foreach (var classes in new[] { 3, 300 })
        {
            const int Rows = 50;
            var whole = Matrix<float>.Build.Dense(Rows, classes, (_, _) => random.NextSingle());
            int[] labels = [.. Enumerable.Range(0, Rows).Select(_ => random.Next(classes))];
            string[] names = [.. Enumerable.Range(0, classes).Select(c => $"{c}")];
            var inBlocks = Evaluator.Evaluate(Enumerable.Range(0, 10).Select(block => whole.SubMatrix(5 * block, 5, 0, classes)), labels, names);
            var expected = Evaluator.Evaluate(whole, labels, names);
            Assert.Equal(expected, inBlocks);
            Assert.Equal(expected.GetHashCode(), inBlocks.GetHashCode());

            // A caller's own lists compare with those of the library, both ways.
            var own = expected with { Confusion = [.. expected.Confusion.Select(row => (IReadOnlyList<int>)row.ToArray())] };
            Assert.True(own.Equals(expected));
            Assert.True(expected.Equals(own));
            Assert.Equal(own.GetHashCode(), expected.GetHashCode());
            Assert.Equal(labels.Length, expected.Confusion.Sum(row => row.Sum()));
            for (var truth = 0; truth < classes; truth++)
                for (var guess = 0; guess < classes; guess++) Assert.Equal(expected.Confusion[truth].ElementAt(guess), expected.Confusion[truth][guess]);
        }
    }
}
