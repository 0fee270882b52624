using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Training;

/// <summary>Turns the rows of a network into class probabilities: a trained head, or what a network's own class scores need.</summary>
internal interface IClassScorer
{
    /// <summary>The class probabilities <c>[C]</c> of one row.</summary>
    float[] Probabilities(ReadOnlySpan<float> features);

    /// <summary>The class probabilities <c>[N,C]</c> of rows <c>[N,D]</c>.</summary>
    Matrix<float> Probabilities(FeatureMatrix features);
}

/// <summary>Probabilities of many rows for many classes, which would take more memory than the rows themselves.</summary>
internal static class ProbabilityBlocks
{
    /// <summary>The numbers of one block: 16 MB.</summary>
    private const int MostNumbers = 1 << 22;

    /// <summary>
    /// The same numbers as <see cref="IClassScorer.Probabilities(FeatureMatrix)"/> gives, in blocks of rows. One block is computed now and
    /// kept; each of several is computed whenever it is asked for.
    /// </summary>
    /// <param name="scorer">Computes them.</param>
    /// <param name="features"><c>[N,D]</c>.</param>
    /// <param name="classes">C.</param>
    internal static IEnumerable<Matrix<float>> InBlocks(this IClassScorer scorer, FeatureMatrix features, int classes)
    {
        var step = Math.Max(1, MostNumbers / classes);
        return features.RowCount <= step ? [scorer.Probabilities(features)] : Computed();

        IEnumerable<Matrix<float>> Computed()
        {
            for (var first = 0; first < features.RowCount; first += step)
                yield return scorer.Probabilities(features.Select([.. Enumerable.Range(first, Math.Min(step, features.RowCount - first))]));
        }
    }
}

/// <summary>The scores of a backbone's own classes; D is C here.</summary>
/// <param name="kind">Whether they are probabilities already.</param>
internal sealed class OwnScores(ScoreKind kind) : IClassScorer
{
    public float[] Probabilities(ReadOnlySpan<float> features)
    {
        var scores = features.ToArray();
        if (kind == ScoreKind.Logits) LossKernels.Softmax(scores);
        return scores;
    }

    public Matrix<float> Probabilities(FeatureMatrix features)
    {
        var probabilities = Matrix<float>.Build.Dense(features.RowCount, features.Dim);
        for (var row = 0; row < features.RowCount; row++) probabilities.SetRow(row, Probabilities(features.Row(row)));
        return probabilities;
    }
}
