using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace OnnxTransfer.TestSupport;

/// <summary>Writes small PNG files without any image library, so that tests need no sample files.</summary>
internal static class TestImage
{
    /// <summary>An RGB PNG of one color with a little seeded noise, so that no two are alike.</summary>
    internal static byte[] NoisyPng(int width, int height, (byte R, byte G, byte B) color, int seed)
    {
        var random = new Random(seed);
        var rgb = new byte[width * height * 3];
        for (var i = 0; i < rgb.Length; i++)
        {
            var value = (i % 3) switch { 0 => color.R, 1 => color.G, _ => color.B };
            rgb[i] = (byte)Math.Clamp(value + random.Next(-20, 21), 0, 255);
        }

        return Png(width, height, rgb);
    }

    /// <summary>An 8-bit RGB PNG of the given pixels <c>[H,W,3]</c>.</summary>
    internal static byte[] Png(int width, int height, byte[] rgb)
    {
        using var rows = new MemoryStream();
        using (var zlib = new ZLibStream(rows, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var y = 0; y < height; y++)
            {
                zlib.WriteByte(0); // filter: none
                zlib.Write(rgb, y * width * 3, width * 3);
            }
        }

        using var png = new MemoryStream();
        png.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        WriteChunk(png, "IHDR", Header(width, height));
        WriteChunk(png, "IDAT", rows.ToArray());
        WriteChunk(png, "IEND", []);
        return png.ToArray();
    }

    /// <summary>A PNG whose header claims a size that no pixel follows: what a decompression bomb looks like at first.</summary>
    internal static byte[] Bomb(int width, int height)
    {
        using var png = new MemoryStream();
        png.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        WriteChunk(png, "IHDR", Header(width, height));
        using var rows = new MemoryStream();
        using (var zlib = new ZLibStream(rows, CompressionLevel.SmallestSize, leaveOpen: true)) zlib.Write(new byte[width * 3 + 1]);
        WriteChunk(png, "IDAT", rows.ToArray());
        WriteChunk(png, "IEND", []);
        return png.ToArray();
    }

    private static byte[] Header(int width, int height)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 8; // bits per sample
        header[9] = 2; // RGB
        return header;
    }

    private static void WriteChunk(Stream png, string type, byte[] data)
    {
        var body = (byte[])[.. Encoding.ASCII.GetBytes(type), .. data];
        var number = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        png.Write(number);
        png.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.HashToUInt32(body));
        png.Write(number);
    }
}
