using System.Buffers.Binary;
using System.IO.Compression;
using NetVips;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Vips.Tests.Matrix;

/// <summary>Writes pictures as files; JPEG, WebP and AVIF by libvips, the others bit by bit.</summary>
internal static class Files
{
    /// <summary>A PNG file of grey, RGB or RGBA.</summary>
    internal static byte[] Png(Picture picture, int bits, byte[]? profile)
    {
        var type = (picture.Colors, picture.HasAlpha) switch { (1, false) => 0, (1, true) => 4, (_, false) => 2, _ => 6 };
        return Png(Pack(picture.Samples, picture.Channels, bits, picture.Most, isLittleEndian: false), picture.Channels, bits, (byte)type, [], profile);
    }

    /// <summary>A PNG file of a palette.</summary>
    internal static byte[] PalettePng(Picture picture, int bits, byte[]? profile)
    {
        var (indices, palette) = Palette(picture);
        byte[] entries = [.. palette.SelectMany(color => new[] { (byte)color.R, (byte)color.G, (byte)color.B })];
        return Png(Pack(indices, 1, bits, (1 << bits) - 1, isLittleEndian: false), 1, bits, 3, entries, profile);
    }

    internal static byte[] Jpeg(Picture picture, byte[]? profile)
    {
        using var image = With(picture, profile);
        return image.JpegsaveBuffer(q: 100, subsampleMode: Enums.ForeignSubsample.Off);
    }

    internal static byte[] Webp(Picture picture, byte[]? profile)
    {
        using var image = With(picture, profile);
        return image.WebpsaveBuffer(lossless: true, exact: true);
    }

    internal static byte[] Avif(Picture picture, int bits, byte[]? profile)
    {
        using var image = With(picture, profile);
        return image.HeifsaveBuffer(lossless: true, compression: Enums.ForeignHeifCompression.Av1, effort: 0, bitdepth: bits, subsampleMode: Enums.ForeignSubsample.Off);
    }

    /// <summary>The picture's colors, each once, and the place of each pixel's color among them.</summary>
    internal static (ushort[] Indices, List<(int R, int G, int B)> Palette) Palette(Picture picture)
    {
        var palette = new List<(int R, int G, int B)>();
        var indices = new ushort[picture.Samples.Length / 3];
        for (var i = 0; i < indices.Length; i++)
        {
            var color = (picture.Samples[3 * i], picture.Samples[(3 * i) + 1], picture.Samples[(3 * i) + 2]);
            if (!palette.Contains(color)) palette.Add(color);
            indices[i] = (ushort)palette.IndexOf(color);
        }

        return (indices, palette);
    }

    /// <summary>Rows of packed samples, each row from a new byte on.</summary>
    internal static byte[] Pack(ushort[] samples, int channels, int bits, int most, bool isLittleEndian, int width = Picture.Width)
    {
        var packed = new List<byte>();
        for (var start = 0; start < samples.Length; start += width * channels)
        {
            var (buffer, held) = (0, 0);
            foreach (var sample in samples.AsSpan(start, width * channels))
            {
                if (bits == 16)
                {
                    packed.AddRange(isLittleEndian ? [(byte)sample, (byte)(sample >> 8)] : [(byte)(sample >> 8), (byte)sample]);
                    continue;
                }

                buffer = (buffer << bits) | (sample * ((1 << bits) - 1) / most);
                if ((held += bits) < 8) continue;
                packed.Add((byte)buffer);
                (buffer, held) = (0, 0);
            }

            if (held > 0) packed.Add((byte)(buffer << (8 - held)));
        }

        return [.. packed];
    }

    private static Image With(Picture picture, byte[]? profile)
    {
        using var image = picture.ToVips();
        return profile is null ? image.Copy() : image.Mutate(mutable => mutable.Set(GValue.BlobType, "icc-profile-data", profile));
    }

    private static byte[] Png(byte[] rows, int channels, int bits, byte type, byte[] palette, byte[]? profile)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, Picture.Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), Picture.Height);
        (header[8], header[9]) = ((byte)bits, type);
        var rowBytes = ((Picture.Width * channels * bits) + 7) / 8;

        using var png = new MemoryStream();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        TestImage.WriteChunk(png, "IHDR", header);
        if (profile is not null) TestImage.WriteChunk(png, "iCCP", [.. "test\0\0"u8, .. Deflate(profile)]);
        if (palette.Length > 0) TestImage.WriteChunk(png, "PLTE", palette);
        // No filter before each row.
        TestImage.WriteChunk(png, "IDAT", Deflate([.. rows.Chunk(rowBytes).SelectMany(row => (byte[])[0, .. row])]));
        TestImage.WriteChunk(png, "IEND", []);
        return png.ToArray();
    }

    internal static byte[] Deflate(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true)) zlib.Write(bytes);
        return packed.ToArray();
    }
}
