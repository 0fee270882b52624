using System.Text.Json;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Training;

/// <summary>The 64x12 problem with 4 classes whose trajectories PyTorch and scikit-learn were asked for.</summary>
internal sealed class GoldenProblem
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNameCaseInsensitive = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public required double[][] X { get; init; }

    public required int[] Y { get; init; }

    public required double[][] W0 { get; init; }

    public required double[] B0 { get; init; }

    public required int[][] Batches { get; init; }

    public int Dim => X[0].Length;

    public int ClassCount => B0.Length;

    public float[] Features => [.. X.SelectMany(row => row).Select(v => (float)v)];

    /// <summary>W0 [C,D] row-major, then b0.</summary>
    public float[] Parameters => [.. W0.SelectMany(row => row).Concat(B0).Select(v => (float)v)];

    public static GoldenProblem Load() => Read<GoldenProblem>("problem.json");

    public static Trajectory LoadTrajectory(string optimizer) => Read<Trajectory>($"{optimizer}.json");

    public static T Read<T>(string file) =>
        JsonSerializer.Deserialize<T>(File.ReadAllText(Repository.SharedPath("golden", file)), Json)!;

    internal sealed class Trajectory
    {
        public required double[] LossBeforeEachStep { get; init; }

        public required Dictionary<string, Layer> AfterStep { get; init; }

        public required Layer Final { get; init; }

        public required double FullDataLossAfter { get; init; }
    }

    internal sealed class Layer
    {
        public required double[][] W { get; init; }

        public required double[] B { get; init; }

        public double[] Parameters => [.. W.SelectMany(row => row), .. B];
    }
}
