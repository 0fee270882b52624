using System.Numerics;
using System.Runtime.CompilerServices;
using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Training;

/// <summary>What the outputs stand for.</summary>
internal enum OutputKind
{
    /// <summary>One output for each class; exactly one class is true.</summary>
    Softmax,

    /// <summary>A single output: the second of two classes, or otherwise the first.</summary>
    Binary,

    /// <summary>One output for each class; each class is true or not.</summary>
    MultiLabel,
}

/// <summary>The loss of one row, and its gradient by the row's logits.</summary>
/// <param name="Kind">What the outputs stand for.</param>
/// <param name="Smoothing">Label smoothing s in [0, 1): targets move by s toward the uniform distribution.</param>
/// <param name="ClassWeights">A factor a class, or null.</param>
internal record Objective(OutputKind Kind, double Smoothing = 0, double[]? ClassWeights = null)
{
    internal int OutputsFor(int classCount) => Kind == OutputKind.Binary ? 1 : classCount;

    /// <summary>
    /// The weighted loss of row n; the logits become its gradient times the scale. Correct is 1 where the row is classified
    /// rightly, 0 where not, and with multiple labels the fraction that is right.
    /// </summary>
    /// <remarks>Without class weights, as the validation rows are judged (Keras' convention), the weight is that of the row alone.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal virtual double RowLoss<T>(LabeledFeatures data, int n, Span<T> logits, double scale, bool withClassWeights, out double correct)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var weight = data.WeightOf(n);
        if (Kind == OutputKind.MultiLabel)
        {
            weight /= logits.Length;
            (var sum, correct) = MultiLabel(data.Targets(n), logits, withClassWeights ? ClassWeights : null);
            foreach (ref var gradient in logits) gradient *= T.CreateTruncating(weight * scale);
            return sum * weight;
        }

        var label = data.Labels[n];
        if (withClassWeights && ClassWeights is not null) weight *= ClassWeights[label];
        if (Kind == OutputKind.Softmax)
        {
            var loss = LossKernels.SoftmaxCrossEntropy(logits, label, Smoothing, weight * scale, out var right);
            correct = right ? 1 : 0;
            return loss * weight;
        }
        else
        {
            correct = (logits[0] > T.Zero) == (label == 1) ? 1 : 0;
            var loss = LossKernels.BinaryCrossEntropy(ref logits[0], Smoothed(label));
            logits[0] *= T.CreateTruncating(weight * scale);
            return loss * weight;
        }
    }

    private (double Loss, double Correct) MultiLabel<T>(ReadOnlySpan<float> targets, Span<T> logits, double[]? classWeights)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        double loss = 0;
        var right = 0;
        for (var c = 0; c < logits.Length; c++)
        {
            if ((logits[c] > T.Zero) == (targets[c] > 0.5f)) right++;
            var one = LossKernels.BinaryCrossEntropy(ref logits[c], Smoothed(targets[c]));
            if (classWeights is not null)
            {
                one *= classWeights[c];
                logits[c] *= T.CreateTruncating(classWeights[c]);
            }

            loss += one;
        }

        return (loss, (double)right / logits.Length);
    }

    private double Smoothed(double target) => target * (1 - Smoothing) + Smoothing / 2;
}
