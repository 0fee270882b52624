using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Evaluation;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Evaluation;

[Collection(nameof(Alone))]
public sealed class EvaluatorMemoryTests
{
    /// <summary>The confusion of many classes is nearly all zeros: it must not take C² numbers, nor the probabilities N·C.</summary>
    [Fact]
    public void ManyClassesTakeLittleMemory()
    {
        const int Classes = 10_000, Rows = 2_000;
        var scorer = new OwnClass(Classes);
        var features = new FeatureMatrix([.. Enumerable.Range(0, Rows).Select(row => (float)(row % 7))], Rows, 1);
        int[] labels = [.. Enumerable.Range(0, Rows).Select(row => row % 11)];
        string[] names = [.. Enumerable.Range(0, Classes).Select(c => $"{c}")];

        var before = GC.GetTotalMemory(forceFullCollection: true);
        var result = Evaluator.Evaluate(scorer.InBlocks(features, Classes), labels, names);
        var held = GC.GetTotalMemory(forceFullCollection: true) - before;

        Assert.InRange(held, 0, 20 << 20);
        Assert.InRange(scorer.LargestBlock, 1, 1 << 22);
        Assert.Equal(Rows, scorer.Rows);
        Assert.Equal(Rows, result.Confusion.Take(11).Sum(row => row.Sum()));
        Assert.Equal(labels.Zip(Enumerable.Range(0, Rows)).Count(pair => pair.First == 3 && pair.Second % 7 == 5), result.Confusion[3][5]);
        Assert.Equal((Classes, 0, 0), (result.Confusion[3].Count, result.Confusion[3][Classes - 1], result.Confusion[Classes - 1].Sum()));
        Assert.Throws<ArgumentOutOfRangeException>(() => result.Confusion[3][Classes]);
    }

    /// <summary>The class is the feature; counts what it is asked for.</summary>
    private sealed class OwnClass(int classes) : IClassScorer
    {
        public int LargestBlock { get; private set; }

        public int Rows { get; private set; }

        public float[] Probabilities(ReadOnlySpan<float> features)
        {
            var row = new float[classes];
            row[(int)features[0]] = 1;
            return row;
        }

        public Matrix<float> Probabilities(FeatureMatrix features)
        {
            LargestBlock = Math.Max(LargestBlock, features.RowCount * classes);
            Rows += features.RowCount;
            var block = Matrix<float>.Build.Dense(features.RowCount, classes);
            for (var row = 0; row < features.RowCount; row++) block.SetRow(row, Probabilities(features.Row(row)));
            return block;
        }
    }
}
