using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding;

/// <summary>The tone curves of a profile: <c>curveType</c> and <c>parametricCurveType</c> (ICC.1:2022, 10.6 and 10.18).</summary>
internal static class IccCurve
{
    /// <summary>Evaluates a curve at the 256 values of a byte.</summary>
    /// <param name="tag">The tag's bytes.</param>
    /// <param name="linear">The results <c>[256]</c>, 0 to 1.</param>
    internal static bool TryRead(ReadOnlySpan<byte> tag, Span<float> linear)
    {
        if (tag.Length < 12) return false;
        if (tag[..4].SequenceEqual("curv"u8)) return TryReadTable(tag, linear);
        return tag[..4].SequenceEqual("para"u8) && TryReadFormula(tag, linear);
    }

    private static bool TryReadTable(ReadOnlySpan<byte> tag, Span<float> linear)
    {
        var count = ReadUInt32BigEndian(tag[8..]);
        if (count > int.MaxValue / 2 || tag.Length < 12 + (2 * (long)count)) return false;
        var entries = tag[12..];
        for (var i = 0; i < linear.Length; i++)
        {
            var x = i / 255.0;
            if (count == 0)
            {
                linear[i] = (float)x;
            }
            else if (count == 1)
            {
                linear[i] = (float)Math.Pow(x, ReadUInt16BigEndian(entries) / 256.0);
            }
            else
            {
                var at = x * (count - 1);
                var lower = Math.Min((int)at, (int)count - 2);
                double from = ReadUInt16BigEndian(entries[(2 * lower)..]), to = ReadUInt16BigEndian(entries[((2 * lower) + 2)..]);
                linear[i] = (float)((from + ((to - from) * (at - lower))) / 65535);
            }
        }

        return true;
    }

    private static bool TryReadFormula(ReadOnlySpan<byte> tag, Span<float> linear)
    {
        var kind = ReadUInt16BigEndian(tag[8..]);
        ReadOnlySpan<int> counts = [1, 3, 4, 5, 7];
        if (kind >= counts.Length || tag.Length < 12 + (4 * counts[kind])) return false;
        Span<double> p = stackalloc double[7];
        p.Clear();
        for (var i = 0; i < counts[kind]; i++) p[i] = IccProfile.Fixed(tag[(12 + (4 * i))..]);

        // The five kinds are one: Y = (aX + b)^g + e from d on, and cX + f below it.
        var (g, a, b, c, d, e, f) = kind switch
        {
            0 => (p[0], 1.0, 0.0, 0.0, 0.0, 0.0, 0.0),
            1 => (p[0], p[1], p[2], 0.0, -p[2] / p[1], 0.0, 0.0),
            2 => (p[0], p[1], p[2], 0.0, -p[2] / p[1], p[3], p[3]),
            3 => (p[0], p[1], p[2], p[3], p[4], 0.0, 0.0),
            _ => (p[0], p[1], p[2], p[3], p[4], p[5], p[6]),
        };
        for (var i = 0; i < linear.Length; i++)
        {
            var x = i / 255.0;
            var y = x >= d ? Math.Pow((a * x) + b, g) + e : (c * x) + f;
            if (!double.IsFinite(y)) return false;
            linear[i] = (float)y;
        }

        return true;
    }
}
