using System.Runtime.Intrinsics;

namespace OnnxTransfer.Decoding;

/// <summary>
/// A profile of gray, RGB or CMYK pixels and its conversion to sRGB: relative colorimetric, colors outside the gamut clipped, no black
/// point compensation. The profile is one curve, three curves and a matrix (ICC.1:2022, 8.3.3 and 8.3.4), or a table. About a third of the
/// photographs on the web have a profile of curves and a matrix that describes sRGB itself. All decoders use this class, so the same pixels
/// give the same colors.
/// </summary>
internal sealed class IccProfile
{
    private const int EncodeSteps = 1 << 14;

    /// <summary>
    /// 16-bit samples are reduced to this number of values, their highest twelve bits. A curve can turn one step of 8 bits into 12 steps of
    /// the result, and one step of 12 bits into 0.8.
    /// </summary>
    private const int DeepSteps = 1 << 12;

    /// <summary>The most profiles that are remembered: thousands of images share a few profiles.</summary>
    private const int MostRemembered = 16;

    /// <summary>The XYZ of the sRGB primaries, adapted to D50; columns R, G and B (IEC 61966-2-1).</summary>
    private static readonly double[,] s_srgb =
    {
        { 0.43607, 0.38515, 0.14307 },
        { 0.22249, 0.71687, 0.06061 },
        { 0.01392, 0.09708, 0.71410 },
    };

    private static readonly double[,] s_xyzToSrgb = Invert(s_srgb);
    private static readonly byte[] s_encode = EncodeTable();
    private static IccProfile[] s_known = [];

    private readonly byte[] _bytes;
    private readonly int _colors;
    private readonly Depth _byte;
    private readonly Lazy<Depth> _deep;

    private IccProfile(byte[] bytes, int colors, Func<int, Depth> at)
    {
        (_bytes, _colors, _byte, _deep) = (bytes, colors, at(256), new Lazy<Depth>(() => at(DeepSteps)));
        IsSrgb = colors != 4 && ChangesNothing();
    }

    /// <summary>Whether the conversion to sRGB changes no color by more than one step of 255, so that it can be skipped.</summary>
    internal bool IsSrgb { get; }

    /// <summary>Reads a profile; null if it is damaged or does not fit the pixels.</summary>
    /// <param name="bytes">The profile.</param>
    /// <param name="colors">The channels of the pixels without alpha: 1 for gray, 3 for RGB, 4 for CMYK.</param>
    internal static IccProfile? Find(ReadOnlySpan<byte> bytes, int colors)
    {
        var known = s_known;
        foreach (var profile in known)
        {
            if (bytes.SequenceEqual(profile._bytes)) return profile._colors == colors ? profile : null;
        }

        var parsed = Parse(bytes);
        // Two threads may add a profile at the same time, and one of them is lost; it is then read again.
        if (parsed is not null) s_known = [parsed, .. known.AsSpan(0, Math.Min(known.Length, MostRemembered - 1))];
        return parsed?._colors == colors ? parsed : null;
    }

    /// <summary>Converts 8-bit pixels to sRGB in place.</summary>
    /// <param name="rgb"><c>[W,3]</c>; the three channels of gray pixels are equal.</param>
    internal void ToSrgb(Span<byte> rgb)
    {
        if (_byte.Gray is { } gray)
        {
            for (var i = 0; i < rgb.Length; i++) rgb[i] = gray[rgb[i]];
        }
        else if (_byte.Parts is { } parts)
        {
            ReadOnlySpan<Vector128<float>> r = parts.AsSpan(0, 256), g = parts.AsSpan(256, 256), b = parts.AsSpan(512, 256);
            for (; rgb.Length >= 3; rgb = rgb[3..]) Encode(r[rgb[0]] + g[rgb[1]] + b[rgb[2]], rgb);
        }
        else
        {
            ToSrgb(rgb, 3, rgb);
        }
    }

    /// <summary>Converts 8-bit pixels to sRGB.</summary>
    /// <param name="stored"><c>[W,channels]</c>, with the colors first.</param>
    /// <param name="channels">Channels per pixel, including those that are not colors.</param>
    /// <param name="rgb"><c>[W,3]</c>; it may be the memory of <paramref name="stored"/> if both have three channels.</param>
    internal void ToSrgb(ReadOnlySpan<byte> stored, int channels, Span<byte> rgb)
    {
        Span<int> pixel = stackalloc int[_colors];
        var walk = new Walk(_byte);
        for (; stored.Length >= channels; stored = stored[channels..], rgb = rgb[3..])
        {
            for (var c = 0; c < pixel.Length; c++) pixel[c] = stored[c];
            walk.ToSrgb(pixel, rgb);
        }
    }

