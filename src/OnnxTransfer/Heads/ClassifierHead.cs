using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Features;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Heads;

/// <summary>
/// What turns feature vectors <c>[N,D]</c> into class probabilities <c>[N,C]</c>. Immutable and thread-safe. The
/// probabilities of a row depend on that row alone: alone, in a batch, on any number of threads, the bits are the same.
/// </summary>
public abstract class ClassifierHead
{
    private const int RowsWorthAThread = 256;

    private protected ClassifierHead(int dim, int classCount)
    {
        Dim = dim;
        ClassCount = classCount;
    }

    /// <summary>D, the length of the feature vectors this head takes.</summary>
    public int Dim { get; }

    /// <summary>C, the number of classes.</summary>
    public int ClassCount { get; }

    /// <summary>The dense layers in order, for whoever writes them to a file.</summary>
    internal abstract IReadOnlyList<DenseLayer> Layers { get; }

    /// <summary>The head that has these <see cref="Layers"/>; the reverse, for whoever reads them from a file.</summary>
    internal static ClassifierHead FromLayers(IReadOnlyList<DenseLayer> layers)
    {
        if (layers is [{ Activation: Activation.Softmax } only]) return SoftmaxHead.FromRowMajor(only.Weights, only.Bias, only.Inputs);
        if (layers is not [.., { Activation: not Activation.Relu }] || layers.SkipLast(1).Any(layer => layer.Activation != Activation.Relu))
            throw Throw.NotAHead(layers.Select(layer => layer.Activation.ToString()));
        return new MlpHead(layers);
    }

    /// <summary>Class probabilities of every row. They sum to 1, except with multiple labels, where each stands alone.</summary>
    /// <param name="features"><c>[N,D]</c>.</param>
    /// <returns><c>[N,C]</c>; row i belongs to row i of <paramref name="features"/>.</returns>
    /// <exception cref="ArgumentException">The features have another D.</exception>
    public Matrix<float> Probabilities(FeatureMatrix features)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Dim != Dim) Throw.FeaturesHaveWrongDim(features.Dim, Dim);
        var rows = features.RowCount;
        var values = new float[rows * ClassCount];
        var parts = (rows + RowsWorthAThread - 1) / RowsWorthAThread;
        Parallel.For(0, parts, part =>
        {
            Span<float> row = new float[ClassCount];
            for (var i = part * RowsWorthAThread; i < Math.Min(rows, (part + 1) * RowsWorthAThread); i++)
            {
                Compute(features.Row(i), row);
                // MathNet keeps columns together: [N,C] column-major.
                for (var c = 0; c < row.Length; c++) values[c * rows + i] = row[c];
            }
        });
        return Matrix<float>.Build.Dense(rows, ClassCount, values);
    }

    /// <summary>Class probabilities of one feature vector.</summary>
    /// <param name="features">Length D.</param>
    /// <returns>Length C.</returns>
    /// <exception cref="ArgumentException">The vector has another length.</exception>
    public float[] Probabilities(ReadOnlySpan<float> features)
    {
        if (features.Length != Dim) Throw.FeaturesHaveWrongDim(features.Length, Dim);
        var probabilities = new float[ClassCount];
        Compute(features, probabilities);
        return probabilities;
    }

    private protected abstract void Compute(ReadOnlySpan<float> features, Span<float> probabilities);
}
