namespace OnnxTransfer.Decoding;

/// <summary>CIE L*a*b* relative to D50, the white point of profiles (ICC.1:2022, 6.3.4 and annex A).</summary>
internal static class IccLab
{
    /// <summary>XYZ of the white point D50.</summary>
    internal const double WhiteX = 0.9642, WhiteY = 1, WhiteZ = 0.8249;

    internal static (double X, double Y, double Z) ToXyz(double l, double a, double b)
    {
        var y = (l + 16) / 116;
        return (WhiteX * Inverse(y + (a / 500)), WhiteY * Inverse(y), WhiteZ * Inverse(y - (b / 200)));
    }

    private static double Inverse(double t) => t > 24 / 116.0 ? t * t * t : (t - (16 / 116.0)) * (108 / 841.0);
}
