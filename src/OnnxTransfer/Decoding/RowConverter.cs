using System.Runtime.Intrinsics;

namespace OnnxTransfer.Decoding;

/// <summary>Brings 8-bit rows of one to four channels to RGB24, alpha composited over a background.</summary>
internal static class RowConverter
{
    /// <param name="row"><c>[W,channels]</c>: grey, grey and alpha, RGB, or RGB and alpha (not premultiplied).</param>
    /// <param name="channels">1 to 4.</param>
    /// <param name="rgb"><c>[W,3]</c>.</param>
    /// <param name="background">What shows through transparent pixels.</param>
    internal static void ToRgb(ReadOnlySpan<byte> row, int channels, Span<byte> rgb, Rgb background)
    {
        switch (channels)
        {
            case 1:
                for (var x = 0; x < row.Length; x++) rgb.Slice(3 * x, 3).Fill(row[x]);
                break;
            case 2:
                for (int i = 0, o = 0; i < row.Length; i += 2, o += 3)
                    Composite(row[i], row[i], row[i], row[i + 1], rgb.Slice(o, 3), background);
                break;
            case 3:
                row.CopyTo(rgb);
                break;
            default:
                for (int i = 0, o = 0; i < row.Length; i += 4, o += 3)
                    Composite(row[i], row[i + 1], row[i + 2], row[i + 3], rgb.Slice(o, 3), background);
                break;
        }
    }

    /// <summary>Brings opaque pixels of four channels to RGB24.</summary>
    /// <param name="rgba"><c>[W,4]</c>.</param>
    /// <param name="rgb"><c>[W,3]</c>.</param>
    internal static void DropAlpha(ReadOnlySpan<byte> rgba, Span<byte> rgb)
    {
        int i = 0, o = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            // Four pixels at a time; the last four bytes written are none, and the next pixels' place.
            for (; o + 16 <= rgb.Length; i += 16, o += 12)
                Vector128.Shuffle(Vector128.Create(rgba.Slice(i, 16)), Vector128.Create(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, (byte)255)).CopyTo(rgb.Slice(o, 16));
        }

        for (; i < rgba.Length; i += 4, o += 3) rgba.Slice(i, 3).CopyTo(rgb.Slice(o, 3));
    }

    private static void Composite(byte r, byte g, byte b, byte alpha, Span<byte> rgb, Rgb background)
    {
        rgb[0] = Over(r, background.R, alpha);
        rgb[1] = Over(g, background.G, alpha);
        rgb[2] = Over(b, background.B, alpha);
    }

    /// <summary>(a c + (255 - a) background) / 255, rounded to nearest.</summary>
    private static byte Over(byte value, byte background, byte alpha) =>
        (byte)(((value * alpha) + (background * (255 - alpha)) + 127) / 255);
}
