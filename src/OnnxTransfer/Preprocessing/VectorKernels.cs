using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace OnnxTransfer.Preprocessing;

/// <summary>The hot kernels of <see cref="PixelKernels"/> with vectors, to the same bits.</summary>
internal static partial class VectorKernels
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

    /// <inheritdoc cref="PixelKernels.TensorFlowHorizontal"/>
    /// <param name="row">Source pixels <c>[W,3]</c>.</param>
    /// <param name="axis">The horizontal plan.</param>
    /// <param name="result">Resized pixels <c>[axis.Count,3]</c> and at least one value more.</param>
    internal static void TensorFlowHorizontal(ReadOnlySpan<byte> row, ResizeAxis axis, Span<double> result)
    {
        var first = axis.First;
        var taps = axis.Taps;
        var weights = axis.RealWeights;
        for (var x = 0; x < first.Length; x++)
        {
            var (leftRg, leftB) = Pixel(row, 3 * first[x]);
            var (rightRg, rightB) = Pixel(row, 3 * (first[x] + taps[x] - 1));
            var (left, right) = (Vector128.Create(weights[2 * x]), Vector128.Create(weights[(2 * x) + 1]));
            // R and G, then B and a value that the next pixel overwrites.
            MemoryMarshal.Write(MemoryMarshal.AsBytes(result[(3 * x)..]), (leftRg * left) + (rightRg * right));
            MemoryMarshal.Write(MemoryMarshal.AsBytes(result[((3 * x) + 2)..]), (leftB * left) + (rightB * right));
        }
    }

    /// <inheritdoc cref="PixelKernels.TensorFlowVertical"/>
    internal static void TensorFlowVertical(ReadOnlySpan<double> upper, ReadOnlySpan<double> lower, double upperWeight, double lowerWeight, Span<float> result)
    {
        var ups = MemoryMarshal.Cast<double, Vector128<double>>(upper);
        var lows = MemoryMarshal.Cast<double, Vector128<double>>(lower);
        var values = MemoryMarshal.Cast<float, Vector128<float>>(result);
        var (up, low) = (Vector128.Create(upperWeight), Vector128.Create(lowerWeight));
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Vector128.Narrow(
                (ups[2 * i] * up) + (lows[2 * i] * low),
                (ups[(2 * i) + 1] * up) + (lows[(2 * i) + 1] * low));
        }

        var done = Vector128<float>.Count * values.Length;
        PixelKernels.TensorFlowVertical(upper[done..], lower[done..], upperWeight, lowerWeight, result[done..]);
    }

    /// <summary>R and G, and B and something, of one pixel.</summary>
    private static (Vector128<double> RedGreen, Vector128<double> Blue) Pixel(ReadOnlySpan<byte> row, int at)
    {
        var bytes = at + sizeof(uint) <= row.Length
            ? MemoryMarshal.Read<uint>(row[at..])
            : row[at] | ((uint)row[at + 1] << 8) | ((uint)row[at + 2] << 16);
        var words = Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(bytes).AsByte())).AsInt32();
        return Vector128.Widen(Vector128.ConvertToSingle(words));
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
