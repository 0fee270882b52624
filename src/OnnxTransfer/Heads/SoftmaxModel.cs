using System.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// Softmax regression in training: the parameters in one array, W first as <c>[C,D]</c> row-major, then b <c>[C]</c>, and
/// their gradient laid out alike.
/// </summary>
internal sealed class SoftmaxModel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly T[] _row;

    internal SoftmaxModel(int dim, int classCount)
    {
        Dim = dim;
        ClassCount = classCount;
        Parameters = new T[(dim + 1) * classCount];
        Gradient = new T[Parameters.Length];
        _row = new T[classCount];
    }

    internal int Dim { get; }

    internal int ClassCount { get; }

    internal T[] Parameters { get; }

    internal T[] Gradient { get; }

    /// <summary>W uniform in ±sqrt(6 / (D + C)) (Glorot and Bengio, 2010, equation 16), b zero.</summary>
    internal void InitializeGlorot(SeededRandom random)
    {
        var limit = MathF.Sqrt(6f / (Dim + ClassCount));
        for (var i = 0; i < Dim * ClassCount; i++) Parameters[i] = T.CreateTruncating((2 * random.NextSingle() - 1) * limit);
        Parameters.AsSpan(Dim * ClassCount).Clear();
    }

    /// <summary>The summed loss of the given rows and how many of them were classified rightly; no gradient.</summary>
    internal (double Loss, int Correct) Evaluate(ReadOnlySpan<T> features, ReadOnlySpan<int> labels)
    {
        double loss = 0;
        var correct = 0;
        for (var n = 0; n < labels.Length; n++)
        {
            Logits(features.Slice(n * Dim, Dim));
            loss += SoftmaxKernel.CrossEntropyGradient<T>(_row, labels[n], out var right);
            if (right) correct++;
        }

        return (loss, correct);
    }

    /// <summary>
    /// The summed loss of a batch; <see cref="Gradient"/> becomes the gradient of its mean:
    /// <c>dW = Xᵀ(P - Y)/B</c>, <c>db = 1ᵀ(P - Y)/B</c>.
    /// </summary>
    /// <param name="features"><c>[N,D]</c> row-major.</param>
    /// <param name="labels"><c>[N]</c>.</param>
    /// <param name="rows">The rows of the batch.</param>
    internal (double Loss, int Correct) LossAndGradient(ReadOnlySpan<T> features, ReadOnlySpan<int> labels, ReadOnlySpan<int> rows)
    {
        Array.Clear(Gradient);
        double loss = 0;
        var correct = 0;
        var scale = T.One / T.CreateChecked(rows.Length);
        var bias = Gradient.AsSpan(Dim * ClassCount);
        foreach (var n in rows)
        {
            var x = features.Slice(n * Dim, Dim);
            Logits(x);
            loss += SoftmaxKernel.CrossEntropyGradient<T>(_row, labels[n], out var right);
            if (right) correct++;
            for (var c = 0; c < ClassCount; c++)
            {
                var g = _row[c] * scale;
                DenseKernels.AddScaled(g, x, Gradient.AsSpan(c * Dim, Dim));
                bias[c] += g;
            }
        }

        return (loss, correct);
    }

    private void Logits(ReadOnlySpan<T> x)
    {
        for (var c = 0; c < _row.Length; c++)
            _row[c] = DenseKernels.Dot<T>(x, Parameters.AsSpan(c * Dim, Dim)) + Parameters[Dim * ClassCount + c];
    }
}
