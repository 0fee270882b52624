using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace OnnxTransfer.Preprocessing;

/// <summary>The hot kernels of <see cref="PixelKernels"/> with vectors, to the same bits.</summary>
internal static class VectorKernels
{
    /// <summary>Bytes that a kernel may read behind a row, whatever they hold, or overwrite.</summary>
    internal const int Padding = 32;

    /// <summary>Weights of one tap in <see cref="ResizeAxis.VectorWeights"/>: R, G, B and an empty lane.</summary>
    internal const int LanesPerTap = 4;

    /// <summary>Rows that one horizontal pass takes.</summary>
    internal const int RowsPerPass = 4;

    /// <summary>Taps come in fours there, the missing ones with weights of zero.</summary>
    internal const int TapsPerStep = 4;

    private const int PillowHalf = 1 << (ResizeAxis.PillowBits - 1);

    /// <summary>One pixel to a half of 128 bits, its bytes widened to 32 bits: a byte shuffle stays inside its half.</summary>
    private static readonly Vector256<byte> s_pixels01 = PixelPair(0);
    private static readonly Vector256<byte> s_pixels23 = PixelPair(6);

    internal static bool IsSupported => Vector128.IsHardwareAccelerated;

    /// <summary>Pillow's horizontal pass over <see cref="RowsPerPass"/> rows, which share the loading of the weights.</summary>
    /// <param name="rows">Source rows, <paramref name="rowStride"/> apart: pixels <c>[W,3]</c> and <see cref="Padding"/> bytes more.</param>
    /// <param name="rowStride">Bytes from a source row to the next.</param>
    /// <param name="axis">The horizontal plan.</param>
    /// <param name="ring">Where the results go.</param>
    /// <param name="offsets">Where in the ring: <c>[RowsPerPass]</c>, each row <c>[axis.Count,3]</c> and <see cref="Padding"/> bytes more.</param>
    internal static void PillowHorizontal(ReadOnlySpan<byte> rows, int rowStride, ResizeAxis axis, Span<byte> ring, ReadOnlySpan<int> offsets)
    {
        var length = (3 * axis.Count) + Padding;
        if (Avx2.IsSupported)
        {
            PillowHorizontalAvx2(
                rows[..rowStride], rows.Slice(rowStride, rowStride), rows.Slice(2 * rowStride, rowStride), rows.Slice(3 * rowStride, rowStride), axis,
                ring.Slice(offsets[0], length), ring.Slice(offsets[1], length), ring.Slice(offsets[2], length), ring.Slice(offsets[3], length));
            return;
        }

        for (var i = 0; i < RowsPerPass; i++)
            PillowHorizontal128(rows.Slice(i * rowStride, rowStride), axis, ring.Slice(offsets[i], length));
    }

    /// <summary>Pillow's vertical pass.</summary>
    /// <param name="ring">Rows that the horizontal pass made, each with <see cref="Padding"/> bytes behind it.</param>
    /// <param name="offsets">Where in the ring the rows begin that make this one.</param>
    /// <param name="weights">Their weights, 22 bits behind the point.</param>
    /// <param name="length">Bytes of a row.</param>
    /// <param name="result">The row and <see cref="Padding"/> bytes more.</param>
    internal static void PillowVertical(ReadOnlySpan<byte> ring, ReadOnlySpan<int> offsets, ReadOnlySpan<int> weights, int length, Span<byte> result)
    {
        for (var i = 0; i < length; i += 16)
        {
            var (a, b, c, d) = (Vector128.Create(PillowHalf), Vector128.Create(PillowHalf), Vector128.Create(PillowHalf), Vector128.Create(PillowHalf));
            if (Avx2.IsSupported)
            {
                var (low, high) = (Vector256.Create(PillowHalf), Vector256.Create(PillowHalf));
                for (var t = 0; t < weights.Length; t++)
                {
                    var bytes = MemoryMarshal.Read<Vector128<byte>>(ring[(offsets[t] + i)..]);
                    var weight = Vector256.Create(weights[t]);
                    low += Avx2.ConvertToVector256Int32(bytes) * weight;
                    high += Avx2.ConvertToVector256Int32(Sse2.ShiftRightLogical128BitLane(bytes, 8)) * weight;
                }

                (a, b, c, d) = (low.GetLower(), low.GetUpper(), high.GetLower(), high.GetUpper());
            }
            else
            {
                for (var t = 0; t < weights.Length; t++)
                {
                    var (low, high) = Vector128.Widen(MemoryMarshal.Read<Vector128<byte>>(ring[(offsets[t] + i)..]));
                    a += Vector128.WidenLower(low).AsInt32() * weights[t];
                    b += Vector128.WidenUpper(low).AsInt32() * weights[t];
                    c += Vector128.WidenLower(high).AsInt32() * weights[t];
                    d += Vector128.WidenUpper(high).AsInt32() * weights[t];
                }
            }

            MemoryMarshal.Write(result[i..], Clip(a, b, c, d));
        }
    }

