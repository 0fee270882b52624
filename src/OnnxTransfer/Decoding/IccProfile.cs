using System.Runtime.Intrinsics;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding;

/// <summary>
/// An RGB profile made of three curves and a matrix (ICC.1:2022, 8.3.4), the kind that cameras, phones and screens embed,
/// and its way to sRGB. About a third of the photographs on the web carry such a profile of sRGB itself.
/// </summary>
internal sealed class IccProfile
{
    private const int HeaderLength = 128;
    private const int EncodeSteps = 1 << 14;

    /// <summary>Profiles seen before: a few serve thousands of images. Replaced, never changed.</summary>
    private const int MostRemembered = 16;

    /// <summary>XYZ of sRGB's primaries adapted to D50, columns R, G and B (IEC 61966-2-1).</summary>
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

    /// <summary>What each value of each channel adds to linear R, G and B, <c>[3,256]</c>, in steps of the encoding table.</summary>
    private readonly Vector128<float>[] _parts = new Vector128<float>[3 * 256];

    private IccProfile(byte[] bytes, float[] linear, double[,] matrix)
    {
        _bytes = bytes;
        for (var i = 0; i < _parts.Length; i++)
        {
            var (c, value) = (i / 256, linear[i] * EncodeSteps);
            _parts[i] = Vector128.Create((float)(matrix[0, c] * value), (float)(matrix[1, c] * value), (float)(matrix[2, c] * value), 0);
        }

        IsSrgb = ChangesNothing();
    }

    /// <summary>Whether the conversion to sRGB moves no colour by more than one step of 255, so that it can be left out.</summary>
    internal bool IsSrgb { get; }

    /// <summary>Reads a profile; null when it is of another kind or damaged.</summary>
    internal static IccProfile? Find(ReadOnlySpan<byte> bytes)
    {
        var known = s_known;
        foreach (var profile in known)
        {
            if (bytes.SequenceEqual(profile._bytes)) return profile;
        }

        var parsed = Parse(bytes);
        // Two threads may both add one and one of the two be lost: it is then read again.
        if (parsed is not null && known.Length < MostRemembered) s_known = [.. known, parsed];
        return parsed;
    }

    /// <summary>Converts 8-bit pixels to sRGB in place: relative colorimetric, out-of-gamut colours clipped.</summary>
    /// <param name="pixels"><c>[W,channels]</c>, R, G, B first.</param>
    /// <param name="channels">3, or 4 with alpha, which stays.</param>
    internal void ToSrgb(Span<byte> pixels, int channels)
    {
        var (encode, half, most) = (s_encode, Vector128.Create(0.5f), Vector128.Create((float)EncodeSteps));
        ReadOnlySpan<Vector128<float>> r = _parts.AsSpan(0, 256), g = _parts.AsSpan(256, 256), b = _parts.AsSpan(512, 256);
        for (; pixels.Length >= channels; pixels = pixels[channels..])
        {
            var linear = r[pixels[0]] + g[pixels[1]] + b[pixels[2]];
            var steps = Vector128.ConvertToInt32(Vector128.Min(Vector128.Max(linear, Vector128<float>.Zero), most) + half);
            pixels[0] = encode[steps[0]];
            pixels[1] = encode[steps[1]];
            pixels[2] = encode[steps[2]];
        }
    }

    private bool ChangesNothing()
    {
        // Greys show the curves, saturated colours the matrix.
        byte[] probe = [.. Enumerable.Range(0, 256).SelectMany(v => new[] { v, v, v, v, 128, 0, 0, v, 128, 128, 0, v }).Select(v => (byte)v)];
        var converted = (byte[])probe.Clone();
        ToSrgb(converted, 3);
        return probe.Zip(converted).All(pair => Math.Abs(pair.First - pair.Second) <= 1);
    }

    private static IccProfile? Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderLength + 4 || !bytes[16..20].SequenceEqual("RGB "u8) || !bytes[20..24].SequenceEqual("XYZ "u8)) return null;
        // A table to the connection space takes precedence over curves and matrix.
        if (!Tag(bytes, "A2B0"u8).IsEmpty || !Tag(bytes, "A2B1"u8).IsEmpty) return null;

        var primaries = new double[3, 3];
        var linear = new float[3 * 256];
        for (var c = 0; c < 3; c++)
        {
            var xyz = Tag(bytes, c == 0 ? "rXYZ"u8 : c == 1 ? "gXYZ"u8 : "bXYZ"u8);
            if (xyz.Length < 20 || !xyz[..4].SequenceEqual("XYZ "u8)) return null;
            for (var row = 0; row < 3; row++) primaries[row, c] = Fixed(xyz[(8 + (4 * row))..]);
            var curve = Tag(bytes, c == 0 ? "rTRC"u8 : c == 1 ? "gTRC"u8 : "bTRC"u8);
            if (!IccCurve.TryRead(curve, linear.AsSpan(c * 256, 256))) return null;
        }

        return new IccProfile(bytes.ToArray(), linear, Multiply(s_xyzToSrgb, primaries));
    }

    private static ReadOnlySpan<byte> Tag(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> name)
    {
        var count = ReadUInt32BigEndian(bytes[HeaderLength..]);
        for (var i = 0; i < count; i++)
        {
            var at = HeaderLength + 4 + (12 * i);
            if (at + 12 > bytes.Length) break;
            if (!bytes.Slice(at, 4).SequenceEqual(name)) continue;
            var (offset, length) = (ReadUInt32BigEndian(bytes[(at + 4)..]), ReadUInt32BigEndian(bytes[(at + 8)..]));
            return (ulong)offset + length <= (ulong)bytes.Length ? bytes.Slice((int)offset, (int)length) : [];
        }

        return [];
    }

    internal static double Fixed(ReadOnlySpan<byte> s15Fixed16) => ReadInt32BigEndian(s15Fixed16) / 65536.0;

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
}
