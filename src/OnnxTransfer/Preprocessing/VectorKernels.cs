using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace OnnxTransfer.Preprocessing;

/// <summary>The hot kernels of <see cref="PixelKernels"/> with vectors, to the same bits.</summary>
internal static partial class VectorKernels
{
    /// <summary>Bytes behind a row that a kernel may read or overwrite; their content does not matter.</summary>
    internal const int Padding = 32;

    /// <summary>
    /// Bits of a weight's lower part. A weight has 22 bits and a sign, the fast multiplication 16: it is multiplied in two parts,
    /// <c>weight = (upper &lt;&lt; 11) + lower</c>, whose sums are put together in the end, exactly.
    /// </summary>
    internal const int LowerBits = 11;

    /// <summary>Numbers of one step in <see cref="ResizeAxis.VectorWeights"/>: 16 of upper parts, 16 of lower ones.</summary>
    internal const int WeightsPerStep = 32;

    /// <summary>Rows that one horizontal pass takes.</summary>
    internal const int RowsPerPass = 4;

    /// <summary>Taps come in fours there, the missing ones with weights of zero.</summary>
    internal const int TapsPerStep = 4;

    private const int PillowHalf = 1 << (ResizeAxis.PillowBits - 1);

    /// <summary>
    /// Four pixels, two to a half of 128 bits, for a byte shuffle stays inside its half: R of both, G of both, B of both and
    /// nothing, widened to 16 bits.
    /// </summary>
    private static readonly Vector256<byte> s_pixelPairs = PixelPairOrder();

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
    /// <param name="offsets">Where in the ring the rows begin that make this one, and any row more where they are odd in number.</param>
    /// <param name="axis">The vertical plan.</param>
    /// <param name="y">The row to make.</param>
    /// <param name="length">Bytes of a row.</param>
    /// <param name="result">The row and <see cref="Padding"/> bytes more.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PillowVertical(ReadOnlySpan<byte> ring, ReadOnlySpan<int> offsets, ResizeAxis axis, int y, int length, Span<byte> result)
    {
        if (Avx2.IsSupported)
        {
            var pairs = axis.PairWeights.Slice(y * axis.PairStride, (axis.Taps[y] + 1) & ~1);
            for (var i = 0; i < length; i += 16) MemoryMarshal.Write(result[i..], PillowVerticalAvx2(ring[i..], offsets, pairs));
            return;
        }

        var weights = axis.Weights.Slice(y * axis.TapStride, axis.Taps[y]);
        for (var i = 0; i < length; i += 16)
        {
            var (a, b, c, d) = (Vector128.Create(PillowHalf), Vector128.Create(PillowHalf), Vector128.Create(PillowHalf), Vector128.Create(PillowHalf));
            for (var t = 0; t < weights.Length; t++)
            {
                var (low, high) = Vector128.Widen(MemoryMarshal.Read<Vector128<byte>>(ring[(offsets[t] + i)..]));
                a += Vector128.WidenLower(low).AsInt32() * weights[t];
                b += Vector128.WidenUpper(low).AsInt32() * weights[t];
                c += Vector128.WidenLower(high).AsInt32() * weights[t];
                d += Vector128.WidenUpper(high).AsInt32() * weights[t];
            }

            MemoryMarshal.Write(result[i..], Clip(a, b, c, d));
        }
    }

    /// <inheritdoc cref="PixelKernels.TensorFlowHorizontal"/>
    /// <param name="row">Source pixels <c>[W,3]</c>.</param>
    /// <param name="axis">The horizontal plan.</param>
    /// <param name="result">Resized pixels <c>[axis.Count,3]</c> and at least one value more.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
    private static (Vector128<double> RedGreen, Vector128<double> Blue) Pixel(ReadOnlySpan<byte> row, int at) =>
        Vector128.Widen(Vector128.ConvertToSingle(PixelWords(row, at)));

