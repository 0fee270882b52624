using System.Runtime.InteropServices;

namespace OnnxTransfer.Decoding;

/// <summary>
/// The EXIF orientation (tag 0x0112): the position of the stored image's first row and first column in the upright image.
/// </summary>
internal enum Orientation
{
    Upright = 1,
    MirroredHorizontally = 2,
    Rotated180 = 3,
    MirroredVertically = 4,
    Transposed = 5,
    Rotated90 = 6,
    Transversed = 7,
    Rotated270 = 8,
}

/// <summary>Writes stored rows to their place in the upright image.</summary>
internal static class Orientations
{
    /// <summary>Whether width and height are swapped in the upright image.</summary>
    internal static bool SwapsSides(this Orientation orientation) => orientation >= Orientation.Transposed;

    /// <summary>Writes one stored row.</summary>
    /// <param name="row">Row <paramref name="y"/> as stored, <c>[width,3]</c>.</param>
    /// <param name="y">The number of the row in the stored image.</param>
    /// <param name="height">The number of rows in the stored image.</param>
    /// <param name="orientation">The orientation that the file states.</param>
    /// <param name="upright">The upright image: <c>[height,width,3]</c>, or <c>[width,height,3]</c> if the sides are swapped.</param>
    internal static void WriteRow(ReadOnlySpan<byte> row, int y, int height, Orientation orientation, Span<byte> upright)
    {
        var source = MemoryMarshal.Cast<byte, Rgb>(row);
        var target = MemoryMarshal.Cast<byte, Rgb>(upright);
        var width = source.Length;
        var mirroredY = height - 1 - y;
        switch (orientation)
        {
            case Orientation.MirroredHorizontally: CopyReversed(source, target.Slice(y * width, width)); break;
            case Orientation.Rotated180: CopyReversed(source, target.Slice(mirroredY * width, width)); break;
            case Orientation.MirroredVertically: source.CopyTo(target[(mirroredY * width)..]); break;
            case Orientation.Transposed: WriteColumn(source, target, y, height, fromBottom: false); break;
            case Orientation.Rotated90: WriteColumn(source, target, mirroredY, height, fromBottom: false); break;
            case Orientation.Transversed: WriteColumn(source, target, mirroredY, height, fromBottom: true); break;
            case Orientation.Rotated270: WriteColumn(source, target, y, height, fromBottom: true); break;
            default: source.CopyTo(target[(y * width)..]); break;
        }
    }

    private static void CopyReversed(ReadOnlySpan<Rgb> source, Span<Rgb> target)
    {
        source.CopyTo(target);
        target.Reverse();
    }

    private static void WriteColumn(ReadOnlySpan<Rgb> source, Span<Rgb> target, int column, int stride, bool fromBottom)
    {
        var last = source.Length - 1;
        for (var x = 0; x < source.Length; x++)
            target[((fromBottom ? last - x : x) * stride) + column] = source[x];
    }

    /// <summary>One pixel.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private readonly struct Rgb
    {
        private readonly byte _r;
        private readonly byte _g;
        private readonly byte _b;
    }
}
