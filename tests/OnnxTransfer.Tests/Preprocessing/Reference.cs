namespace OnnxTransfer.Tests.Preprocessing;

/// <summary>Plain computations of the same formulas, one pixel at a time and without any optimization.</summary>
internal static class Reference
{
    public static double GreatestDifference(float[] a, float[] b)
    {
        Assert.Equal(a.Length, b.Length);
        var greatest = 0.0;
        for (var i = 0; i < a.Length; i++) greatest = Math.Max(greatest, Math.Abs((double)a[i] - b[i]));
        return greatest;
    }

    public static byte[] Noise(int width, int height, int seed)
    {
        var bytes = new byte[3 * width * height];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>tf.image.resize bilinear of one value, in double.</summary>
    public static double TensorFlowBilinear(byte[] source, int width, int height, int x, int y, int channel, int resizedWidth, int resizedHeight)
    {
        var (left, right, fx) = Neighbors(x, width, resizedWidth);
        var (upper, lower, fy) = Neighbors(y, height, resizedHeight);
        double At(int column, int row) => source[(3 * ((row * width) + column)) + channel];
        var above = At(left, upper) + ((At(right, upper) - At(left, upper)) * fx);
        var below = At(left, lower) + ((At(right, lower) - At(left, lower)) * fx);
        return above + ((below - above) * fy);
    }

    /// <summary>OpenCV's INTER_LINEAR of one byte: 11-bit weights, as in its resize.cpp.</summary>
    public static byte OpenCvLinear(byte[] source, int width, int height, int x, int y, int channel, int resizedWidth, int resizedHeight)
    {
        var (left, right, a0, a1) = OpenCvNeighbors(x, width, resizedWidth, row: false);
        var (upper, lower, b0, b1) = OpenCvNeighbors(y, height, resizedHeight, row: true);
        int At(int column, int row) => source[(3 * ((row * width) + column)) + channel];
        var above = (At(left, upper) * a0) + (At(right, upper) * a1);
        var below = (At(left, lower) * a0) + (At(right, lower) * a1);
        return (byte)((((b0 * (above >> 4)) >> 16) + ((b1 * (below >> 4)) >> 16) + 2) >> 2);
    }

    private static (int First, int Second, double Fraction) Neighbors(int position, int length, int resized)
    {
        var at = ((position + 0.5) * ((double)length / resized)) - 0.5;
        var first = (int)Math.Floor(at);
        return (Math.Max(first, 0), Math.Clamp(first + 1, 0, length - 1), at - first);
    }

    private static (int First, int Second, int Weight0, int Weight1) OpenCvNeighbors(int position, int length, int resized, bool row)
    {
        var at = (float)(((position + 0.5) * (1 / ((double)resized / length))) - 0.5);
        var first = (int)MathF.Floor(at);
        // Columns beyond the border lose their fraction, rows keep it.
        var fraction = !row && (first < 0 || first >= length - 1) ? 0 : at - first;
        return (
            Math.Clamp(first, 0, length - 1), Math.Clamp(first + 1, 0, length - 1),
            (int)MathF.Round((1 - fraction) * 2048), (int)MathF.Round(fraction * 2048));
    }
}
