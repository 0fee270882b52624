using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Training.Optimizers;

/// <summary>
/// The last steps of a minimization and how the gradient changed along them, and the direction that they give: Liu and Nocedal, "On the
/// limited memory BFGS method", 1989, with the two loops of Nocedal, "Updating quasi-Newton matrices with limited storage", 1980.
/// </summary>
/// <param name="length">The number of parameters.</param>
/// <param name="pairs">The largest number of steps that are remembered.</param>
internal sealed class LbfgsMemory(int length, int pairs)
{
    /// <summary>Below this share of the squared change, the curvature along a step is rounding.</summary>
    private const double LeastCurvature = 1e-10;

    private readonly List<(double[] Step, double[] Change, double Product)> _pairs = [];
    private (double[] Step, double[] Change)? _spare;

    /// <summary>Whether no step is remembered: the direction is then that of the steepest descent.</summary>
    internal bool IsEmpty => _pairs.Count == 0;

    /// <summary>Remembers a step, in place of the oldest one. A step along which the gradient did not rise is left out.</summary>
    internal void Remember(double[] from, double[] to, double[] gradientFrom, double[] gradientTo)
    {
        var (step, change) = _spare ?? (new double[length], new double[length]);
        _spare = (step, change);
        Combine(to, -1, from, step);
        Combine(gradientTo, -1, gradientFrom, change);
        var product = DenseKernels.Dot<double>(step, change);
        if (product <= LeastCurvature * DenseKernels.Dot<double>(change, change)) return;
        _spare = null;
        if (_pairs.Count == pairs)
        {
            _spare = (_pairs[0].Step, _pairs[0].Change);
            _pairs.RemoveAt(0);
        }

        _pairs.Add((step, change, product));
    }

    /// <summary>Writes the direction to go in from a point with this gradient.</summary>
    /// <returns>The slope along it: negative, unless the gradient is zero.</returns>
    internal double Descend(double[] gradient, double[] direction)
    {
        Follow(gradient, direction);
        var slope = DenseKernels.Dot<double>(gradient, direction);
        if (slope < 0) return slope;
        _pairs.Clear();
        Follow(gradient, direction);
        return DenseKernels.Dot<double>(gradient, direction);
    }

    /// <summary><c>result = a + factor·b</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Combine(double[] a, double factor, double[] b, double[] result)
    {
        var left = Vectors(a);
        var right = Vectors(b);
        var to = Vectors(result);
        for (var i = 0; i < to.Length; i++) to[i] = left[i] + factor * right[i];
        for (var i = to.Length * Vector<double>.Count; i < result.Length; i++) result[i] = a[i] + factor * b[i];
    }

    private static Span<Vector<double>> Vectors(double[] values) => MemoryMarshal.Cast<double, Vector<double>>(values.AsSpan());

    private void Follow(double[] gradient, double[] direction)
    {
        for (var i = 0; i < direction.Length; i++) direction[i] = -gradient[i];
        Span<double> shares = stackalloc double[pairs];
        for (var k = _pairs.Count - 1; k >= 0; k--)
        {
            shares[k] = DenseKernels.Dot<double>(_pairs[k].Step, direction) / _pairs[k].Product;
            Combine(direction, -shares[k], _pairs[k].Change, direction);
        }

        if (_pairs is [.., var last])
        {
            var scale = last.Product / DenseKernels.Dot<double>(last.Change, last.Change);
            for (var i = 0; i < direction.Length; i++) direction[i] *= scale;
        }

        for (var k = 0; k < _pairs.Count; k++)
            Combine(direction, shares[k] - DenseKernels.Dot<double>(_pairs[k].Change, direction) / _pairs[k].Product, _pairs[k].Step, direction);
    }
}