    /// <inheritdoc cref="ToSrgb(ReadOnlySpan{byte}, int, Span{byte})"/>
    /// <summary>Converts 16-bit pixels to sRGB.</summary>
    internal void ToSrgb(ReadOnlySpan<ushort> stored, int channels, Span<byte> rgb)
    {
        Span<int> pixel = stackalloc int[_colors];
        var walk = new Walk(_deep.Value);
        for (; stored.Length >= channels; stored = stored[channels..], rgb = rgb[3..])
        {
            for (var c = 0; c < pixel.Length; c++) pixel[c] = ((stored[c] * (DeepSteps - 1)) + 32767) / 65535;
            walk.ToSrgb(pixel, rgb);
        }
    }

    /// <summary>Converts a color from the connection space to 8-bit sRGB.</summary>
    internal static void Encode(double x, double y, double z, Span<byte> rgb)
    {
        var m = s_xyzToSrgb;
        Encode(
            Vector128.Create(
                (float)(((m[0, 0] * x) + (m[0, 1] * y) + (m[0, 2] * z)) * EncodeSteps),
                (float)(((m[1, 0] * x) + (m[1, 1] * y) + (m[1, 2] * z)) * EncodeSteps),
                (float)(((m[2, 0] * x) + (m[2, 1] * y) + (m[2, 2] * z)) * EncodeSteps),
                0),
            rgb);
    }

    /// <summary>Converts a color from linear sRGB to the connection space.</summary>
    internal static (double X, double Y, double Z) FromLinearSrgb((double R, double G, double B) linear) => (Row(0, linear), Row(1, linear), Row(2, linear));

    private static double Row(int row, (double R, double G, double B) linear) =>
        (s_srgb[row, 0] * linear.R) + (s_srgb[row, 1] * linear.G) + (s_srgb[row, 2] * linear.B);

    /// <param name="linear">Linear sRGB, in steps of the encoding table.</param>
    /// <param name="rgb">Receives three bytes.</param>
    private static void Encode(Vector128<float> linear, Span<byte> rgb)
    {
        var most = Vector128.Create((float)EncodeSteps);
        var steps = Vector128.ConvertToInt32(Vector128.Min(Vector128.Max(linear, Vector128<float>.Zero), most) + Vector128.Create(0.5f));
        rgb[0] = s_encode[steps[0]];
        rgb[1] = s_encode[steps[1]];
        rgb[2] = s_encode[steps[2]];
    }

    private bool ChangesNothing()
    {
        // Grays test the curves, and saturated colors test the matrix.
        byte[] probe = [.. Enumerable.Range(0, 256).SelectMany(v => _colors == 1 ? [v, v, v] : new[] { v, v, v, v, 128, 0, 0, v, 128, 128, 0, v }).Select(v => (byte)v)];
        var converted = (byte[])probe.Clone();
        ToSrgb(converted);
        return probe.Zip(converted).All(pair => Math.Abs(pair.First - pair.Second) <= 1);
    }

    private static IccProfile? Parse(ReadOnlySpan<byte> bytes)
    {
        var tags = new IccTags(bytes);
        var colors = tags.Colors;
        if (colors == 0 || !(tags.IsLab || tags.IsXyz)) return null;

        // A table takes precedence over curves and a matrix. If the intent has no table, the table of the perceptual intent counts.
        var tag = tags.Find("A2B1"u8);
        if (tag.IsEmpty) tag = tags.Find("A2B0"u8);
        if (!tag.IsEmpty)
            return IccTable.Read(tag, colors, tags.IsLab) is { } table ? new IccProfile(bytes.ToArray(), colors, steps => new Depth(table, steps)) : null;
        return colors switch
        {
            1 => ParseGray(bytes, tags),
            3 when tags.IsXyz => ParseMatrix(bytes, tags),
            _ => null,
        };
    }

    private static IccProfile? ParseGray(ReadOnlySpan<byte> bytes, IccTags tags)
    {
        if (IccCurve.Read(tags.Find("kTRC"u8), out _) is not { } curve) return null;
        var isLab = tags.IsLab;
        return new IccProfile(bytes.ToArray(), 1, steps => new Depth([.. curve.Sample(steps).Select(v =>
            s_encode[(int)((Math.Clamp(isLab ? IccLab.ToXyz(100 * v, 0, 0).Y : v, 0, 1) * EncodeSteps) + 0.5)])]));
    }