    /// <summary>Normalises a row into three planes: from HWC to CHW, each channel <c>pixel * scale + offset</c>.</summary>
    /// <param name="row">Pixels <c>[W,3]</c>.</param>
    /// <param name="channels">Scale, offset and plane of R, G and B.</param>
    /// <param name="r">Where R goes, <c>[W]</c>.</param>
    /// <param name="g">Where G goes, <c>[W]</c>.</param>
    /// <param name="b">Where B goes, <c>[W]</c>.</param>
    /// <returns>Pixels written; the rest is too short for a vector.</returns>
    internal static int NormalizePlanar(ReadOnlySpan<byte> row, in ChannelScales channels, Span<float> r, Span<float> g, Span<float> b)
    {
        var x = 0;
        for (; x + 16 <= r.Length; x += 16)
        {
            var p = MemoryMarshal.Cast<byte, Vector128<byte>>(row.Slice(3 * x, 48));
            var (first, second, third) = (p[0], p[1], p[2]);
            // 48 bytes hold 16 pixels; an index beyond 15 makes a zero.
            var red = Vector128.Shuffle(first, Vector128.Create((byte)0, 3, 6, 9, 12, 15, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255))
                | Vector128.Shuffle(second, Vector128.Create((byte)255, 255, 255, 255, 255, 255, 2, 5, 8, 11, 14, 255, 255, 255, 255, 255))
                | Vector128.Shuffle(third, Vector128.Create((byte)255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 4, 7, 10, 13));
            var green = Vector128.Shuffle(first, Vector128.Create((byte)1, 4, 7, 10, 13, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255))
                | Vector128.Shuffle(second, Vector128.Create((byte)255, 255, 255, 255, 255, 0, 3, 6, 9, 12, 15, 255, 255, 255, 255, 255))
                | Vector128.Shuffle(third, Vector128.Create((byte)255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2, 5, 8, 11, 14));
            var blue = Vector128.Shuffle(first, Vector128.Create((byte)2, 5, 8, 11, 14, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255))
                | Vector128.Shuffle(second, Vector128.Create((byte)255, 255, 255, 255, 255, 1, 4, 7, 10, 13, 255, 255, 255, 255, 255, 255))
                | Vector128.Shuffle(third, Vector128.Create((byte)255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 3, 6, 9, 12, 15));
            Normalize(red, channels.Scale[0], channels.Offset[0], r.Slice(x, 16));
            Normalize(green, channels.Scale[1], channels.Offset[1], g.Slice(x, 16));
            Normalize(blue, channels.Scale[2], channels.Offset[2], b.Slice(x, 16));
        }

        return x;
    }

