namespace OnnxTransfer.Explaining;

/// <summary>
/// Colors for heat, from dark red over orange to pale yellow. They are laid out in OKLab (Ottosson 2020), where equal
/// distances look equal: lightness rises evenly from end to end, so the scale reads the same in gray and with any color
/// vision, and no color looks like an edge that is not in the data.
/// </summary>
internal static class HeatColors
{
    private const int Steps = 256;
    private const double DarkestLightness = 0.22;
    private const double PalestLightness = 0.94;
    private const double FirstHue = 15;
    private const double LastHue = 102;

    private const double MostChroma = 0.19;

    private static readonly byte[] s_table = MakeTable();

    /// <summary>The color of a heat from 0 to 1, as R, G, B.</summary>
    internal static ReadOnlySpan<byte> At(double heat) => s_table.AsSpan(3 * (int)Math.Round(Math.Clamp(heat, 0, 1) * (Steps - 1)), 3);

    private static byte[] MakeTable()
    {
        var table = new byte[3 * Steps];
        for (var i = 0; i < Steps; i++)
        {
            var t = i / (Steps - 1.0);
            var lightness = DarkestLightness + (t * (PalestLightness - DarkestLightness));
            var hue = (FirstHue + (t * (LastHue - FirstHue))) * Math.PI / 180;
            var chroma = MostChroma;
            var rgb = ToLinearRgb(lightness, chroma, hue);
            // The strongest color of this lightness and hue that a screen can show.
            while (!Array.TrueForAll(rgb, channel => channel is >= 0 and <= 1)) rgb = ToLinearRgb(lightness, chroma -= 0.002, hue);
            for (var c = 0; c < 3; c++) table[(3 * i) + c] = (byte)Math.Round(255 * Encode(rgb[c]));
        }

        return table;
    }

    private static double[] ToLinearRgb(double lightness, double chroma, double hue)
    {
        var (a, b) = (chroma * Math.Cos(hue), chroma * Math.Sin(hue));
        var l = Math.Pow(lightness + (0.3963377774 * a) + (0.2158037573 * b), 3);
        var m = Math.Pow(lightness - (0.1055613458 * a) - (0.0638541728 * b), 3);
        var s = Math.Pow(lightness - (0.0894841775 * a) - (1.2914855480 * b), 3);
        return
        [
            (4.0767416621 * l) - (3.3077115913 * m) + (0.2309699292 * s),
            (-1.2684380046 * l) + (2.6097574011 * m) - (0.3413193965 * s),
            (-0.0041960863 * l) - (0.7034186147 * m) + (1.7076147010 * s),
        ];
    }

    /// <summary>sRGB's transfer function (IEC 61966-2-1).</summary>
    private static double Encode(double linear) => linear <= 0.0031308 ? 12.92 * linear : (1.055 * Math.Pow(linear, 1 / 2.4)) - 0.055;
}
