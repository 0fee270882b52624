using System.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>Softmax and cross-entropy of one row of logits.</summary>
internal static class SoftmaxKernel
{
    private const double Log2E = 1.4426950408889634;
    private const double Ln2 = 0.6931471805599453;

    /// <summary>Logits become probabilities: <c>exp(z - max z) / sum</c>.</summary>
    internal static void InPlace<T>(Span<T> row)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var scale = T.One / Exponentials(row, out _);
        for (var c = 0; c < row.Length; c++) row[c] *= scale;
    }

    /// <summary>
    /// Logits become the gradient of the cross-entropy by the logits, <c>p - onehot(label)</c>; the answer is the
    /// cross-entropy itself, <c>log(sum exp(z - max z)) - (z[label] - max z)</c>, which never takes the logarithm of zero.
    /// </summary>
    internal static double CrossEntropyGradient<T>(Span<T> row, int label, out bool correct)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var target = row[label];
        var sum = Exponentials(row, out var best);
        correct = best.Index == label;
        var scale = T.One / sum;
        for (var c = 0; c < row.Length; c++) row[c] *= scale;
        row[label] -= T.One;
        return Math.Log(double.CreateChecked(sum)) - double.CreateChecked(target - best.Value);
    }

    private static T Exponentials<T>(Span<T> row, out (int Index, T Value) best)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        best = (0, row[0]);
        for (var c = 1; c < row.Length; c++)
        {
            if (row[c] > best.Value) best = (c, row[c]);
        }

        var sum = T.Zero;
        for (var c = 0; c < row.Length; c++)
        {
            row[c] = Exp(row[c] - best.Value);
            sum += row[c];
        }

        return sum;
    }

    private static T Exp<T>(T x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        typeof(T) == typeof(float) ? T.CreateTruncating(Exp(float.CreateTruncating(x))) : T.Exp(x);

    /// <summary>
    /// e^x for x at most 0, to the last bit or nearly so. Own, because the C library's differs between platforms:
    /// <c>x = n·ln 2 + r</c>, the Taylor polynomial of e^r to the 8th power in double, scaled by 2^n.
    /// </summary>
    private static float Exp(float x)
    {
        if (!(x > -104f)) return float.IsNaN(x) ? float.NaN : 0f;
        var n = Math.Round(x * Log2E);
        var r = x - n * Ln2;
        var p = 1 + r * (1 + r * (1 / 2.0 + r * (1 / 6.0 + r * (1 / 24.0 + r * (1 / 120.0 + r * (1 / 720.0 + r * (1 / 5040.0 + r * (1 / 40320.0))))))));
        return (float)(p * BitConverter.Int64BitsToDouble((1023L + (long)n) << 52));
    }
}
