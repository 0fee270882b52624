using System.Buffers.Binary;
using System.Text;

namespace OnnxTransfer.TestSupport;

/// <summary>Writes small ICC profiles (ICC.1:2010), so that tests need no files of them.</summary>
internal static class TestProfile
{
    private static readonly double[] s_d50 = [0.9642, 1, 0.8249];

    /// <summary>sRGB, its curve as a formula.</summary>
    internal static byte[] Srgb { get; } = Matrix(
        [[0.43607, 0.22249, 0.01392], [0.38515, 0.71687, 0.09708], [0.14307, 0.06061, 0.71410]],
        Formula(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045));

    /// <summary>Display P3, as phones have it.</summary>
    internal static byte[] DisplayP3 { get; } = Matrix(
        [[0.51512, 0.24120, -0.00105], [0.29198, 0.69225, 0.04189], [0.15710, 0.06657, 0.78407]],
        Formula(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045));

    /// <summary>Adobe RGB (1998): a power of 2.19921875.</summary>
    internal static byte[] AdobeRgb { get; } = Matrix([[0.60974, 0.31111, 0.01947], [0.20528, 0.62567, 0.06087], [0.14919, 0.06322, 0.74457]], Power(2.19921875));

    /// <summary>Grey with a power of 1.75.</summary>
    internal static byte[] Grey { get; } = Of("mntr", "GRAY", "XYZ ", [("kTRC", Power(1.75))]);

    /// <summary>A press with nine nodes a channel, 16 bits: inks that absorb more than their own light.</summary>
    internal static byte[] Cmyk { get; } = Of("prtr", "CMYK", "Lab ", [("A2B0", Lut16(4, 9, Warm)), ("A2B1", Lut16(4, 9, Press))]);

    /// <summary>The same press with five nodes, 8 bits, and no table for the intent.</summary>
    internal static byte[] CoarseCmyk { get; } = Of("prtr", "CMYK", "Lab ", [("A2B0", Lut8(4, 5, Press))]);

    /// <summary>RGB by a table of version 4, with curves, a matrix and XYZ behind it.</summary>
    internal static byte[] RgbTable { get; } = Of("scnr", "RGB ", "XYZ ", [("A2B1", Stages())], version: 4);

    /// <summary>A profile that ends before its curves.</summary>
    internal static byte[] Broken { get; } = AdobeRgb[..200];

    private static byte[] Matrix(double[][] primaries, byte[] curve) => Of(
        "mntr", "RGB ", "XYZ ",
        [("rXYZ", Xyz(primaries[0])), ("gXYZ", Xyz(primaries[1])), ("bXYZ", Xyz(primaries[2])), ("rTRC", curve), ("gTRC", curve), ("bTRC", curve)]);

    private static byte[] Of(string kind, string space, string connection, List<(string Name, byte[] Body)> tags, byte version = 2)
    {
        tags =
        [
            ("desc", version == 4 ? Text16("test") : [.. Name("desc"), .. Int(5), .. Name("test"), .. new byte[79]]),
            ("cprt", version == 4 ? Text16("none") : [.. Name("text"), .. Name("none"), 0]),
            ("wtpt", Xyz(s_d50)), .. tags,
        ];
        var (table, data) = (new List<byte>(Int(tags.Count)), new List<byte>());
        foreach (var (name, body) in tags)
        {
            table.AddRange([.. Encoding.ASCII.GetBytes(name), .. Int(132 + (12 * tags.Count) + data.Count), .. Int(body.Length)]);
            data.AddRange([.. body, .. new byte[-body.Length & 3]]);
        }

        var header = new byte[128];
        Int(128 + table.Count + data.Count).CopyTo(header, 0);
        header[8] = version;
        Encoding.ASCII.GetBytes(kind + space + connection).CopyTo(header, 12);
        Encoding.ASCII.GetBytes("acsp").CopyTo(header, 36);
        for (var i = 0; i < 3; i++) Fixed(s_d50[i]).CopyTo(header, 68 + (4 * i));
        return [.. header, .. table, .. data];
    }

    private static byte[] Text16(string text) => [.. Name("mluc"), .. Int(1), .. Int(12), .. Encoding.ASCII.GetBytes("enUS"), .. Int(2 * text.Length), .. Int(28), .. Encoding.BigEndianUnicode.GetBytes(text)];

    private static byte[] Power(double gamma) => [.. Name("curv"), .. Int(1), .. Short(gamma * 256)];

    private static byte[] Formula(params double[] parameters) => [.. Name("para"), .. Short(3), 0, 0, .. parameters.SelectMany(Fixed)];

    private static byte[] Xyz(double[] xyz) => [.. Name("XYZ "), .. xyz.SelectMany(Fixed)];

