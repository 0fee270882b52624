using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Training.Optimizers;

/// <summary>
/// RMSprop (Tieleman and Hinton, 2012): <c>v = ρv + (1-ρ)g²</c>, and in PyTorch <c>w -= lr·g/(sqrt(v) + ε)</c>, in Keras
/// <c>w -= lr·g/sqrt(v + ε)</c>. Neither centered nor with momentum.
/// </summary>
internal sealed class RmsPropRule<T>(RmsPropOptimizer options, int parameterCount) : UpdateRule<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly AlignedArray<T> _v = new(parameterCount);
    private double _learningRate;

    internal override void BeginStep(double learningRate) => _learningRate = learningRate;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Apply(Span<T> parameters, ReadOnlySpan<T> gradient, int offset)
    {
        var w = MemoryMarshal.Cast<T, Vector256<T>>(parameters);
        var g = MemoryMarshal.Cast<T, Vector256<T>>(gradient)[..w.Length];
        var v = MemoryMarshal.Cast<T, Vector256<T>>(_v.AsSpan(offset))[..w.Length];
        var keras = !options.PyTorchFormula;
        var (rho, rest) = (Vector256.Create(T.CreateTruncating(options.Rho)), Vector256.Create(T.CreateTruncating(1 - options.Rho)));
        var (rate, epsilon) = (Vector256.Create(T.CreateTruncating(_learningRate)), Vector256.Create(T.CreateTruncating(options.Epsilon)));
        for (var i = 0; i < w.Length; i++)
        {
            v[i] = rho * v[i] + rest * g[i] * g[i];
            w[i] -= rate * g[i] / (keras ? Vector256.Sqrt(v[i] + epsilon) : Vector256.Sqrt(v[i]) + epsilon);
        }
    }
}
