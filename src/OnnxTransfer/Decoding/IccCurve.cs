using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding;

/// <summary>
/// A function from 0..1 to 0..1 in a profile: <c>curveType</c> and <c>parametricCurveType</c> (ICC.1:2022, 10.6 and 10.18), and the plain
/// tables of <c>lut8Type</c> and <c>lut16Type</c>.
/// </summary>
internal sealed class IccCurve
{
    /// <summary>Values at even steps from 0 to 1; empty if a formula defines the curve.</summary>
    private readonly float[] _table;

    /// <summary><c>(a x + b)^g + e</c> for x from d upward, and <c>c x + f</c> below d.</summary>
    private readonly double _g, _a, _b, _c, _d, _e, _f;

    internal IccCurve(float[] table) => _table = table;

    private IccCurve(double g, double a = 1, double b = 0, double c = 0, double d = 0, double e = 0, double f = 0)
    {
        _table = [];
        (_g, _a, _b, _c, _d, _e, _f) = (g, a, b, c, d, e, f);
    }

    /// <summary>Reads a curve; null if it is damaged or of another type.</summary>
    /// <param name="tag">The bytes that begin with the curve's type; other bytes may follow the curve.</param>
    /// <param name="length">The number of bytes of the curve.</param>
    internal static IccCurve? Read(ReadOnlySpan<byte> tag, out int length)
    {
        length = 0;
        if (tag.Length < 12) return null;
        var curve = tag[..4].SequenceEqual("curv"u8) ? ReadTable(tag, out length)
            : tag[..4].SequenceEqual("para"u8) ? ReadFormula(tag, out length)
            : null;
        return curve is null || Enumerable.Range(0, 256).Any(i => !double.IsFinite(curve.At(i / 255.0))) ? null : curve;
    }

    /// <summary>The value at <paramref name="x"/>. Outside of 0..1, the curve keeps the value at its end.</summary>
    internal double At(double x)
    {
        x = Math.Clamp(x, 0, 1);
        if (_table.Length == 0) return x >= _d ? Math.Pow((_a * x) + _b, _g) + _e : (_c * x) + _f;
        if (_table.Length == 1) return _table[0];
        var at = x * (_table.Length - 1);
        var lower = Math.Min((int)at, _table.Length - 2);
        return _table[lower] + ((_table[lower + 1] - _table[lower]) * (at - lower));
    }

    /// <summary>The values at even steps from 0 to 1.</summary>
    internal float[] Sample(int count) => [.. Enumerable.Range(0, count).Select(i => (float)At(i / (count - 1.0)))];

    private static IccCurve? ReadTable(ReadOnlySpan<byte> tag, out int length)
    {
        length = 0;
        var count = ReadUInt32BigEndian(tag[8..]);
        if (count > (uint)(tag.Length - 12) / 2) return null;
        length = 12 + (2 * (int)count);
        if (count == 0) return new IccCurve(1.0);
        if (count == 1) return new IccCurve(ReadUInt16BigEndian(tag[12..]) / 256.0);
        var table = new float[count];
        for (var i = 0; i < table.Length; i++) table[i] = ReadUInt16BigEndian(tag[(12 + (2 * i))..]) / 65535f;
        return new IccCurve(table);
    }

    private static IccCurve? ReadFormula(ReadOnlySpan<byte> tag, out int length)
    {
        length = 0;
        var kind = ReadUInt16BigEndian(tag[8..]);
        ReadOnlySpan<int> counts = [1, 3, 4, 5, 7];
        if (kind >= counts.Length || tag.Length < 12 + (4 * counts[kind])) return null;
        length = 12 + (4 * counts[kind]);
        Span<double> p = stackalloc double[7];
        p.Clear();
        for (var i = 0; i < counts[kind]; i++) p[i] = IccTags.Fixed(tag[(12 + (4 * i))..]);
        return kind switch
        {
            0 => new IccCurve(p[0]),
            1 => new IccCurve(p[0], p[1], p[2], d: -p[2] / p[1]),
            2 => new IccCurve(p[0], p[1], p[2], d: -p[2] / p[1], e: p[3], f: p[3]),
            3 => new IccCurve(p[0], p[1], p[2], p[3], p[4]),
            _ => new IccCurve(p[0], p[1], p[2], p[3], p[4], p[5], p[6]),
        };
    }
}
