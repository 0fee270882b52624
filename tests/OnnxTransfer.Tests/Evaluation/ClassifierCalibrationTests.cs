using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Evaluation;

namespace OnnxTransfer.Tests.Evaluation;

public sealed class ClassifierCalibrationTests
{
    private const int Classes = 5;

    [Theory]
    [InlineData(0.4)]
    [InlineData(1)]
    [InlineData(2.5)]
    public void The_temperature_undoes_the_one_that_was_applied(double applied)
    {
        // Labels are drawn from softmax(z), and the classifier says softmax(z/applied): the best T is 1/applied.
        var sample = Sample.Draw(40_000, seed: 1);
        var temperature = TemperatureFit.Fit([Softmax(sample.Logits, applied)], sample.Labels);
        Assert.Equal(1 / applied, temperature, 0.05 / applied);
    }

    [Fact]
    public void No_other_temperature_has_a_lower_loss()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var sample = Sample.Draw(60, seed);
            var probabilities = Softmax(sample.Logits, 0.7);
            var best = TemperatureFit.Fit([probabilities], sample.Labels);
            var least = Loss(best);
            foreach (var other in Enumerable.Range(-200, 401).Select(i => Math.Exp(i * Math.Log(TemperatureFit.Greatest) / 200))) Assert.True(Loss(other) >= least - 1e-12, $"seed {seed}: {other} is better than {best}");

