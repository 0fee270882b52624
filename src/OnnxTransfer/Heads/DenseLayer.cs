namespace OnnxTransfer.Heads;

/// <summary>What follows the affine map of a <see cref="DenseLayer"/>.</summary>
internal enum Activation
{
    Relu,
    Softmax,
}

/// <summary>One layer <c>y = activation(x·W + b)</c>, with W <c>[inputs, outputs]</c> row-major and b <c>[outputs]</c>.</summary>
internal sealed record DenseLayer(int Inputs, int Outputs, float[] Weights, float[] Bias, Activation Activation);
