using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Training;

/// <summary>What follows the affine map of a <see cref="DenseLayer"/>.</summary>
internal enum Activation
{
    Relu,
    Softmax,
    Sigmoid,
}

/// <summary>One layer <c>y = activation(x·W + b)</c>, with W <c>[inputs, outputs]</c> row-major and b <c>[outputs]</c>.</summary>
internal sealed record DenseLayer(int Inputs, int Outputs, float[] Weights, float[] Bias, Activation Activation)
{
    /// <summary>From <c>[rows, columns]</c> row-major to <c>[columns, rows]</c> row-major.</summary>
    internal static float[] Transpose(ReadOnlySpan<float> values, int rows, int columns)
    {
        var turned = new float[values.Length];
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++) turned[j * rows + i] = values[i * columns + j];
        }

        return turned;
    }

    /// <summary>
    /// A layer with a single sigmoid output p as one with two softmax outputs 1-p and p: the logits become 0 and z, since
    /// <c>1/(1+exp(-z)) = exp(z)/(exp(0)+exp(z))</c>.
    /// </summary>
    internal DenseLayer AsTwoClasses()
    {
        var weights = new float[2 * Inputs];
        for (var d = 0; d < Inputs; d++) weights[2 * d + 1] = Weights[d];
        return new DenseLayer(Inputs, 2, weights, [0, Bias[0]], Activation.Softmax);
    }
}

internal static class ActivationExtensions
{
    internal static void Apply(this Activation activation, Span<float> row)
    {
        switch (activation)
        {
            case Activation.Softmax:
                LossKernels.Softmax(row);
                break;
            case Activation.Sigmoid:
                LossKernels.Sigmoid(row);
                break;
            default:
                for (var i = 0; i < row.Length; i++) row[i] = row[i] > 0 ? row[i] : 0;
                break;
        }
    }
}
