using MathNet.Numerics.LinearAlgebra;

namespace OnnxTransfer;

/// <summary>A linear layer: <c>y = x·W + b</c>.</summary>
/// <param name="Weights">W, <c>[U,C]</c>; U is the number of inputs, D for a head without hidden layers.</param>
/// <param name="Bias">b, <c>[C]</c>.</param>
public sealed record LinearLayer(Matrix<float> Weights, Vector<float> Bias);