            double Loss(double temperature) => Enumerable.Range(0, 60).Average(row =>
            {
                var powers = probabilities.Row(row).Select(p => Math.Pow(p, 1 / temperature)).ToArray();
                return -Math.Log(powers[sample.Labels[row]] / powers.Sum());
            });
        }
    }

    [Fact]
    public void Rows_that_are_all_right_say_nothing()
    {
        var probabilities = Matrix<float>.Build.DenseOfRowArrays([0.9f, 0.1f], [0.2f, 0.8f]);
        Assert.Equal(1, TemperatureFit.Fit([probabilities], [0, 1]));
        // A probability of zero in float32 has a finite logarithm.
        Assert.True(double.IsFinite(TemperatureFit.Fit([Matrix<float>.Build.DenseOfRowArrays([1f, 0f], [1f, 0f], [1f, 0f])], [0, 0, 1])));
    }

    /// <summary>Halvings of the range with the logarithms of all rows at hand find the same temperature, however the rows are cut into blocks.</summary>
    [Fact]
    public void The_temperature_is_that_of_halvings_for_any_blocks()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var sample = Sample.Draw(20 + (37 * seed), seed);
            var probabilities = Softmax(sample.Logits, Math.Exp((seed - 20) / 6.0));
            var expected = Halved(probabilities, sample.Labels);
            foreach (var size in (int[])[probabilities.RowCount, 17, 1])
            {
                var blocks = Enumerable.Range(0, (probabilities.RowCount + size - 1) / size).Select(i => probabilities.SubMatrix(i * size, Math.Min(size, probabilities.RowCount - (i * size)), 0, Classes));
                Assert.Equal(expected, TemperatureFit.Fit(blocks, sample.Labels), 1e-9 * expected);
            }
        }

        static double Halved(Matrix<float> probabilities, int[] labels)
        {
            double[][] rows = [.. probabilities.EnumerateRows().Select(row => row.Select(p => Math.Log(Math.Max(p, float.Epsilon))).ToArray())];
            var (low, high) = (Math.Log(1 / TemperatureFit.Greatest), Math.Log(1 / TemperatureFit.Least));
            if (Slope(low) >= 0 || Slope(high) <= 0) return 1;
            for (var i = 0; i < 60; i++)
            {
                var middle = (low + high) / 2;
                if (Slope(middle) < 0) low = middle;
                else high = middle;
            }

            return Math.Exp(-(low + high) / 2);

            double Slope(double logInverse) => rows.Zip(labels).Sum(one =>
            {
                var weights = one.First.Select(z => Math.Exp((z - one.First.Max()) * Math.Exp(logInverse))).ToArray();
                return (weights.Zip(one.First, (weight, z) => weight * z).Sum() / weights.Sum()) - one.First[one.Second];
            });
        }
    }

    [Fact]
    public void A_head_with_a_temperature_gives_the_probabilities_of_the_divided_logits()
    {
        var random = new Random(3);
        var head = ClassifierHead.FromWeights(Matrix<float>.Build.Dense(7, 4, (_, _) => random.NextSingle() - 0.5f), Vector<float>.Build.Dense(4, i => i / 4f));
        var row = Enumerable.Range(0, 7).Select(_ => random.NextSingle()).ToArray();
        var (plain, cooled) = (head.Probabilities(row), head.WithTemperature(0.5).Probabilities(row));
        var squares = plain.Select(p => (double)p * p).ToArray();
        for (var c = 0; c < 4; c++) Assert.Equal(squares[c] / squares.Sum(), cooled[c], 1e-6);
        Assert.Same(head, head.WithTemperature(1));
        foreach (var wrong in new[] { 0, -1, double.NaN, double.PositiveInfinity }) Assert.Throws<ArgumentOutOfRangeException>(() => head.WithTemperature(wrong));
    }

    [Theory]
    [InlineData(19, 0.95, 19)]
    [InlineData(18, 0.95, 19)]
    [InlineData(9, 0.9, 9)]
    [InlineData(99, 0.5, 50)]
    [InlineData(100, 0.5, 51)]
    public void The_quantile_is_that_of_n_plus_one(int count, double coverage, int rank)
    {
        // The true class of image i has the probability 1 - i/1000: its score has the rank i+1.
        var probabilities = Matrix<float>.Build.Dense(count, 2, (row, column) => column == 0 ? 1 - (row / 1000f) : row / 1000f);
        var calibration = ClassifierCalibration.Of(1, [probabilities], [probabilities], new int[count]);
        Assert.Equal(rank > count ? 0 : probabilities[rank - 1, 0], calibration.LeastProbability(coverage));
        Assert.Equal(rank > count, count < ClassifierCalibration.LeastCount(coverage));
        Assert.Equal(count, calibration.Count);
    }

    /// <summary>Split conformal prediction promises the coverage on average over calibrations, and at most 1/(n+1) more where no scores are equal.</summary>
    [Theory]
    [InlineData(50, 0.9)]
    [InlineData(200, 0.95)]
    [InlineData(999, 0.8)]
    public void The_sets_cover_as_promised_on_rows_that_were_not_used(int count, double coverage)
    {
        const int rounds = 300, held = 100;
        var inside = 0;
        for (var round = 0; round < rounds; round++)
        {
            // A classifier that is far too sure of itself: the promise does not need an honest one.
            var sample = Sample.Draw(count + held, seed: 1000 + round);
            var probabilities = Softmax(sample.Logits, 0.3);
            var rows = probabilities.SubMatrix(0, count, 0, Classes);
            var least = ClassifierCalibration.Of(1, [rows], [rows], sample.Labels.AsSpan(0, count)).LeastProbability(coverage);
            inside += Enumerable.Range(count, held).Count(row => probabilities[row, sample.Labels[row]] >= least);
        }

        // Rows of one round share a calibration: the variance is that of the mean of a beta-binomial.
        var exact = Math.Ceiling(((count + 1) * coverage) - 1e-9) / (count + 1);
        var variance = exact * (1 - exact) * (1 + ((held - 1.0) / (count + 2))) / (rounds * held);
        Assert.InRange((double)inside / (rounds * held), exact - (4 * Math.Sqrt(variance)), exact + (4 * Math.Sqrt(variance)));
    }

    [Fact]
    public void It_comes_back_from_its_text_and_nothing_else_does()
    {
        var sample = Sample.Draw(30, seed: 5);
        var probabilities = Softmax(sample.Logits, 1);
        var calibration = ClassifierCalibration.Of(1.5, [probabilities], [probabilities], sample.Labels);
        var read = ClassifierCalibration.FromJson(calibration.ToJson());
        Assert.Equal((1.5, 30, calibration.LossBefore, calibration.LossAfter), (read.Temperature, read.Count, read.LossBefore, read.LossAfter));
        foreach (var coverage in new[] { 0.1, 0.5, 0.9, 0.95 }) Assert.Equal(calibration.LeastProbability(coverage), read.LeastProbability(coverage));
        foreach (var wrong in new[] { "{}", """{"temperature":0,"truths":[0.5]}""", """{"temperature":1,"truths":[]}""", """{"temperature":1,"truths":[1.5]}""", "null" })
            Assert.Throws<InvalidDataException>(() => ClassifierCalibration.FromJson(wrong));
        foreach (var wrong in new[] { 0, 1, -1, double.NaN }) Assert.Throws<ArgumentOutOfRangeException>(() => calibration.LeastProbability(wrong));
    }

    [Fact]
    public void The_threshold_keeps_the_most_images_and_equal_probabilities_together()
    {
        var curve = SelectiveAccuracy.Curve([(0.9f, true), (0.8f, true), (0.8f, false), (0.7f, true), (0.6f, true), (0.5f, false)]);
        Assert.Equal([0.9f, 0.8f, 0.7f, 0.6f, 0.5f], curve.Select(point => (float)point.Threshold));
        Assert.Equal([1, 3, 4, 5, 6], curve.Select(point => point.Count));
        Assert.Equal(new SelectiveAccuracy(0.6f, 5 / 6.0, 4 / 5.0, 5), SelectiveAccuracy.Reaching(0.8, curve));
        Assert.Equal(1, SelectiveAccuracy.Reaching(0.9, curve)!.Count);
        Assert.Null(SelectiveAccuracy.Reaching(0.5, SelectiveAccuracy.Curve([(0.9f, false)])));
    }

    [Fact]
    public void A_prediction_says_whether_it_is_unknown()
    {
        var prediction = new Prediction(["a", "b"], [0.6f, 0.4f]);
        Assert.False(prediction.IsUnknown);
        Assert.False(new Prediction(["a", "b"], [0.6f, 0.4f]) { UnknownBelow = 0.6f }.IsUnknown);
        Assert.True(new Prediction(["a", "b"], [0.6f, 0.4f]) { UnknownBelow = 0.61 }.IsUnknown);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Prediction(["a"], [1]) { UnknownBelow = 1.1 });
    }

    private static Matrix<float> Softmax(double[][] logits, double temperature) => Matrix<float>.Build.DenseOfRowArrays(logits.Select(row =>
    {
        var powers = row.Select(z => Math.Exp(z / temperature)).ToArray();
        return powers.Select(power => (float)(power / powers.Sum())).ToArray();
    }));

    /// <summary>Logits of a normal distribution, and labels drawn from their softmax.</summary>
    private sealed record Sample(double[][] Logits, int[] Labels)
    {
        internal static Sample Draw(int count, int seed)
        {
            var random = new Random(seed);
            var logits = new double[count][];
            var labels = new int[count];
            for (var row = 0; row < count; row++)
            {
                logits[row] = [.. Enumerable.Range(0, Classes).Select(_ => 2 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))];
                var powers = logits[row].Select(Math.Exp).ToArray();
                var at = random.NextDouble() * powers.Sum();
                while (labels[row] < Classes - 1 && (at -= powers[labels[row]]) > 0) labels[row]++;
            }

            return new Sample(logits, labels);
        }
    }
}
