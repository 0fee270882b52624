using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Training.Kernels;

/// <summary>Softmax, sigmoid and their cross-entropies, a row of logits at a time.</summary>
internal static class LossKernels
{
    /// <summary>Logits become probabilities: <c>exp(z - max z) / sum exp(z - max z)</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Softmax<T>(Span<T> row)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var sum = Exponentials(row, row[Argmax.Of<T>(row)]);
        Affine(row, T.One / sum, T.Zero);
    }

    /// <summary>Logits become probabilities: <c>1 / (1 + exp(-z))</c>.</summary>
    internal static void Sigmoid<T>(Span<T> row)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var c = 0; c < row.Length; c++) row[c] = Sigmoid(row[c], out _);
    }

    /// <summary>
    /// Logits become the gradient of the cross-entropy by them, <c>p - t</c>, times a factor. The targets t are <c>1 - s + s/C</c> for the
    /// label and <c>s/C</c> for the others, s being the smoothing. The answer is the cross-entropy,
    /// <c>log sum exp(z) - t·z</c>, which never takes the logarithm of zero.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static double SoftmaxCrossEntropy<T>(Span<T> row, int label, double smoothing, double factor, out bool correct)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var best = Argmax.Of<T>(row);
        correct = best == label;
        var max = row[best];
        var others = smoothing / row.Length;
        var expected = (1 - smoothing) * double.CreateTruncating(row[label] - max);
        if (smoothing > 0)
        {
            foreach (var z in row) expected += others * double.CreateTruncating(z - max);
        }

        var sum = Exponentials(row, max);
        var scale = T.CreateTruncating(factor);
        Affine(row, scale / sum, -scale * T.CreateTruncating(others));
        row[label] -= scale * T.CreateTruncating(1 - smoothing);
        return Math.Log(double.CreateTruncating(sum)) - expected;
    }

    /// <summary>
    /// One logit's binary cross-entropy against a target in [0, 1], <c>max(z, 0) - t·z + log(1 + exp(-|z|))</c>, and its
    /// gradient <c>p - t</c> in place of the logit.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static double BinaryCrossEntropy<T>(ref T logit, double target)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var z = double.CreateTruncating(logit);
        logit = Sigmoid(logit, out var tail) - T.CreateTruncating(target);
        return Math.Max(z, 0) - target * z + Math.Log(1 + double.CreateTruncating(tail));
    }

    /// <summary>Every x becomes <c>a·x + b</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Affine<T>(Span<T> row, T a, T b)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var vectors = MemoryMarshal.Cast<T, Vector256<T>>(row);
        foreach (ref var x in vectors) x = x * Vector256.Create(a) + Vector256.Create(b);
        foreach (ref var x in row[(vectors.Length * Vector256<T>.Count)..]) x = x * a + b;
    }

    private static T Sigmoid<T>(T z, out T tail)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var e = Exp(Vector256.Create(-Math.Abs(double.CreateTruncating(z)))).ToScalar();
        tail = T.CreateTruncating(e);
        return T.CreateTruncating((T.IsNegative(z) ? e : 1) / (1 + e));
    }

    /// <summary>Every z becomes exp(z - max); the answer is their sum, lane by lane, in an order fixed by the length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T Exponentials<T>(Span<T> row, T max)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var subtract = Vector256.Create(max);
        var sum = Vector256<T>.Zero;
        var vectors = MemoryMarshal.Cast<T, Vector256<T>>(row);
        for (var i = 0; i < vectors.Length; i++)
        {
            vectors[i] = Exp(vectors[i] - subtract);
            sum += vectors[i];
        }

        var rest = row[(vectors.Length * Vector256<T>.Count)..];
        if (rest.Length > 0)
        {
            Span<T> padded = stackalloc T[Vector256<T>.Count];
            padded.Fill(T.NegativeInfinity);
            rest.CopyTo(padded);
            var last = Exp(Vector256.Create<T>(padded) - subtract);
            last.CopyTo(padded);
            padded[..rest.Length].CopyTo(rest);
            sum += last;
        }

        return Lanes.Sum(sum);
    }

    private static Vector256<T> Exp<T>(Vector256<T> x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (typeof(T) == typeof(double)) return Exp(x.AsDouble()).As<double, T>();
        var (low, high) = Vector256.Widen(x.AsSingle());
        return Vector256.Narrow(Exp(low), Exp(high)).As<float, T>();
    }

    /// <summary>
    /// e^x for x at most 0. Own, because the C library's differs from platform to platform: <c>x = n·ln 2 + r</c>, the
    /// Taylor polynomial of e^r (|r| below 0.35) to the 13th power, scaled by 2^n through the exponent's bits.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector256<double> Exp(Vector256<double> x)
    {
        // Adding 1.5·2^52 rounds to a whole number and leaves it in the low bits.
        var magic = Vector256.Create(6755399441055744.0);
        x = Vector256.Max(x, Vector256.Create(-708.0));
        var shifted = Vector256.FusedMultiplyAdd(x, Vector256.Create(1.4426950408889634), magic);
        var n = shifted - magic;
        var r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-0.6931471803691238), x);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-1.9082149292705877e-10), r);
        var p = Vector256.Create(1 / 6227020800.0);
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1 / 479001600.0));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1 / 39916800.0));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1 / 3628800.0));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1 / 362880.0));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1 / 40320.0));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1 / 5040.0));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1 / 720.0));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1 / 120.0));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1 / 24.0));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1 / 6.0));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(0.5));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256<double>.One);
        p = Vector256.FusedMultiplyAdd(p, r, Vector256<double>.One);
        return (p.AsInt64() + (shifted.AsInt64() << 52)).AsDouble();
    }
}