    /// <summary>Normalises a row that stays HWC.</summary>
    /// <param name="row">Pixels <c>[W,3]</c> and <see cref="Padding"/> bytes more.</param>
    /// <param name="channels">Scale and offset of the row's channels.</param>
    /// <param name="reversed">Whether the tensor wants B, G, R.</param>
    /// <param name="target"><c>[W,3]</c>.</param>
    /// <returns>Pixels written; the rest is too short for a vector.</returns>
    internal static int NormalizeInterleaved(ReadOnlySpan<byte> row, in ChannelScales channels, bool reversed, Span<float> target)
    {
        var order = reversed
            ? Vector128.Create((byte)2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9, 12, 13, 14, 15)
            : Vector128.Create((byte)0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        var (s, o) = (channels.Scale, channels.Offset);
        var (c0, c2) = reversed ? (2, 0) : (0, 2);
        // Twelve values are four pixels; the channels repeat every three.
        var (scale0, offset0) = (Vector128.Create(s[c0], s[1], s[c2], s[c0]), Vector128.Create(o[c0], o[1], o[c2], o[c0]));
        var (scale1, offset1) = (Vector128.Create(s[1], s[c2], s[c0], s[1]), Vector128.Create(o[1], o[c2], o[c0], o[1]));
        var (scale2, offset2) = (Vector128.Create(s[c2], s[c0], s[1], s[c2]), Vector128.Create(o[c2], o[c0], o[1], o[c2]));
        var i = 0;
        for (; i + 12 <= target.Length; i += 12)
        {
            var (low, high) = Vector128.Widen(Vector128.Shuffle(MemoryMarshal.Read<Vector128<byte>>(row[i..]), order));
            var values = MemoryMarshal.Cast<float, Vector128<float>>(target.Slice(i, 12));
            values[0] = (Vector128.ConvertToSingle(Vector128.WidenLower(low).AsInt32()) * scale0) + offset0;
            values[1] = (Vector128.ConvertToSingle(Vector128.WidenUpper(low).AsInt32()) * scale1) + offset1;
            values[2] = (Vector128.ConvertToSingle(Vector128.WidenLower(high).AsInt32()) * scale2) + offset2;
        }

        return i / 3;
    }

    private static void Normalize(Vector128<byte> bytes, float scale, float offset, Span<float> target)
    {
        var values = MemoryMarshal.Cast<float, Vector128<float>>(target);
        var (scales, offsets) = (Vector128.Create(scale), Vector128.Create(offset));
        var (low, high) = Vector128.Widen(bytes);
        // Not fused, so that every machine and the scalar code give the same bits.
        values[0] = (Vector128.ConvertToSingle(Vector128.WidenLower(low).AsInt32()) * scales) + offsets;
        values[1] = (Vector128.ConvertToSingle(Vector128.WidenUpper(low).AsInt32()) * scales) + offsets;
        values[2] = (Vector128.ConvertToSingle(Vector128.WidenLower(high).AsInt32()) * scales) + offsets;
        values[3] = (Vector128.ConvertToSingle(Vector128.WidenUpper(high).AsInt32()) * scales) + offsets;
    }

    private static void PillowHorizontalAvx2(
        ReadOnlySpan<byte> row0, ReadOnlySpan<byte> row1, ReadOnlySpan<byte> row2, ReadOnlySpan<byte> row3, ResizeAxis axis,
        Span<byte> result0, Span<byte> result1, Span<byte> result2, Span<byte> result3)
    {
        var first = axis.First;
        var taps = axis.Taps;
        var weights = MemoryMarshal.Cast<int, Vector256<int>>(axis.VectorWeights);
        var stride = axis.VectorStride / Vector256<int>.Count;
        var (pixels01, pixels23) = (s_pixels01, s_pixels23);
        for (var x = 0; x < first.Length; x++)
        {
            var at = 3 * first[x];
            var (sum0, sum1, sum2, sum3) = (Vector256<int>.Zero, Vector256<int>.Zero, Vector256<int>.Zero, Vector256<int>.Zero);
            var steps = (taps[x] + TapsPerStep - 1) / TapsPerStep;
            var pixelWeights = weights.Slice(x * stride, 2 * steps);
            for (var w = 0; w + 1 < pixelWeights.Length; w += 2)
            {
                var (weights01, weights23) = (pixelWeights[w], pixelWeights[w + 1]);
                sum0 = Add(sum0, row0, at, pixels01, pixels23, weights01, weights23);
                sum1 = Add(sum1, row1, at, pixels01, pixels23, weights01, weights23);
                sum2 = Add(sum2, row2, at, pixels01, pixels23, weights01, weights23);
                sum3 = Add(sum3, row3, at, pixels01, pixels23, weights01, weights23);
                at += 3 * TapsPerStep;
            }

            var half = Vector128.Create(PillowHalf);
            var clipped = Clip(
                sum0.GetLower() + sum0.GetUpper() + half, sum1.GetLower() + sum1.GetUpper() + half,
                sum2.GetLower() + sum2.GetUpper() + half, sum3.GetLower() + sum3.GetUpper() + half).AsUInt32();
            // R, G, B and a fourth byte that the next pixel overwrites.
            MemoryMarshal.Write(result0[(3 * x)..], clipped[0]);
            MemoryMarshal.Write(result1[(3 * x)..], clipped[1]);
            MemoryMarshal.Write(result2[(3 * x)..], clipped[2]);
            MemoryMarshal.Write(result3[(3 * x)..], clipped[3]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Add(
        Vector256<int> sum, ReadOnlySpan<byte> row, int at,
        Vector256<byte> pixels01, Vector256<byte> pixels23, Vector256<int> weights01, Vector256<int> weights23)
    {
        var bytes = MemoryMarshal.Read<Vector128<byte>>(row[at..]);
        var twice = Vector256.Create(bytes, bytes);
        return sum + (Avx2.Shuffle(twice, pixels01).AsInt32() * weights01) + (Avx2.Shuffle(twice, pixels23).AsInt32() * weights23);
    }

    private static void PillowHorizontal128(ReadOnlySpan<byte> row, ResizeAxis axis, Span<byte> result)
    {
        var first = axis.First;
        var taps = axis.Taps;
        var weights = axis.Weights;
        var stride = axis.TapStride;
        for (var x = 0; x < first.Length; x++)
        {
            var at = 3 * first[x];
            var sum = Vector128.Create(PillowHalf);
            foreach (var weight in weights.Slice(x * stride, taps[x]))
            {
                var bytes = Vector128.CreateScalar(MemoryMarshal.Read<uint>(row[at..])).AsByte();
                sum += Vector128.WidenLower(Vector128.WidenLower(bytes)).AsInt32() * weight;
                at += 3;
            }

            MemoryMarshal.Write(result[(3 * x)..], Clip(sum, sum, sum, sum).AsUInt32()[0]);
        }
    }

    /// <summary>Sixteen sums to sixteen bytes.</summary>
    private static Vector128<byte> Clip(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d)
    {
        var low = Vector128.NarrowWithSaturation(a >> ResizeAxis.PillowBits, b >> ResizeAxis.PillowBits);
        var high = Vector128.NarrowWithSaturation(c >> ResizeAxis.PillowBits, d >> ResizeAxis.PillowBits);
        if (Sse2.IsSupported) return Sse2.PackUnsignedSaturate(low, high);
        return Vector128.NarrowWithSaturation(
            Vector128.Max(low, Vector128<short>.Zero).AsUInt16(), Vector128.Max(high, Vector128<short>.Zero).AsUInt16());
    }

    private static Vector256<byte> PixelPair(int offset)
    {
        Span<byte> indexes = stackalloc byte[32];
        // The high bit of an index makes a zero.
        indexes.Fill(0x80);
        for (var pixel = 0; pixel < 2; pixel++)
        {
            for (var channel = 0; channel < 3; channel++) indexes[(16 * pixel) + (4 * channel)] = (byte)(offset + (3 * pixel) + channel);
        }

        return Vector256.Create((ReadOnlySpan<byte>)indexes);
    }
}
