using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

/// <summary>Classes as clouds around points: how well they can be told apart is known from their distance.</summary>
internal static class Gaussians
{
    /// <param name="distance">Of each center from the origin, in standard deviations; the centers stand on different axes.</param>
    public static LabeledFeatures Make(int rows, int dim, int classCount, double distance, int seed = 7)
    {
        var random = new SeededRandom(seed, SeededRandom.Purpose.Order);
        var values = new float[rows * dim];
        var labels = new int[rows];
        for (var n = 0; n < rows; n++)
        {
            labels[n] = n % classCount;
            for (var d = 0; d < dim; d++) values[n * dim + d] = (float)Normal(random);
            values[n * dim + labels[n]] += (float)distance;
        }

        return new LabeledFeatures(new FeatureMatrix(values, rows, dim), labels);
    }

    /// <summary>Box and Muller's transform.</summary>
    private static double Normal(SeededRandom random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextSingle())) * Math.Cos(2 * Math.PI * random.NextSingle());
}
