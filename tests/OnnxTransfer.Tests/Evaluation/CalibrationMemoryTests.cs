using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Evaluation;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Evaluation;

[Collection(nameof(Alone))]
public sealed class CalibrationMemoryTests
{
    /// <summary>The probabilities of all rows for many classes would take 80 MB, and their logarithms 160 MB.</summary>
    [Fact]
    public void ManyClassesTakeLittleMemory()
    {
        const int Classes = 10_000, Rows = 2_000;
        var scorer = new Doubtful(Classes);
        var features = new FeatureMatrix([.. Enumerable.Range(0, Rows).Select(row => (float)(row % 7))], Rows, 1);
        // A third of the images are not of the class that the scorer is sure of.
        int[] labels = [.. Enumerable.Range(0, Rows).Select(row => row % 3 == 0 ? 9 : row % 7)];

        scorer.Before = GC.GetTotalMemory(forceFullCollection: true);
        var blocks = scorer.InBlocks(features, Classes);
        var temperature = TemperatureFit.Fit(blocks, labels);
        var calibration = ClassifierCalibration.Of(temperature, blocks, blocks, labels);

        Assert.InRange(scorer.MostHeld, 0, 40 << 20);
        // The sure class has 0.9, as is right for a share r of the rows; with p of each other class the best T has 0.9^(1/T) : p^(1/T) = r : (1 - r) / (C - 1).
        var right = Enumerable.Range(0, Rows).Count(row => labels[row] == row % 7) / (double)Rows;
        var expected = Math.Log(0.9f / (0.1f / (Classes - 1))) / Math.Log(right / ((1 - right) / (Classes - 1)));
        Assert.Equal(expected, temperature, 1e-6 * expected);
        Assert.Equal(Rows, calibration.Count);
    }

    /// <summary>Nine tenths sure that the class is the feature; keeps the most memory that was held between two blocks.</summary>
    private sealed class Doubtful(int classes) : IClassScorer
    {
        public long Before { get; set; }

        public long MostHeld { get; private set; }

        public float[] Probabilities(ReadOnlySpan<float> features) => throw new NotSupportedException();

        public Matrix<float> Probabilities(FeatureMatrix features)
        {
            MostHeld = Math.Max(MostHeld, GC.GetTotalMemory(forceFullCollection: true) - Before);
            return Matrix<float>.Build.Dense(features.RowCount, classes, (row, column) => column == (int)features.Row(row)[0] ? 0.9f : 0.1f / (classes - 1));
        }
    }
}
