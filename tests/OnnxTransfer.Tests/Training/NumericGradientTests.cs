using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Tests.Training;

/// <summary>
/// The analytic gradient of the total objective against central differences, in float64 through the same code that trains
/// in float32.
/// </summary>
public sealed class NumericGradientTests
{
    [Theory]
    [InlineData(1, 2, 1)]
    [InlineData(7, 3, 5)]
    [InlineData(19, 5, 32)]
    [InlineData(300, 4, 9)]
    public void Softmax(int dim, int classCount, int batch) => Holds(dim, [], classCount, batch, new Objective(OutputKind.Softmax), default);

    [Fact]
    public void Binary() => Holds(9, [], 2, 10, new Objective(OutputKind.Binary), default);

    [Fact]
    public void MultiLabel() => Holds(9, [], 4, 10, new Objective(OutputKind.MultiLabel), default);

    [Theory]
    [InlineData(new[] { 6 })]
    [InlineData(new[] { 18, 5 })]
    public void Hidden(int[] units) => Holds(11, units, 3, 10, new Objective(OutputKind.Softmax), default);

    [Fact]
    public void L2() => Holds(7, [], 3, 5, new Objective(OutputKind.Softmax), new Penalty(0.3, 0));

    [Fact]
    public void L1() => Holds(7, [], 3, 5, new Objective(OutputKind.Softmax), new Penalty(0, 0.3));

    [Theory]
    [InlineData(OutputKind.Softmax)]
    [InlineData(OutputKind.Binary)]
    [InlineData(OutputKind.MultiLabel)]
    internal void LabelSmoothing(OutputKind kind) => Holds(7, [], kind == OutputKind.Binary ? 2 : 3, 5, new Objective(kind, 0.2), default);

    [Theory]
    [InlineData(OutputKind.Softmax)]
    [InlineData(OutputKind.Binary)]
    [InlineData(OutputKind.MultiLabel)]
    internal void ClassWeights(OutputKind kind) =>
        Holds(7, [], kind == OutputKind.Binary ? 2 : 3, 5, new Objective(kind, 0, kind == OutputKind.Binary ? [0.5, 3] : [0.5, 3, 1]), default);

    [Theory]
    [InlineData(OutputKind.Softmax)]
    [InlineData(OutputKind.Binary)]
    [InlineData(OutputKind.MultiLabel)]
    internal void Everything(OutputKind kind) =>
        Holds(13, [7, 6], 2, 11, new Objective(kind, 0.1, [0.5, 2]), new Penalty(0.1, 0.05), standardize: true, sampleWeights: true);

    /// <summary>A new network for every evaluation: each then draws the mask of its first step, and that is always the same.</summary>
    [Fact]
    public void DroppedUnits()
    {
        var data = Draw(5, 3, 12, multiLabel: false, weighted: false);
        var rows = Enumerable.Range(0, 12).ToArray();
        using var team = new WorkerTeam(1);
        var units = new[] { 12, 7 };
        (double Loss, PackedLayer<double>[] Layers) Evaluate(int l, int i, double change)
        {
            var network = new Network<double>(
                new NetworkShape(5, units, 3), 12, new Objective(OutputKind.Softmax), default, new Dropout(0.3, 1), standardization: null, team);
            network.Initialize(1);
            network.Layers[l].Parameters[i] += change;
            return (network.LossAndGradient(data, rows, 0, 12).Loss / 12, [.. network.Layers]);
        }

        var analytic = Evaluate(0, 0, 0).Layers;
        const double Step = 1e-5;
        for (var l = 0; l < analytic.Length; l++)
        {
            foreach (var i in Indices(analytic[l]))
                Assert.Equal((Evaluate(l, i, Step).Loss - Evaluate(l, i, -Step).Loss) / (2 * Step), analytic[l].Gradient[i], 1e-8);
        }

        // And something was dropped.
        var whole = new Network<double>(new NetworkShape(5, units, 3), 12, new Objective(OutputKind.Softmax), default, new Dropout(0, 1), null, team);
        whole.Initialize(1);
        whole.LossAndGradient(data, rows, 0, 12);
        Assert.NotEqual(whole.Layers[0].Gradient.AsSpan().ToArray(), analytic[0].Gradient.AsSpan().ToArray());
    }

    private static void Holds(
        int dim, int[] hidden, int classCount, int batch, Objective objective, Penalty penalty, bool standardize = false, bool sampleWeights = false)
    {
        var data = Draw(dim, classCount, batch + 2, objective.Kind == OutputKind.MultiLabel, sampleWeights);
        using var team = new WorkerTeam(1);
        var network = new Network<double>(
            new NetworkShape(dim, hidden, objective.OutputsFor(classCount)), batch, objective, penalty, new Dropout(0, 1),
            standardize ? Standardization.Of(new MemoryRows(data).Moments) : null, team);
        network.Initialize(1);
        foreach (var layer in network.Layers)
        {
            for (var c = 0; c < layer.Outputs; c++) layer.Parameters[layer.BiasIndex(c)] = 0.1 * (c + 1);
        }

        var rows = Enumerable.Range(0, batch + 2).ToArray();
        double Total() => network.LossAndGradient(data, rows, 1, batch).Loss / batch + network.PenaltyOfWeights();

        Total();
        var analytic = network.Layers.Select(layer => layer.Gradient.AsSpan().ToArray()).ToArray();
        const double Step = 1e-5;
        for (var l = 0; l < analytic.Length; l++)
        {
            foreach (var i in Indices(network.Layers[l]))
            {
                var parameters = network.Layers[l].Parameters;
                var kept = parameters[i];
                parameters[i] = kept + Step;
                var above = Total();
                parameters[i] = kept - Step;
                var below = Total();
                parameters[i] = kept;
                Assert.Equal((above - below) / (2 * Step), analytic[l][i], 1e-8);
            }
        }

        Assert.Contains(analytic[0], g => Math.Abs(g) > 1e-3);
    }

    private static IEnumerable<int> Indices(PackedLayer<double> layer) =>
        Enumerable.Range(0, layer.Outputs).SelectMany(c => Enumerable.Range(0, layer.Inputs).Select(d => layer.WeightIndex(d, c)).Append(layer.BiasIndex(c)));

    private static LabeledFeatures Draw(int dim, int classCount, int rows, bool multiLabel, bool weighted)
    {
        var random = new SeededRandom(3, SeededRandom.Purpose.Order);
        var x = new FeatureMatrix([.. Enumerable.Range(0, rows * dim).Select(_ => 4 * random.NextSingle() - 2)], rows, dim);
        float[]? weights = weighted ? [.. Enumerable.Range(0, rows).Select(_ => 2 * random.NextSingle())] : null;
        return multiLabel
            ? new LabeledFeatures(x, Matrix<float>.Build.Dense(rows, classCount, (_, _) => random.NextBelow(3) / 2f), weights)
            : new LabeledFeatures(x, [.. Enumerable.Range(0, rows).Select(_ => random.NextBelow(classCount))], weights);
    }
}