    private static IccProfile? ParseMatrix(ReadOnlySpan<byte> bytes, IccTags tags)
    {
        var primaries = new double[3, 3];
        var curves = new IccCurve[3];
        for (var c = 0; c < 3; c++)
        {
            var xyz = tags.Find(c == 0 ? "rXYZ"u8 : c == 1 ? "gXYZ"u8 : "bXYZ"u8);
            if (xyz.Length < 20 || !xyz[..4].SequenceEqual("XYZ "u8)) return null;
            for (var row = 0; row < 3; row++) primaries[row, c] = IccTags.Fixed(xyz[(8 + (4 * row))..]);
            if (IccCurve.Read(tags.Find(c == 0 ? "rTRC"u8 : c == 1 ? "gTRC"u8 : "bTRC"u8), out _) is not { } curve) return null;
            curves[c] = curve;
        }

        var matrix = Multiply(s_xyzToSrgb, primaries);
        return new IccProfile(bytes.ToArray(), 3, steps =>
        {
            var parts = new Vector128<float>[3 * steps];
            for (var c = 0; c < 3; c++)
            {
                var linear = curves[c].Sample(steps);
                for (var i = 0; i < steps; i++)
                {
                    var value = linear[i] * EncodeSteps;
                    parts[(c * steps) + i] = Vector128.Create((float)(matrix[0, c] * value), (float)(matrix[1, c] * value), (float)(matrix[2, c] * value), 0);
                }
            }

            return new Depth(parts);
        });
    }

    private static byte[] EncodeTable()
    {
        var table = new byte[EncodeSteps + 1];
        for (var i = 0; i <= EncodeSteps; i++)
        {
            var v = (double)i / EncodeSteps;
            table[i] = (byte)Math.Round(255 * (v <= 0.0031308 ? 12.92 * v : (1.055 * Math.Pow(v, 1 / 2.4)) - 0.055));
        }

        return table;
    }

    private static double[,] Multiply(double[,] a, double[,] b)
    {
        var product = new double[3, 3];
        for (var i = 0; i < 9; i++)
            for (var k = 0; k < 3; k++) product[i / 3, i % 3] += a[i / 3, k] * b[k, i % 3];
        return product;
    }

    private static double[,] Invert(double[,] m)
    {
        var inverse = new double[3, 3];
        var determinant = 0.0;
        for (var i = 0; i < 3; i++)
        {
            for (var j = 0; j < 3; j++)
            {
                var (a, b, c, d) = ((j + 1) % 3, (i + 1) % 3, (j + 2) % 3, (i + 2) % 3);
                inverse[i, j] = (m[a, b] * m[c, d]) - (m[a, d] * m[c, b]);
            }
        }

        for (var j = 0; j < 3; j++) determinant += m[0, j] * inverse[j, 0];
        for (var i = 0; i < 9; i++) inverse[i / 3, i % 3] /= determinant;
        return inverse;
    }

    /// <summary>Precomputed results for every value of a channel. Exactly one of the three kinds is present.</summary>
    private sealed class Depth
    {
        internal Depth(byte[] gray) => Gray = gray;

        internal Depth(Vector128<float>[] parts) => Parts = parts;

        internal Depth(IccTable table, int steps) => (Table, Inputs) = (table, table.SampleInput(steps));

        /// <summary>The result for each gray value.</summary>
        internal byte[]? Gray { get; }

        /// <summary>
        /// The contribution of each value of each channel to linear R, G and B, <c>[3,steps]</c>, in steps of the encoding table.
        /// </summary>
        internal Vector128<float>[]? Parts { get; }

        internal IccTable? Table { get; }

        /// <summary>The input curves of the table, <c>[channels][steps]</c>.</summary>
        internal float[][] Inputs { get; } = [];
    }

    /// <summary>
    /// Converts pixels one by one and remembers the last one, because neighbors are often equal and a table lookup is slow.
    /// </summary>
    private struct Walk(Depth depth)
    {
        private int _a = -1, _b, _c, _d;
        private byte _red, _green, _blue;

        /// <param name="pixel">The colors, in steps of the depth.</param>
        /// <param name="rgb">Receives three bytes.</param>
        internal void ToSrgb(ReadOnlySpan<int> pixel, Span<byte> rgb)
        {
            if (depth.Gray is { } gray)
            {
                rgb[0] = rgb[1] = rgb[2] = gray[pixel[0]];
                return;
            }

            if (depth.Parts is { } parts)
            {
                var steps = parts.Length / 3;
                Encode(parts[pixel[0]] + parts[steps + pixel[1]] + parts[(2 * steps) + pixel[2]], rgb);
                return;
            }

            var (a, b, c, d) = pixel.Length switch
            {
                1 => (pixel[0], 0, 0, 0),
                3 => (pixel[0], pixel[1], pixel[2], 0),
                _ => (pixel[0], pixel[1], pixel[2], pixel[3]),
            };
            if ((a, b, c, d) != (_a, _b, _c, _d))
            {
                (_a, _b, _c, _d) = (a, b, c, d);
                Span<float> at = stackalloc float[4];
                for (var i = 0; i < pixel.Length; i++) at[i] = depth.Inputs[i][pixel[i]];
                var (x, y, z) = depth.Table!.ToXyz(at[..pixel.Length]);
                Span<byte> result = stackalloc byte[3];
                Encode(x, y, z, result);
                (_red, _green, _blue) = (result[0], result[1], result[2]);
            }

            (rgb[0], rgb[1], rgb[2]) = (_red, _green, _blue);
        }
    }
}
