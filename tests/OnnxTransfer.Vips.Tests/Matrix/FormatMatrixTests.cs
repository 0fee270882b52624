using System.Globalization;
using NetVips;
using OnnxTransfer.Decoding;
using OnnxTransfer.TestSupport;
using Xunit.Abstractions;

namespace OnnxTransfer.Vips.Tests.Matrix;

/// <summary>
/// Every format, depth, kind of color and profile by every decoder, made from known samples. Right is what Little CMS makes of
/// those samples: within 1 of 255, within 2 for CMYK with a profile, and exact without one.
/// </summary>
public sealed class FormatMatrixTests(ITestOutputHelper output)
{
    private static readonly IImageDecoder s_skia = new SkiaImageDecoder(new DecoderRegistry());

    [Fact]
    public void EveryCell_IsWhatLittleCmsSays()
    {
        if (LittleCms.WriteInput()) return;

        // libvips writes the files, and is set up by its decoder.
        Assert.NotEmpty(VipsDecoder.Instance.Name);
        var wrong = new List<string>();
        var table = new SortedDictionary<string, (int Cells, int Right, int Most)>(StringComparer.Ordinal);
        foreach (var cell in Cells())
        {
            foreach (var (name, profile) in LittleCms.Profiles.Append(new("none", null)).Append(new("broken", TestProfile.Broken)))
            {
                var file = cell.File(profile);
                var isFitting = LittleCms.Colors(name) == cell.Known.Colors;
                var (right, tolerance) = cell.IsExact
                    ? (cell.Known.ToSrgb(isFitting ? name : null), !isFitting ? 0 : cell.Known.Colors == 4 ? 2 : 1)
                    : (AsTiff(cell, file, profile), 0);
                foreach (var decoder in cell.Format is "TIFF" or "AVIF" ? [VipsDecoder.Instance] : new[] { s_skia, VipsDecoder.Instance })
                {
                    var row = $"{cell.Format} by {decoder.Name.Split(' ')[0]}";
                    var seen = table.GetValueOrDefault(row);
                    var off = Difference(decoder, file, right, out var problem);
                    table[row] = (seen.Cells + 1, seen.Right + (off <= tolerance ? 1 : 0), Math.Max(seen.Most, off));
                    if (off > tolerance) wrong.Add($"{row}: {cell.Name}, profile {name}: {problem ?? $"{off} of 255 off"}");
                }
            }
        }

        foreach (var (row, (cells, right, most)) in table) output.WriteLine($"{row}: {right} of {cells} cells right, greatest difference {most}");
        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong:\n{string.Join('\n', wrong.Take(60))}");
        Assert.True(table.Values.Sum(seen => seen.Cells) > 450, "cells are missing");
    }

    private static IEnumerable<Cell> Cells()
    {
        foreach (var (colors, hasAlpha) in new[] { (1, false), (1, true), (3, false), (3, true), (4, false), (4, true) })
        {
            var kind = (colors switch { 1 => "grey", 3 => "RGB", _ => "CMYK" }) + (hasAlpha ? " and alpha" : "");
            foreach (var bits in new[] { 1, 2, 4, 8, 16 })
            {
                if (bits < 8 && (colors > 1 || hasAlpha)) continue;
                var picture = Picture.Of(colors, hasAlpha, Math.Max(bits, 8), bits < 8 ? 1 << bits : null);
                var name = $"{kind}, {bits} bits";
                if (colors < 4) yield return new("PNG", name, profile => Files.Png(picture, bits, profile), picture);
                foreach (var isBigEndian in new[] { false, true })
                    yield return new("TIFF", name + (isBigEndian ? ", big-endian" : ""), profile => Tiff(picture, bits, profile, isBigEndian).Write(), picture);
                if (colors == 1 && !hasAlpha)
                    yield return new("TIFF", $"{name}, white is zero", profile => WhiteIsZero(picture, bits, profile).Write(), picture);
            }

            var eight = Picture.Of(colors, hasAlpha, 8);
            if (!hasAlpha) yield return new("JPEG", kind, profile => Files.Jpeg(eight, profile), eight, bytes => Image.JpegloadBuffer(bytes));
            if (colors == 3) yield return new("WebP", kind, profile => Files.Webp(eight, profile), eight);
            if (colors != 3) continue;
            foreach (var bits in new[] { 8, 10, 12 })
            {
                var deep = bits == 8 ? eight : Picture.Of(colors, hasAlpha, 16);
                yield return new("AVIF", $"{kind}, {bits} bits", profile => Files.Avif(deep, bits, profile), deep, bytes => Image.HeifloadBuffer(bytes));
            }
        }

        foreach (var bits in new[] { 1, 2, 4, 8 })
        {
            var picture = Picture.Of(3, false, 8);
            if (bits < 8) picture = Few(picture, 1 << bits);
            yield return new("PNG", $"palette, {bits} bits", profile => Files.PalettePng(picture, bits, profile), picture);
            if (bits == 2) continue;
            yield return new("TIFF", $"palette, {bits} bits", profile => PaletteTiff(picture, bits, profile).Write(), picture);
        }
    }

