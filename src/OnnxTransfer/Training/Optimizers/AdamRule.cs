using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Training.Optimizers;

/// <summary>
/// Adam. <c>m = β₁m + (1-β₁)g</c>, <c>v = β₂v + (1-β₂)g²</c>, <c>w -= a·m/(sqrt(v) + e)</c> with
/// <c>a = lr·sqrt(1-β₂ᵗ)/(1-β₁ᵗ)</c>. With <c>e = ε</c> that is Keras' form; PyTorch's,
/// <c>w -= lr/(1-β₁ᵗ)·m/(sqrt(v)/sqrt(1-β₂ᵗ) + ε)</c>, is the same with <c>e = ε·sqrt(1-β₂ᵗ)</c>.
/// AdamW first shrinks the weights: <c>w *= 1 - lr·decay</c>.
/// </summary>
internal sealed class AdamRule<T>(AdamOptimizer options, int parameterCount) : UpdateRule<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly AlignedArray<T> _m = new(parameterCount);
    private readonly AlignedArray<T> _v = new(parameterCount);
    private double _beta1Power = 1;
    private double _beta2Power = 1;
    // Vectors, made once a step: a range is a few dozen numbers.
    private readonly Vector512<T> _beta1 = Vector512.Create(T.CreateTruncating(options.Beta1));
    private readonly Vector512<T> _beta2 = Vector512.Create(T.CreateTruncating(options.Beta2));
    private readonly Vector512<T> _rest1 = Vector512.Create(T.CreateTruncating(1 - options.Beta1));
    private readonly Vector512<T> _rest2 = Vector512.Create(T.CreateTruncating(1 - options.Beta2));
    private Vector512<T> _rate;
    private Vector512<T> _epsilon;
    private Vector512<T> _keep = Vector512<T>.One;

    internal override void BeginStep(double learningRate)
    {
        _beta1Power *= options.Beta1;
        _beta2Power *= options.Beta2;
        var correction = Math.Sqrt(1 - _beta2Power);
        _rate = Vector512.Create(T.CreateTruncating(learningRate * correction / (1 - _beta1Power)));
        _epsilon = Vector512.Create(T.CreateTruncating(!options.PyTorchFormula ? options.Epsilon : options.Epsilon * correction));
        if (options.WeightDecay is { } decay) _keep = Vector512.Create(T.CreateTruncating(1 - learningRate * decay));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Apply(Span<T> parameters, ReadOnlySpan<T> gradient, int offset)
    {
        var done = Vector512.IsHardwareAccelerated ? ApplyWide(parameters, gradient, offset) : 0;
        var w = MemoryMarshal.Cast<T, Vector256<T>>(parameters[done..]);
        var g = MemoryMarshal.Cast<T, Vector256<T>>(gradient[done..])[..w.Length];
        var m = MemoryMarshal.Cast<T, Vector256<T>>(_m.AsSpan(offset + done))[..w.Length];
        var v = MemoryMarshal.Cast<T, Vector256<T>>(_v.AsSpan(offset + done))[..w.Length];
        var (beta1, beta2, rest1, rest2) = (_beta1.GetLower(), _beta2.GetLower(), _rest1.GetLower(), _rest2.GetLower());
        var (rate, epsilon, keep) = (_rate.GetLower(), _epsilon.GetLower(), _keep.GetLower());
        for (var i = 0; i < w.Length; i++)
        {
            var mean = beta1 * m[i] + rest1 * g[i];
            var square = beta2 * v[i] + rest2 * g[i] * g[i];
            m[i] = mean;
            v[i] = square;
            w[i] = keep * w[i] - rate * mean / (Vector256.Sqrt(square) + epsilon);
        }
    }

    /// <summary>As many parameters as fill the widest registers, whose root and quotient take as long as those of half as many; their number. The bits are the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int ApplyWide(Span<T> parameters, ReadOnlySpan<T> gradient, int offset)
    {
        var w = MemoryMarshal.Cast<T, Vector512<T>>(parameters);
        var g = MemoryMarshal.Cast<T, Vector512<T>>(gradient)[..w.Length];
        var m = MemoryMarshal.Cast<T, Vector512<T>>(_m.AsSpan(offset))[..w.Length];
        var v = MemoryMarshal.Cast<T, Vector512<T>>(_v.AsSpan(offset))[..w.Length];
        var (beta1, beta2, rest1, rest2) = (_beta1, _beta2, _rest1, _rest2);
        var (rate, epsilon, keep) = (_rate, _epsilon, _keep);
        for (var i = 0; i < w.Length; i++)
        {
            var mean = beta1 * m[i] + rest1 * g[i];
            var square = beta2 * v[i] + rest2 * g[i] * g[i];
            m[i] = mean;
            v[i] = square;
            w[i] = keep * w[i] - rate * mean / (Vector512.Sqrt(square) + epsilon);
        }

        return w.Length * Vector512<T>.Count;
    }
}
