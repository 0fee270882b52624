using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OnnxTransfer.Heads.Optimizers;

/// <summary>
/// Adam. <c>m = β₁m + (1-β₁)g</c>, <c>v = β₂v + (1-β₂)g²</c>, <c>w -= a·m/(sqrt(v) + e)</c> with
/// <c>a = lr·sqrt(1-β₂ᵗ)/(1-β₁ᵗ)</c>. With <c>e = ε</c> that is Keras' form; PyTorch's,
/// <c>w -= lr/(1-β₁ᵗ)·m/(sqrt(v)/sqrt(1-β₂ᵗ) + ε)</c>, is the same with <c>e = ε·sqrt(1-β₂ᵗ)</c>.
/// </summary>
internal sealed class AdamRule(Optimizer options, int parameterCount) : UpdateRule
{
    private readonly float[] _m = new float[parameterCount];
    private readonly float[] _v = new float[parameterCount];
    private double _beta1Power = 1;
    private double _beta2Power = 1;

    internal override void Step(Span<float> parameters, ReadOnlySpan<float> gradient, double learningRate)
    {
        _beta1Power *= options.Beta1;
        _beta2Power *= options.Beta2;
        var correction = Math.Sqrt(1 - _beta2Power);
        var rate = (float)(learningRate * correction / (1 - _beta1Power));
        var epsilon = (float)(options.Convention == OptimizerConvention.Keras ? options.Epsilon : options.Epsilon * correction);
        var (beta1, beta2) = ((float)options.Beta1, (float)options.Beta2);
        var (rest1, rest2) = ((float)(1 - options.Beta1), (float)(1 - options.Beta2));

        var w = MemoryMarshal.Cast<float, Vector256<float>>(parameters);
        var g = MemoryMarshal.Cast<float, Vector256<float>>(gradient)[..w.Length];
        var m = MemoryMarshal.Cast<float, Vector256<float>>(_m.AsSpan())[..w.Length];
        var v = MemoryMarshal.Cast<float, Vector256<float>>(_v.AsSpan())[..w.Length];
        for (var i = 0; i < w.Length; i++)
        {
            m[i] = beta1 * m[i] + rest1 * g[i];
            v[i] = beta2 * v[i] + rest2 * g[i] * g[i];
            w[i] -= rate * m[i] / (Vector256.Sqrt(v[i]) + Vector256.Create(epsilon));
        }

        for (var i = w.Length * Vector256<float>.Count; i < parameters.Length; i++)
        {
            _m[i] = beta1 * _m[i] + rest1 * gradient[i];
            _v[i] = beta2 * _v[i] + rest2 * gradient[i] * gradient[i];
            parameters[i] -= rate * _m[i] / (MathF.Sqrt(_v[i]) + epsilon);
        }
    }
}
