using System.Buffers.Binary;
using NetVips;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Vips.Tests.Matrix;

/// <summary>A picture with the detail of a photograph in every format and arrangement, and the ways in which files are damaged.</summary>
internal static class DamagedFiles
{
    private const int Width = 320;
    private const int Height = 240;

    private static readonly string[] s_compressions = ["none", "lzw", "deflate", "jpeg", "packbits"];

    internal static IEnumerable<string> Names =>
    [
        "JPEG", "JPEG restart intervals", "JPEG progressive", "JPEG CMYK", "PNG", "PNG interlaced", "PNG 16 bits", "GIF", "GIF interlaced", "WebP lossy", "WebP lossless", "BMP",
        .. s_compressions.SelectMany(compression => new[] { $"TIFF strips {compression}", $"TIFF tiles {compression}" }), "AVIF", "HEIC",
    ];

    /// <summary>A sound file.</summary>
    internal static byte[] Sound(string name)
    {
        // libvips writes the files, and is set up by its decoder.
        Assert.NotEmpty(VipsDecoder.Instance.Name);
        using var raw = Image.NewFromMemoryCopy(Pixels(), Width, Height, 3, Enums.BandFormat.Uchar);
        using var image = raw.Copy(interpretation: Enums.Interpretation.Srgb);
        switch (name)
        {
            case "JPEG": return image.JpegsaveBuffer(q: 85);
            case "JPEG restart intervals": return image.JpegsaveBuffer(q: 85, restartInterval: 20);
            case "JPEG progressive": return image.JpegsaveBuffer(q: 85, interlace: true);
            case "JPEG CMYK":
                using (var four = image.Bandjoin(image[1]))
                using (var inks = four.Copy(interpretation: Enums.Interpretation.Cmyk)) return inks.JpegsaveBuffer(q: 85);
            case "PNG": return image.PngsaveBuffer();
            case "PNG interlaced": return image.PngsaveBuffer(interlace: true);
            case "PNG 16 bits":
                using (var wide = image.Cast(Enums.BandFormat.Ushort) * 257)
                using (var deep = wide.Cast(Enums.BandFormat.Ushort).Copy(interpretation: Enums.Interpretation.Rgb16)) return deep.PngsaveBuffer();
            case "GIF": return image.GifsaveBuffer();
            case "GIF interlaced": return image.GifsaveBuffer(interlace: true);
            case "WebP lossy": return image.WebpsaveBuffer(q: 80);
            case "WebP lossless": return image.WebpsaveBuffer(lossless: true);
            case "BMP": return Bmp();
            case "AVIF": return image.HeifsaveBuffer(compression: Enums.ForeignHeifCompression.Av1, effort: 2, q: 70);
            // The same waves, by heif-enc; make_samples.py beside the file writes it.
            case "HEIC": return System.IO.File.ReadAllBytes(Repository.PathOf("tests", "OnnxTransfer.Heic.Tests", "Samples", "waves.heic"));
            default:
                var words = name.Split(' ');
                return DirectoryFirst(image.TiffsaveBuffer(
                    compression: Enum.Parse<Enums.ForeignTiffCompression>(words[2], ignoreCase: true), tile: words[1] == "tiles", tileWidth: 64, tileHeight: 64));
        }
    }

    internal static IEnumerable<(string How, byte[] File)> Damages(byte[] file)
    {
        foreach (var percent in new[] { 30, 60, 90, 98 }) yield return ($"cut at {percent} %", file[..(file.Length * percent / 100)]);
        yield return ("last 2 bytes cut", file[..^2]);
        foreach (var percent in new[] { 30, 50, 80 })
        {
            var at = file.Length * percent / 100;
            byte[] zeroed = [.. file];
            zeroed.AsSpan(at, Math.Min(512, file.Length - at)).Clear();
            yield return ($"512 zeroed at {percent} %", zeroed);
            yield return ($"1000 dropped at {percent} %", [.. file[..at], .. file[Math.Min(file.Length, at + 1000)..]]);
        }
    }

    /// <summary>Waves of several lengths and some noise.</summary>
    internal static byte[] Pixels()
    {
        var random = new Random(11);
        var pixels = new byte[3 * Width * Height];
        for (var i = 0; i < pixels.Length; i++)
        {
            var (x, y, c) = (i / 3 % Width, i / 3 / Width, i % 3);
            var wave = (60 * Math.Sin((x + (40 * c)) / 31.0)) + (40 * Math.Cos(((2 * y) - x) / 23.0)) + (20 * Math.Sin((x + y) / 3.7));
            pixels[i] = (byte)Math.Clamp(128 + wave + random.Next(-8, 9), 0, 255);
        }

        return pixels;
    }

    private static byte[] Bmp()
    {
        var pixels = Pixels();
        byte[] header = [.. "BM"u8, .. BitConverter.GetBytes(54 + pixels.Length), 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, .. BitConverter.GetBytes(Width), .. BitConverter.GetBytes(Height), 1, 0, 24, 0];
        return [.. header, .. new byte[54 - header.Length], .. pixels];
    }

    /// <summary>A TIFF file whose directory stands before its pixels: libvips writes it behind them, where every cut takes it away.</summary>
    private static byte[] DirectoryFirst(byte[] tiff)
    {
        const int head = 8, entryLength = 12;
        var directory = BinaryPrimitives.ReadInt32LittleEndian(tiff.AsSpan(4));
        var moved = tiff[directory..];
        var count = BinaryPrimitives.ReadInt16LittleEndian(moved);
        for (var i = 0; i < count; i++)
        {
            var entry = moved.AsSpan(2 + (entryLength * i), entryLength);
            var (tag, type, values) = (BinaryPrimitives.ReadUInt16LittleEndian(entry), BinaryPrimitives.ReadUInt16LittleEndian(entry[2..]), BinaryPrimitives.ReadInt32LittleEndian(entry[4..]));
            var bytes = values * (type switch { 3 => 2, 4 or 9 => 4, 5 or 10 or 12 => 8, _ => 1 });
            var isOutside = bytes > 4;
            var at = isOutside ? BinaryPrimitives.ReadInt32LittleEndian(entry[8..]) : 0;
            // Values stand behind the directory, or among the pixels.
            if (isOutside) BinaryPrimitives.WriteInt32LittleEndian(entry[8..], at >= directory ? at - directory + head : at + moved.Length);
            if (tag is not (273 or 324)) continue;
            for (var value = 0; value < values; value++)
            {
                var place = isOutside ? (at >= directory ? moved.AsSpan(at - directory + (4 * value)) : tiff.AsSpan(at + (4 * value))) : entry[8..];
                BinaryPrimitives.WriteInt32LittleEndian(place, BinaryPrimitives.ReadInt32LittleEndian(place) + moved.Length);
            }
        }

        byte[] start = [.. tiff[..4], head, 0, 0, 0];
        return [.. start, .. moved, .. tiff[head..directory]];
    }
}
