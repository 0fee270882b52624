using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Training.Optimizers;

/// <summary>
/// Gradient descent with momentum μ. PyTorch keeps a sum of gradients, <c>u = μu + g</c>, <c>w -= lr·u</c>, and with
/// Nesterov <c>w -= lr·(g + μu)</c>. Keras keeps a velocity, <c>u = μu - lr·g</c>, <c>w += u</c>, and with Nesterov
/// <c>w += μu - lr·g</c>: the same while the learning rate stands still; when it falls, the old velocity lives on.
/// </summary>
internal sealed class SgdRule<T>(SgdOptimizer options, int parameterCount) : UpdateRule<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly AlignedArray<T> _u = new(parameterCount);
    private double _learningRate;

    internal override void BeginStep(double learningRate) => _learningRate = learningRate;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Apply(Span<T> parameters, ReadOnlySpan<T> gradient, int offset)
    {
        var w = MemoryMarshal.Cast<T, Vector256<T>>(parameters);
        var g = MemoryMarshal.Cast<T, Vector256<T>>(gradient)[..w.Length];
        var u = MemoryMarshal.Cast<T, Vector256<T>>(_u.AsSpan(offset))[..w.Length];
        // Either way u = μu + into·g, and w goes by u; or, with Nesterov, by μu + into·g once more; times the factor out.
        var keras = !options.PyTorchFormula;
        var momentum = Vector256.Create(T.CreateTruncating(options.Momentum));
        var into = Vector256.Create(T.CreateTruncating(keras ? -_learningRate : 1));
        var scale = Vector256.Create(T.CreateTruncating(keras ? 1 : -_learningRate));
        for (var i = 0; i < w.Length; i++)
        {
            u[i] = momentum * u[i] + into * g[i];
            w[i] += scale * (options.Nesterov ? momentum * u[i] + into * g[i] : u[i]);
        }
    }
}
