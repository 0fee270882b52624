using System.Buffers.Binary;
using NetVips;

namespace OnnxTransfer.Memory;

/// <summary>Small files whose decode takes as much memory as their format allows: one color, compressed to nothing.</summary>
internal static class WorstFiles
{
    /// <summary>Makes one file of every kind.</summary>
    /// <param name="width">Pixels of a row.</param>
    /// <param name="height">Rows.</param>
    internal static IReadOnlyDictionary<string, byte[]> Make(int width, int height)
    {
        // Savers take no notice of the loaders that the decoder blocks.
        using var black = Image.Black(width, height);
        using var rgb = black.Bandjoin([black, black]);
        using var rgba = rgb.Bandjoin(255.0);
        using var rgba16 = rgba.Cast(Enums.BandFormat.Ushort).Copy(interpretation: Enums.Interpretation.Rgb16);
        using var rgb16 = rgb.Cast(Enums.BandFormat.Ushort).Copy(interpretation: Enums.Interpretation.Rgb16);
        using var srgb = rgb.Copy(interpretation: Enums.Interpretation.Srgb);
        using var srgba = rgba.Copy(interpretation: Enums.Interpretation.Srgb);
        using var cmyk = rgba.Copy(interpretation: Enums.Interpretation.Cmyk);
        using var turned = srgb.Mutate(image => image.Set(GValue.GIntType, "orientation", 6));
        using var inks = cmyk.Mutate(image => image.Set(GValue.BlobType, "icc-profile-data", Image.ProfileLoad("cmyk")));
        using var wide = rgba16.Mutate(image => image.Set(GValue.BlobType, "icc-profile-data", Image.ProfileLoad("p3")));
        var files = new Dictionary<string, byte[]>
        {
            ["jpeg"] = srgb.JpegsaveBuffer(),
            ["jpeg turned"] = turned.JpegsaveBuffer(),
            ["jpeg progressive"] = srgb.JpegsaveBuffer(interlace: true, subsampleMode: Enums.ForeignSubsample.Off),
            ["jpeg progressive turned"] = turned.JpegsaveBuffer(interlace: true, subsampleMode: Enums.ForeignSubsample.Off),
            ["jpeg progressive cmyk"] = cmyk.JpegsaveBuffer(interlace: true),
            ["jpeg progressive cmyk profile"] = inks.JpegsaveBuffer(interlace: true),
            ["png"] = srgb.PngsaveBuffer(compression: 9),
            ["png 1 bit"] = black.PngsaveBuffer(compression: 9, bitdepth: 1),
            ["png rgba 16 bit"] = rgba16.PngsaveBuffer(compression: 9),
            ["png interlaced"] = srgb.PngsaveBuffer(compression: 9, interlace: true),
            ["png interlaced 1 bit"] = black.PngsaveBuffer(compression: 9, interlace: true, bitdepth: 1),
            ["png interlaced rgba 16 bit"] = rgba16.PngsaveBuffer(compression: 9, interlace: true),
            ["png rgba 16 bit profile"] = wide.PngsaveBuffer(compression: 9),
            ["png interlaced 16 bit profile"] = wide.PngsaveBuffer(compression: 9, interlace: true),
            ["png damaged"] = Damaged(srgb.PngsaveBuffer(compression: 9)),
            ["png 16 bit profile damaged"] = Damaged(wide.PngsaveBuffer(compression: 9)),
            ["gif"] = srgb.GifsaveBuffer(effort: 1),
            ["bmp rle8"] = RunLengthBmp(width, height),
            ["tiff in strips"] = srgb.TiffsaveBuffer(compression: Enums.ForeignTiffCompression.Deflate),
            ["tiff of one strip"] = srgb.TiffsaveBuffer(compression: Enums.ForeignTiffCompression.Lzw),
            ["tiff of one tile"] = rgb16.TiffsaveBuffer(compression: Enums.ForeignTiffCompression.Deflate, tile: true, tileWidth: Tile(width), tileHeight: Tile(height)),
            ["tiff in tiles"] = rgb16.TiffsaveBuffer(compression: Enums.ForeignTiffCompression.Deflate, tile: true),
            ["avif"] = srgb.HeifsaveBuffer(compression: Enums.ForeignHeifCompression.Av1, effort: 0, q: 20),
            ["avif 12 bit with alpha"] = rgba16.HeifsaveBuffer(compression: Enums.ForeignHeifCompression.Av1, effort: 0, q: 20, bitdepth: 12),
        };
        if (width <= 16383 && height <= 16383)
        {
            files["webp"] = srgb.WebpsaveBuffer(q: 50, effort: 0);
            files["webp lossless"] = srgba.WebpsaveBuffer(lossless: true, effort: 0);
        }

        return files;
    }

    /// <summary>A PNG file whose last chunk of pixels has another checksum than its own, though all pixels are there.</summary>
    private static byte[] Damaged(byte[] png)
    {
        // The last chunk is the end, of 12 bytes.
        png[^13] ^= 1;
        return png;
    }

    private static int Tile(int side) => (side + 15) / 16 * 16;

    /// <summary>A bitmap of run lengths that ends at once: 64 bytes for any size.</summary>
    private static byte[] RunLengthBmp(int width, int height)
    {
        var file = new byte[64];
        file[0] = (byte)'B';
        file[1] = (byte)'M';
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(10), 58);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(14), 40);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(18), width);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(22), height);
        file[26] = 1;
        file[28] = 8;
        file[30] = 1;
        file[59] = 1;
        return file;
    }
}