    /// <summary>R, G, B and something of one pixel.</summary>
    private static Vector128<int> PixelWords(ReadOnlySpan<byte> row, int at) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(PixelBytes(row, at)).AsByte())).AsInt32();

    /// <summary>The three bytes of one pixel and, unless it is the row's last, the byte behind them.</summary>
    private static uint PixelBytes(ReadOnlySpan<byte> row, int at) =>
        at + sizeof(uint) <= row.Length
            ? MemoryMarshal.Read<uint>(row[at..])
            : row[at] | ((uint)row[at + 1] << 8) | ((uint)row[at + 2] << 16);

    /// <summary>Sixteen bytes of a row: two rows at a time, their bytes side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> PillowVerticalAvx2(ReadOnlySpan<byte> ring, ReadOnlySpan<int> offsets, ReadOnlySpan<int> pairs)
    {
        var (upper0, upper1, lower0, lower1) = (Vector256<int>.Zero, Vector256<int>.Zero, Vector256.Create(PillowHalf), Vector256.Create(PillowHalf));
        for (var t = 0; t + 1 < pairs.Length; t += 2)
        {
            var (first, second) = (MemoryMarshal.Read<Vector128<byte>>(ring[offsets[t]..]), MemoryMarshal.Read<Vector128<byte>>(ring[offsets[t + 1]..]));
            var words0 = Avx2.ConvertToVector256Int16(Sse2.UnpackLow(first, second));
            var words1 = Avx2.ConvertToVector256Int16(Sse2.UnpackHigh(first, second));
            var (upper, lower) = (Vector256.Create(pairs[t]).AsInt16(), Vector256.Create(pairs[t + 1]).AsInt16());
            upper0 += Avx2.MultiplyAddAdjacent(words0, upper);
            upper1 += Avx2.MultiplyAddAdjacent(words1, upper);
            lower0 += Avx2.MultiplyAddAdjacent(words0, lower);
            lower1 += Avx2.MultiplyAddAdjacent(words1, lower);
        }

        var (sum0, sum1) = ((upper0 << LowerBits) + lower0, (upper1 << LowerBits) + lower1);
        return Clip(sum0.GetLower(), sum0.GetUpper(), sum1.GetLower(), sum1.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PillowHorizontalAvx2(
        ReadOnlySpan<byte> row0, ReadOnlySpan<byte> row1, ReadOnlySpan<byte> row2, ReadOnlySpan<byte> row3, ResizeAxis axis,
        Span<byte> result0, Span<byte> result1, Span<byte> result2, Span<byte> result3)
    {
        var first = axis.First;
        var taps = axis.Taps;
        var weights = MemoryMarshal.Cast<short, Vector256<short>>(axis.VectorWeights);
        var stride = axis.VectorStride / Vector256<short>.Count;
        var pairs = s_pixelPairs;
        for (var x = 0; x < first.Length; x++)
        {
            var at = 3 * first[x];
            var (upper0, upper1, upper2, upper3) = (Vector256<int>.Zero, Vector256<int>.Zero, Vector256<int>.Zero, Vector256<int>.Zero);
            var (lower0, lower1, lower2, lower3) = (Vector256<int>.Zero, Vector256<int>.Zero, Vector256<int>.Zero, Vector256<int>.Zero);
            var steps = (taps[x] + TapsPerStep - 1) / TapsPerStep;
            var pixelWeights = weights.Slice(x * stride, 2 * steps);
            for (var w = 0; w + 1 < pixelWeights.Length; w += 2)
            {
                var (upper, lower) = (pixelWeights[w], pixelWeights[w + 1]);
                var (words0, words1) = (PixelPairs(row0, at, pairs), PixelPairs(row1, at, pairs));
                upper0 += Avx2.MultiplyAddAdjacent(words0, upper);
                lower0 += Avx2.MultiplyAddAdjacent(words0, lower);
                upper1 += Avx2.MultiplyAddAdjacent(words1, upper);
                lower1 += Avx2.MultiplyAddAdjacent(words1, lower);
                var (words2, words3) = (PixelPairs(row2, at, pairs), PixelPairs(row3, at, pairs));
                upper2 += Avx2.MultiplyAddAdjacent(words2, upper);
                lower2 += Avx2.MultiplyAddAdjacent(words2, lower);
                upper3 += Avx2.MultiplyAddAdjacent(words3, upper);
                lower3 += Avx2.MultiplyAddAdjacent(words3, lower);
                at += 3 * TapsPerStep;
            }

            var clipped = Clip(Sum(upper0, lower0), Sum(upper1, lower1), Sum(upper2, lower2), Sum(upper3, lower3)).AsUInt32();
            // R, G, B and a fourth byte that the next pixel overwrites.
            MemoryMarshal.Write(result0[(3 * x)..], clipped[0]);
            MemoryMarshal.Write(result1[(3 * x)..], clipped[1]);
            MemoryMarshal.Write(result2[(3 * x)..], clipped[2]);
            MemoryMarshal.Write(result3[(3 * x)..], clipped[3]);
        }
    }

    /// <summary>Four pixels from a place in a row, as <see cref="s_pixelPairs"/> orders them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> PixelPairs(ReadOnlySpan<byte> row, int at, Vector256<byte> order)
    {
        var bytes = MemoryMarshal.Read<Vector128<byte>>(row[at..]);
        return Avx2.Shuffle(Vector256.Create(bytes, bytes), order).AsInt16();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Sum(Vector256<int> upper, Vector256<int> lower) =>
        ((upper.GetLower() + upper.GetUpper()) << LowerBits) + lower.GetLower() + lower.GetUpper() + Vector128.Create(PillowHalf);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

    /// <summary>Sixteen of Pillow's sums to sixteen bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Clip(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d) =>
        ToBytes(a >> ResizeAxis.PillowBits, b >> ResizeAxis.PillowBits, c >> ResizeAxis.PillowBits, d >> ResizeAxis.PillowBits);

    /// <summary>Sixteen numbers, clipped to bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> ToBytes(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d)
    {
        var low = Vector128.NarrowWithSaturation(a, b);
        var high = Vector128.NarrowWithSaturation(c, d);
        if (Sse2.IsSupported) return Sse2.PackUnsignedSaturate(low, high);
        return Vector128.NarrowWithSaturation(
            Vector128.Max(low, Vector128<short>.Zero).AsUInt16(), Vector128.Max(high, Vector128<short>.Zero).AsUInt16());
    }

    private static Vector256<byte> PixelPairOrder()
    {
        Span<byte> indexes = stackalloc byte[32];
        // The high bit of an index makes a zero.
        indexes.Fill(0x80);
        for (var pixel = 0; pixel < TapsPerStep; pixel++)
        {
            for (var channel = 0; channel < 3; channel++)
                indexes[(16 * (pixel / 2)) + (4 * channel) + (2 * (pixel % 2))] = (byte)((3 * pixel) + channel);
        }

        return Vector256.Create((ReadOnlySpan<byte>)indexes);
    }
}
