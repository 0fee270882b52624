using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OnnxTransfer.Preprocessing;

internal static partial class VectorKernels
{
    /// <summary>Normalizes a row into three planes: from HWC to CHW, each channel <c>pixel * scale + offset</c>.</summary>
    /// <param name="row">Pixels <c>[W,3]</c>.</param>
    /// <param name="channels">Scale, offset and plane of R, G and B.</param>
    /// <param name="r">Where R goes, <c>[W]</c>.</param>
    /// <param name="g">Where G goes, <c>[W]</c>.</param>
    /// <param name="b">Where B goes, <c>[W]</c>.</param>
    /// <returns>Pixels written; the rest is too short for a vector.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

    /// <summary>Normalizes a row that stays HWC.</summary>
    /// <param name="row">Pixels <c>[W,3]</c> and <see cref="Padding"/> bytes more.</param>
    /// <param name="channels">Scale and offset of the row's channels.</param>
    /// <param name="reversed">Whether the tensor wants B, G, R.</param>
    /// <param name="target"><c>[W,3]</c>.</param>
    /// <returns>Pixels written; the rest is too short for a vector.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
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
}
