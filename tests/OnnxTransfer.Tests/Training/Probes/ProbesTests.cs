using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Training.Probes;

namespace OnnxTransfer.Tests.Training.Probes;

/// <summary>The judges that need no training, each against its formula written out in float64.</summary>
public sealed class ProbesTests
{
    [Theory]
    [InlineData(200, 30, 4, 2.0, 1)]
    [InlineData(40, 64, 2, 1.0, 2)]
    [InlineData(25, 7, 5, 0.0, 3)]
    public void Neighbors_vote_by_the_exponent_of_their_cosine(int count, int dim, int classes, double distance, int seed)
    {
        var (training, queries) = (Gaussians.Make(count, dim, classes, distance, seed), Gaussians.Make(60, dim, classes, distance, seed + 100));
        var predicted = NeighborProbe.Classify(training, queries, classes, threads: 2, CancellationToken.None);
        for (var q = 0; q < queries.Count; q++)
        {
            var votes = new double[classes];
            foreach (var (cosine, row) in Enumerable.Range(0, count).Select(row => (Cosine(queries, q, training, row), row)).OrderByDescending(pair => pair.Item1).Take(20))
                votes[training.Labels[row]] += Math.Exp(cosine / 0.07);
            // Votes that are equal in float64 to seven digits may be decided by float32.
            Assert.InRange(votes[predicted[q]], votes.Max() * (1 - 1e-4), votes.Max());
        }
    }

    [Theory]
    [InlineData(200, 30, 4, 2.0, 1)]
    [InlineData(40, 64, 2, 1.0, 2)]
    public void The_nearest_class_mean_is_that_of_the_greatest_cosine(int count, int dim, int classes, double distance, int seed)
    {
        var (training, queries) = (Gaussians.Make(count, dim, classes, distance, seed), Gaussians.Make(60, dim, classes, distance, seed + 100));
        var means = Enumerable.Range(0, classes).Select(c => Enumerable.Range(0, count).Where(row => training.Labels[row] == c)
            .Select(row => Row(training, row).Normalize(2)).Aggregate((a, b) => a + b)).ToArray();
        var predicted = ClassMeanProbe.Classify(training, queries, classes);
        for (var q = 0; q < queries.Count; q++)
        {
            var query = Row(queries, q);
            Assert.Equal(Enumerable.Range(0, classes).MaxBy(c => query.DotProduct(means[c]) / means[c].L2Norm()), predicted[q]);
        }
    }

    [Fact]
    public void A_row_without_direction_has_no_class_and_no_vote()
    {
        var training = new LabeledFeatures(new FeatureMatrix([1, 0, 0, 1, 0, 0], 3, 2), [0, 1, 1]);
        var queries = new LabeledFeatures(new FeatureMatrix([0, 0, 3, 1], 2, 2), [0, 0]);
        Assert.Equal([-1, 0], NeighborProbe.Classify(training, queries, 2, 1, CancellationToken.None));
        Assert.Equal([-1, 0], ClassMeanProbe.Classify(training, queries, 2));
    }

    /// <summary>With the D x D matrices of the definition, which the library never makes.</summary>
    [Theory]
    [InlineData(300, 10, 3, 2.0)]
    [InlineData(60, 80, 4, 1.5)]
    [InlineData(30, 200, 2, 3.0)]
    public void The_H_score_is_the_trace_of_its_definition(int count, int dim, int classes, double distance)
    {
        var rows = Gaussians.Make(count, dim, classes, distance);
        var x = Matrix<double>.Build.Dense(count, dim, (i, d) => rows.Features.Row(i)[d]);
        var mean = x.ColumnSums() / count;
        for (var i = 0; i < count; i++) x.SetRow(i, x.Row(i) - mean);
        var covariance = x.TransposeThisAndMultiply(x) / count;
        var target = Matrix<double>.Build.DenseIdentity(dim) * (covariance.Trace() / dim);
        var noise = Enumerable.Range(0, count).Average(i => (x.Row(i).OuterProduct(x.Row(i)) - covariance).PointwisePower(2).ColumnSums().Sum()) / count;
        var shrinkage = Math.Min(1, noise / (covariance - target).PointwisePower(2).ColumnSums().Sum());
        var between = Matrix<double>.Build.Dense(dim, dim);
        for (var c = 0; c < classes; c++)
        {
            int[] members = [.. Enumerable.Range(0, count).Where(i => rows.Labels[i] == c)];
            var ofClass = members.Select(i => x.Row(i)).Aggregate((a, b) => a + b) / members.Length;
            between += ofClass.OuterProduct(ofClass) * ((double)members.Length / count);
        }

        var expected = ((covariance * (1 - shrinkage)) + (target * shrinkage)).Inverse().Multiply(between * (1 - shrinkage)).Trace();
        Assert.Equal(expected, HScore.Of(rows, classes, seed: 1), 1e-8);
        Assert.InRange(expected, 0.01, classes - 1);
    }

    [Fact]
    public void Classes_that_lie_apart_score_higher_and_many_rows_are_drawn_from()
    {
        var scores = new[] { 0.0, 1.0, 3.0, 8.0 }.Select(distance => HScore.Of(Gaussians.Make(1500, 12, 3, distance), 3, seed: 1)).ToArray();
        Assert.Equal(scores.Order(), scores);
        Assert.InRange(scores[^1], 1.8, 2);
        Assert.Equal(HScore.Of(Gaussians.Make(1500, 12, 3, 2), 3, 1), HScore.Of(Gaussians.Make(1500, 12, 3, 2), 3, 1));
        Assert.Equal(0, HScore.Of(new LabeledFeatures(new FeatureMatrix(new float[20], 10, 2), [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]), 2, 1));
    }

    private static double Cosine(LabeledFeatures a, int i, LabeledFeatures b, int j) => Row(a, i).Normalize(2).DotProduct(Row(b, j).Normalize(2));

    private static Vector<double> Row(LabeledFeatures rows, int i) => Vector<double>.Build.DenseOfEnumerable(rows.Features.Row(i).ToArray().Select(v => (double)v));
}
