using OnnxTransfer.TestSupport;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Kernels;
using OnnxTransfer.Training.Optimizers;

namespace OnnxTransfer.Tests.Training.Optimizers;

/// <summary>Fifty steps of PyTorch, every loss and the weights on the way.</summary>
public sealed class GoldenOptimizerTests
{
    private static readonly Optimizer AdamOfPyTorch = Optimizer.Adam(pyTorchFormula: true, epsilon: 1e-8);

    [SharedFact("golden/adam.json")]
    public void Adam() => Follows("adam", AdamOfPyTorch, 0.01);

    [SharedFact("golden/adamw.json")]
    public void AdamW() => Follows("adamw", Optimizer.AdamW(pyTorchFormula: true, epsilon: 1e-8, weightDecay: 0.1), 0.01);

    [SharedFact("golden/sgd_momentum.json")]
    public void SgdMomentum() => Follows("sgd_momentum", Optimizer.Sgd(pyTorchFormula: true), 0.05);

    [SharedFact("golden/sgd_momentum.json")]
    public void SgdMomentumOfKerasIsTheSameAtAConstantRate() => Follows("sgd_momentum", Optimizer.Sgd(), 0.05);

    [SharedFact("golden/rmsprop.json")]
    public void RmsProp() => Follows("rmsprop", Optimizer.RmsProp(pyTorchFormula: true), 0.001);

    private static void Follows(string file, Optimizer optimizer, double learningRate)
    {
        var golden = GoldenProblem.LoadTrajectory(file);
        var problem = GoldenProblem.Load();
        using var team = new WorkerTeam(1);
        var network = new Network<float>(
            new NetworkShape(problem.Dim, [], problem.ClassCount), 16, new Objective(OutputKind.Softmax), default, new Dropout(0, 1), null, team);
        var layer = network.Layers[0];
        Set(layer, problem);
        var data = new LabeledFeatures(new FeatureMatrix(problem.Features, problem.X.Length, problem.Dim), problem.Y);
        UpdateRule<float>[] rules = [((StepOptimizer)optimizer).Rule<float>(layer.Parameters.Length)];
        for (var step = 0; step < problem.Batches.Length; step++)
        {
            var (loss, _) = network.Step(data, problem.Batches[step], 0, problem.Batches[step].Length, rules, learningRate);
            Assert.InRange(loss / 16 / golden.LossBeforeEachStep[step], 1 - 1e-5, 1 + 1e-5);
            if (golden.AfterStep.TryGetValue($"{step + 1}", out var expected)) AssertClose(expected, layer);
        }

        AssertClose(golden.Final, layer);
        var (full, _) = new[] { 0, 16, 32, 48 }.Select(start => network.Evaluate(data, [.. Enumerable.Range(0, 64)], start, 16))
            .Aggregate((a, b) => (a.Loss + b.Loss, a.Correct + b.Correct));
        Assert.InRange(full / 64 / golden.FullDataLossAfter, 1 - 1e-5, 1 + 1e-5);
    }

    private static void Set(PackedLayer<float> layer, GoldenProblem problem)
    {
        for (var c = 0; c < layer.Outputs; c++)
        {
            for (var d = 0; d < layer.Inputs; d++) layer.Parameters[layer.WeightIndex(d, c)] = (float)problem.W0[c][d];
            layer.Parameters[layer.BiasIndex(c)] = (float)problem.B0[c];
        }
    }

    /// <summary>Within 1e-5 of the largest weight, since a weight may pass through zero.</summary>
    private static void AssertClose(GoldenProblem.Layer expected, PackedLayer<float> actual)
    {
        var tolerance = 1e-5 * expected.W.Max(row => row.Max(Math.Abs));
        for (var c = 0; c < actual.Outputs; c++)
        {
            for (var d = 0; d < actual.Inputs; d++) Assert.Equal(expected.W[c][d], actual.Parameters[actual.WeightIndex(d, c)], tolerance);
            Assert.Equal(expected.B[c], actual.Parameters[actual.BiasIndex(c)], tolerance);
        }
    }
}
