using OnnxTransfer.Heads;
using OnnxTransfer.Heads.Optimizers;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Heads;

/// <summary>Fifty steps of PyTorch, every loss and the weights on the way.</summary>
public sealed class GoldenOptimizerTests
{
    private static readonly Optimizer AdamOfPyTorch = Optimizer.Adam with { Convention = OptimizerConvention.PyTorch, Epsilon = 1e-8 };

    [SharedFact("golden/adam.json")]
    public void AdamFollowsPyTorch() => Follows("adam", AdamOfPyTorch, 0.01);

    [SharedFact("golden/adam.json")]
    public void KerasEpsilonIsNotPyTorchs()
    {
        var (_, weights) = Run(Optimizer.Adam with { Epsilon = 0.01 }, 0.01);
        var (_, others) = Run(AdamOfPyTorch with { Epsilon = 0.01 }, 0.01);
        Assert.True(weights.Zip(others, (a, b) => Math.Abs(a - b)).Max() > 1e-3);
    }

    private static void Follows(string file, Optimizer optimizer, double learningRate)
    {
        var golden = GoldenProblem.LoadTrajectory(file);
        var (losses, weights) = Run(optimizer, learningRate, (step, parameters) =>
        {
            if (golden.AfterStep.TryGetValue($"{step}", out var expected)) AssertClose(expected.Parameters, parameters);
        });
        for (var i = 0; i < losses.Count; i++) Assert.InRange(losses[i] / golden.LossBeforeEachStep[i], 1 - 1e-5, 1 + 1e-5);
        Assert.Equal(golden.LossBeforeEachStep.Length, losses.Count);
        AssertClose(golden.Final.Parameters, weights);
    }

    private static (List<double> Losses, float[] Parameters) Run(Optimizer optimizer, double learningRate, Action<int, float[]>? afterStep = null)
    {
        var problem = GoldenProblem.Load();
        var model = new SoftmaxModel<float>(problem.Dim, problem.ClassCount);
        problem.Parameters.CopyTo(model.Parameters, 0);
        var rule = UpdateRule.Create(optimizer, model.Parameters.Length);
        var losses = new List<double>();
        foreach (var batch in problem.Batches)
        {
            losses.Add(model.LossAndGradient(problem.Features, problem.Y, batch).Loss / batch.Length);
            rule.Step(model.Parameters, model.Gradient, learningRate);
            afterStep?.Invoke(losses.Count, model.Parameters);
        }

        return (losses, model.Parameters);
    }

    /// <summary>Within 1e-5 of the largest weight, since a weight may pass through zero.</summary>
    private static void AssertClose(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var scale = expected.Max(Math.Abs);
        for (var i = 0; i < expected.Length; i++) Assert.True(Math.Abs(expected[i] - actual[i]) <= 1e-5 * scale, $"parameter {i}: {actual[i]} instead of {expected[i]}");
    }
}