    internal static TiffFile Tiff(Picture picture, int bits, byte[]? profile, bool isBigEndian = false) => new()
    {
        Photometric = picture.Colors switch { 1 => 1, 3 => 2, _ => 5 },
        Bits = bits,
        Channels = picture.Channels,
        Samples = bits < 8 ? [.. picture.Samples.Select(v => (ushort)(v * ((1 << bits) - 1) / 255))] : picture.Samples,
        ExtraSamples = picture.HasAlpha ? [2] : null,
        Profile = profile,
        IsBigEndian = isBigEndian,
    };

    private static TiffFile WhiteIsZero(Picture picture, int bits, byte[]? profile)
    {
        var tiff = Tiff(picture, bits, profile);
        return tiff with { Photometric = 0, Samples = [.. tiff.Samples.Select(v => (ushort)((1 << bits) - 1 - v))] };
    }

    private static TiffFile PaletteTiff(Picture picture, int bits, byte[]? profile)
    {
        var (indices, palette) = Files.Palette(picture);
        return new TiffFile { Photometric = 3, Bits = bits, Channels = 1, Samples = indices, Palette = palette, Profile = profile };
    }

    /// <summary>The picture with so many colors.</summary>
    private static Picture Few(Picture picture, int count)
    {
        var (indices, palette) = Files.Palette(picture);
        return picture with
        {
            Samples = [.. indices.SelectMany(index => palette[(palette.Count - 1) - (index % count)] is var (r, g, b) ? new[] { (ushort)r, (ushort)g, (ushort)b } : [])],
        };
    }

    /// <summary>
    /// A file of a lossy format holds other samples than it was made of. Its pixels are those of a TIFF file of the samples that libvips
    /// finds in it.
    /// </summary>
    private static byte[] AsTiff(Cell cell, byte[] file, byte[]? profile)
    {
        using var image = cell.Open!(file);
        var stored = Picture.Of(image, cell.Known.Colors);
        var most = stored.Samples.Zip(cell.Known.Samples, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(most <= cell.Known.Most * 3 / 255, $"{cell.Format}, {cell.Name}: the file was written with an error of {most} of {cell.Known.Most}");
        using var pixels = VipsDecoder.Instance.Decode(Tiff(stored, stored.Bits, profile).Write());
        return pixels.Pixels.ToArray();
    }

    internal static int Difference(IImageDecoder decoder, byte[] file, byte[] right, out string? problem)
    {
        problem = null;
        try
        {
            using var pixels = decoder.Decode(file);
            if (pixels.Pixels.Length == right.Length) return pixels.Pixels.ToArray().Zip(right, (a, b) => Math.Abs(a - b)).Max();
            problem = string.Create(CultureInfo.InvariantCulture, $"{pixels.Width}x{pixels.Height}");
        }
        catch (ImageDecodeException exception)
        {
            problem = exception.Message;
        }

        return 256;
    }

    /// <param name="Format">The file's format.</param>
    /// <param name="Name">What is in it.</param>
    /// <param name="File">Writes it with a profile.</param>
    /// <param name="Known">The samples it is made of.</param>
    /// <param name="Open">Opens a file of a lossy format; null where the format keeps samples as they are.</param>
    private sealed record Cell(string Format, string Name, Func<byte[]?, byte[]> File, Picture Known, Func<byte[], Image>? Open = null)
    {
        internal bool IsExact => Open is null;
    }
}
