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