    private static byte[] Lut16(int channels, int grid, Func<double[], double[]> toLab) =>
    [
        .. Name("mft2"), (byte)channels, 3, (byte)grid, 0, .. Identity(), .. Short(2), .. Short(2),
        .. Enumerable.Range(0, channels).SelectMany(_ => (byte[])[0, 0, 255, 255]),
        .. Nodes(channels, grid).SelectMany(at => Lab16(toLab(at))),
        .. Enumerable.Range(0, 3).SelectMany(_ => (byte[])[0, 0, 255, 255]),
    ];

    private static byte[] Lut8(int channels, int grid, Func<double[], double[]> toLab)
    {
        byte[] ramp = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        // The last ink's curve bends.
        byte[] bent = [.. Enumerable.Range(0, 256).Select(i => (byte)Math.Round(255 * Math.Pow(i / 255.0, 1.3)))];
        return
        [
            .. Name("mft1"), (byte)channels, 3, (byte)grid, 0, .. Identity(), .. Enumerable.Range(0, channels).SelectMany(c => c == channels - 1 ? bent : ramp),
            .. Nodes(channels, grid).SelectMany(at => Lab8(toLab(at))), .. ramp, .. ramp, .. ramp,
        ];
    }

    private static byte[] Stages()
    {
        // B curves, a matrix, M curves, a table, A curves; each on a multiple of four bytes.
        byte[] straight = [.. Name("curv"), .. Int(0)], power = [.. Name("para"), .. Short(0), 0, 0, .. Fixed(1.9)];
        byte[] gentle = [.. Name("para"), .. Short(0), 0, 0, .. Fixed(1.1)];
        byte[] b = [.. straight, .. straight, .. straight], m = [.. gentle, .. gentle, .. gentle], a = [.. power, .. power, .. power];
        // XYZ of 1 + 32767/32768 is 65535.
        double[] matrix = [0.40, 0.36, 0.17, 0.21, 0.70, 0.08, 0.02, 0.11, 0.69];
        byte[] matrixBytes = [.. matrix.Select(v => v / 2).SelectMany(Fixed), .. Fixed(0), .. Fixed(0), .. Fixed(0)];
        byte[] table =
        [
            7, 7, 7, .. new byte[13], 2, 0, 0, 0,
            .. Nodes(3, 7).SelectMany(at => at.Select(v => Math.Clamp(v + (0.03 * (at[0] - at[2]) * v * (1 - v)), 0, 1)).SelectMany(v => Short(v * 65535))),
        ];
        table = [.. table, .. new byte[-table.Length & 3]];
        const int start = 32;
        int matrixAt = start + b.Length, mAt = matrixAt + matrixBytes.Length, tableAt = mAt + m.Length, aAt = tableAt + table.Length;
        return [.. Name("mAB "), 3, 3, 0, 0, .. Int(start), .. Int(matrixAt), .. Int(mAt), .. Int(tableAt), .. Int(aAt), .. b, .. matrixBytes, .. m, .. table, .. a];
    }

    private static IEnumerable<double[]> Nodes(int channels, int grid)
    {
        var count = (int)Math.Pow(grid, channels);
        for (var i = 0; i < count; i++)
        {
            var at = new double[channels];
            for (int c = channels - 1, rest = i; c >= 0; c--, rest /= grid) at[c] = rest % grid / (grid - 1.0);
            yield return at;
        }
    }

    private static double[] Press(double[] inks)
    {
        var (c, m, y, k) = (inks[0], inks[1], inks[2], inks[3]);
        var light = (1 - (0.92 * k)) * (1 - (0.35 * c)) * (1 - (0.5 * m)) * (1 - (0.1 * y));
        return [100 * Math.Pow(light, 0.8), (1 - k) * ((-40 * c) + (70 * m) - (5 * y)), (1 - k) * ((-45 * c) - (8 * m) + (85 * y))];
    }

    /// <summary>For another intent, and clearly different.</summary>
    private static double[] Warm(double[] inks)
    {
        var lab = Press(inks);
        return [10 + (0.8 * lab[0]), 0.8 * lab[1], (0.8 * lab[2]) + 10];
    }

    private static byte[] Lab16(double[] lab) => [.. Short(lab[0] / 100 * 65280), .. Short((lab[1] + 128) * 256), .. Short((lab[2] + 128) * 256)];

    private static byte[] Lab8(double[] lab) => [(byte)Math.Round(lab[0] / 100 * 255), (byte)Math.Round(lab[1] + 128), (byte)Math.Round(lab[2] + 128)];

    private static byte[] Identity() => [.. ((double[])[1, 0, 0, 0, 1, 0, 0, 0, 1]).SelectMany(Fixed)];

    /// <summary>A name of four letters, and four zeros.</summary>
    private static byte[] Name(string name) => [.. Encoding.ASCII.GetBytes(name), 0, 0, 0, 0];

    private static byte[] Int(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Short(double value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)Math.Round(value));
        return bytes;
    }

    private static byte[] Fixed(double value) => Int((int)Math.Round(value * 65536));
}
