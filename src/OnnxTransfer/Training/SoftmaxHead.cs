using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Training;

/// <summary>
/// Multinomial logistic regression: <c>p = softmax(x·W + b)</c> with W <c>[D,C]</c> and b <c>[C]</c>. The largest logit is
/// subtracted before the exponential, so no input overflows.
/// </summary>
internal sealed class SoftmaxHead : ClassifierHead
{
    // [C,D] row-major, so that a logit is one dot product over contiguous memory; the same memory is MathNet's column-major [D,C].
    private readonly float[] _classMajor;
    private readonly float[] _bias;

    /// <summary>A head with the given weights, which are copied.</summary>
    /// <param name="weights">W, <c>[D,C]</c>; C at least 2.</param>
    /// <param name="bias">b, <c>[C]</c>.</param>
    /// <exception cref="ArgumentException">The shapes do not fit together, or there are fewer than two classes.</exception>
    public SoftmaxHead(Matrix<float> weights, Vector<float> bias)
        : this(ColumnMajor(weights), Elements(bias), weights.RowCount)
    {
    }

    internal SoftmaxHead(float[] classMajor, float[] bias, int dim)
        : base(dim, bias.Length)
    {
        if (bias.Length < 2) Throw.TooFewClasses(bias.Length);
        if (classMajor.LongLength != (long)dim * bias.Length) Throw.WeightsHaveWrongShape(classMajor.LongLength, dim, bias.Length);
        _classMajor = classMajor;
        _bias = bias;
        Weights = Matrix<float>.Build.Dense(dim, bias.Length, classMajor);
        Bias = Vector<float>.Build.Dense(bias);
    }

    /// <summary>W, <c>[D,C]</c>: a view of the head's own memory, to be read only.</summary>
    public Matrix<float> Weights { get; }

    /// <summary>b, <c>[C]</c>: a view of the head's own memory, to be read only.</summary>
    public Vector<float> Bias { get; }

    /// <summary>A head from W as ONNX keeps it: <c>[D,C]</c> row-major, which is copied into the order of this class.</summary>
    internal static SoftmaxHead FromRowMajor(ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, int dim)
    {
        if (weights.Length != (long)dim * bias.Length) Throw.WeightsHaveWrongShape(weights.Length, dim, bias.Length);
        return new SoftmaxHead(DenseLayer.Transpose(weights, dim, bias.Length), bias.ToArray(), dim);
    }

    internal override IReadOnlyList<DenseLayer> Layers =>
        [new DenseLayer(Dim, ClassCount, DenseLayer.Transpose(_classMajor, ClassCount, Dim), [.. _bias], Activation.Softmax)];

    private protected override void Compute(ReadOnlySpan<float> features, Span<float> probabilities)
    {
        for (var c = 0; c < probabilities.Length; c++)
            probabilities[c] = DenseKernels.Dot(features, _classMajor.AsSpan(c * Dim, Dim)) + _bias[c];
        LossKernels.Softmax(probabilities);
    }

    private static float[] ColumnMajor(Matrix<float> weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return weights.ToColumnMajorArray();
    }

    private static float[] Elements(Vector<float> bias)
    {
        ArgumentNullException.ThrowIfNull(bias);
        return bias.ToArray();
    }
}
