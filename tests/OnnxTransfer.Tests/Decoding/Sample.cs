using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Decoding;

/// <summary>The small pictures beside this file, written by <c>Samples/make_samples.py</c>, and what they show.</summary>
internal static class Sample
{
    public const int Width = 32;
    public const int Height = 16;

    public static readonly (int R, int G, int B)[] Colors = [(200, 40, 40), (40, 180, 60), (50, 60, 200), (220, 220, 220)];
    public static readonly (int R, int G, int B)[] Grays = [(60, 60, 60), (120, 120, 120), (180, 180, 180), (240, 240, 240)];
    public static readonly (int R, int G, int B)[] BlackAndWhite = [(0, 0, 0), (255, 255, 255), (255, 255, 255), (0, 0, 0)];

    /// <summary>Opaque above; below transparent at the left and half transparent at the right.</summary>
    private static readonly int[] s_alphas = [255, 255, 0, 128];

    public static string Folder { get; } = Repository.PathOf("tests", "OnnxTransfer.Tests", "Decoding", "Samples");

    public static byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(Folder, name));

    public static (int R, int G, int B)[] Over((int R, int G, int B)[] colors, (int R, int G, int B) background) =>
    [
        .. colors.Select((c, i) => (Mix(c.R, background.R, s_alphas[i]), Mix(c.G, background.G, s_alphas[i]), Mix(c.B, background.B, s_alphas[i]))),
    ];

    /// <summary>A sound PNG header that claims a size, and nothing behind it.</summary>
    public static byte[] PngHeader(int width, int height) => [.. PngStart(width, height, 8, 2), .. Chunk("IDAT"u8, [0x78, 0x9C, 3, 0, 0, 0, 0, 1])];

    /// <summary>A sound PNG file of zeros, as small as it gets.</summary>
    public static byte[] PlainPng(int side, byte depth, byte colorType)
    {
        var channels = colorType switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            zlib.Write(new byte[side * (1 + (side * channels * depth / 8))]);
        return [.. PngStart(side, side, depth, colorType), .. colorType == 3 ? Chunk("PLTE"u8, new byte[3]) : [], .. Chunk("IDAT"u8, packed.ToArray()), .. Chunk("IEND"u8, [])];
    }

    /// <summary>The four quadrants, each in its middle and near its corners.</summary>
    public static void Shows(PixelBuffer pixels, (int R, int G, int B)[] quadrants, int tolerance, int inset = 0)
    {
        Assert.Equal((Width, Height), (pixels.Width, pixels.Height));
        for (var quadrant = 0; quadrant < 4; quadrant++)
        {
            foreach (var (x, y) in new[] { (inset, inset), (15 - inset, inset), (inset, 7 - inset), (15 - inset, 7 - inset), (8, 4) })
            {
                var (left, top) = (quadrant % 2 * 16, quadrant / 2 * 8);
                var at = 3 * (((top + y) * Width) + left + x);
                var seen = (R: (int)pixels.Pixels[at], G: (int)pixels.Pixels[at + 1], B: (int)pixels.Pixels[at + 2]);
                var wanted = quadrants[quadrant];
                var off = Math.Max(Math.Abs(seen.R - wanted.R), Math.Max(Math.Abs(seen.G - wanted.G), Math.Abs(seen.B - wanted.B)));
                Assert.True(off <= tolerance, $"quadrant {quadrant} at ({x},{y}): {seen}, wanted {wanted} within {tolerance}");
            }
        }
    }

    private static byte[] PngStart(int width, int height, byte depth, byte colorType)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (depth, colorType);
        return [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, .. Chunk("IHDR"u8, header)];
    }

    private static byte[] Chunk(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> body)
    {
        var chunk = new byte[12 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, body.Length);
        kind.CopyTo(chunk.AsSpan(4));
        body.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + body.Length), Crc32.HashToUInt32(chunk.AsSpan(4, 4 + body.Length)));
        return chunk;
    }

    private static int Mix(int color, int background, int alpha) =>
        (int)Math.Round(((color * alpha) + (background * (255 - alpha))) / 255.0);
}
