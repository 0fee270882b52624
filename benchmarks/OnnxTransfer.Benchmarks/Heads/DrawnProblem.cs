using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Training;

namespace OnnxTransfer.Benchmarks.Heads;

/// <summary>A small training set drawn many times from one set of photographs; what a draw does not take is the test.</summary>
internal sealed class DrawnProblem
{
    /// <summary>The number of draws; draw k has the seed k, from 1.</summary>
    internal const int Draws = 20;

    private readonly FeatureMatrix _features;
    private readonly int[] _labels;
    private readonly string[] _classes;

    /// <param name="name">Set, backbone and rows per class, for the table.</param>
    /// <param name="features"><c>[N,D]</c>.</param>
    /// <param name="labels"><c>[N]</c>.</param>
    /// <param name="classes"><c>[C]</c>.</param>
    /// <param name="rowsPerClass">How many rows of each class are drawn to train on; null for three quarters.</param>
    internal DrawnProblem(string name, FeatureMatrix features, int[] labels, string[] classes, int? rowsPerClass)
    {
        (Name, _features, _labels, _classes) = (name, features, labels, classes);
        Train = [.. Enumerable.Range(1, Draws).Select(seed => Draw(seed, rowsPerClass))];
        Test = [.. Train.Select(train => Enumerable.Range(0, labels.Length).Except(train).ToArray())];
    }

    internal string Name { get; }

    internal int ClassCount => _classes.Length;

    /// <summary>The training rows of each draw, ascending.</summary>
    internal int[][] Train { get; }

    /// <summary>The test rows of each draw, ascending.</summary>
    internal int[][] Test { get; }

    internal FeatureMatrix Features => _features;

    internal ReadOnlySpan<int> Labels => _labels;

    internal LabeledFeatures TrainingRows(int draw) => Pick(Train[draw]);

    internal FeatureMatrix TestRows(int draw) => _features.Select(Test[draw]);

    /// <summary>Scores the answers to every draw's test rows.</summary>
    /// <param name="probabilities">For each draw <c>[M,C]</c>.</param>
    internal DrawScores Score(IReadOnlyList<Matrix<float>> probabilities)
    {
        var each = Enumerable.Range(0, Draws).Select(draw => Evaluator.Evaluate(probabilities[draw], LabelsOf(Test[draw]), _classes)).ToArray();
        var stacked = probabilities.Aggregate((above, below) => above.Stack(below));
        var pooled = Evaluator.Evaluate(stacked, [.. Test.SelectMany(LabelsOf)], _classes);
        return new DrawScores([.. each.Select(result => result.Accuracy)], [.. each.Select(result => result.Loss)], pooled.CalibrationError, pooled.Count);
    }

    private int[] LabelsOf(int[] rows) => [.. rows.Select(row => _labels[row])];

    private LabeledFeatures Pick(int[] rows) => new(_features.Select(rows), LabelsOf(rows));

    private int[] Draw(int seed, int? rowsPerClass)
    {
        var random = new SeededRandom(seed, SeededRandom.Purpose.HoldOut);
        var drawn = new List<int>();
        for (var label = 0; label < ClassCount; label++)
        {
            var members = Enumerable.Range(0, _labels.Length).Where(row => _labels[row] == label).ToArray();
            random.Shuffle(members);
            drawn.AddRange(members.Take(rowsPerClass ?? members.Length * 3 / 4));
        }

        drawn.Sort();
        return [.. drawn];
    }
}

/// <summary>What a method reached in a problem.</summary>
/// <param name="Accuracies">The test accuracy of each draw.</param>
/// <param name="Losses">The test log loss of each draw.</param>
/// <param name="CalibrationError">Expected calibration error over the predictions of all draws together, ten bins.</param>
/// <param name="Predictions">The number of these predictions.</param>
internal sealed record DrawScores(double[] Accuracies, double[] Losses, double CalibrationError, int Predictions)
{
    internal double Accuracy => Accuracies.Average();

    internal double Loss => Losses.Average();

    internal double StandardError => StandardErrorOf(Accuracies);

    /// <summary>The mean difference of accuracy to another method on the same draws, and its standard error.</summary>
    internal (double Mean, double Error) Above(DrawScores other)
    {
        var differences = Accuracies.Zip(other.Accuracies, (ours, theirs) => ours - theirs).ToArray();
        return (differences.Average(), StandardErrorOf(differences));
    }

    private static double StandardErrorOf(double[] values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1) / values.Length);
    }
}
