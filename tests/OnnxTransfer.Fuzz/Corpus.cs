using System.IO.Hashing;
using NetVips;
using OnnxTransfer.Decoding;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Vips;

namespace OnnxTransfer.Fuzz;

/// <summary>
/// The sound images that are mutated: the samples of the decoder tests, and small pictures in every mode that libvips writes. All are made
/// anew in each run, the same on every machine with the same libvips.
/// </summary>
internal sealed class Corpus
{
    private const int Width = 21;
    private const int Height = 18;

    /// <summary>The files' types and options, as libvips writes them, for each kind of picture.</summary>
    private static readonly (Picture Picture, string[] Files)[] s_modes =
    [
        (new(1, false), [".jpg", ".jpg[interlace]", ".tif", ".tif[bitdepth=1]", ".tif[bitdepth=1,compression=ccittfax4,miniswhite]", ".tif[bitdepth=4,compression=deflate,predictor=none]", ".png[bitdepth=1]", ".png[bitdepth=4,interlace]", ".avif[effort=0]"]),
        (new(2, false), [".png", ".png[interlace]", ".webp[lossless]", ".tif[compression=lzw,predictor=horizontal]", ".avif[effort=0]"]),
        (new(3, false),
        [
            ".jpg", ".jpg[interlace]", ".jpg[restart_interval=1]", ".jpg[subsample_mode=off,optimize_coding,restart_interval=2]", ".jpg[interlace,subsample_mode=off,Q=40]",
            ".png", ".png[interlace,filter=all]", ".png[palette,bitdepth=2]", ".png[palette,bitdepth=8,interlace]", ".webp", ".webp[lossless]", ".webp[near_lossless,Q=60]", ".gif[interlace]", ".gif[bitdepth=2]",
            ".tif", ".tif[compression=jpeg]", ".tif[compression=jpeg,tile,tile-width=16,tile-height=16]", ".tif[compression=deflate,tile,tile-width=16,tile-height=16]", ".tif[compression=packbits]",
            ".tif[compression=lzw,bigtiff]", ".tif[compression=webp]", ".tif[pyramid,tile,tile-width=16,tile-height=16,compression=lzw]",
            ".avif[effort=0]", ".avif[effort=0,lossless]", ".avif[effort=0,subsample_mode=off,bitdepth=10]", ".avif[effort=0,bitdepth=12]",
        ]),
        (new(4, false), [".png[interlace]", ".png[palette]", ".webp", ".webp[lossless,alpha_q=50]", ".tif[compression=lzw]", ".tif[premultiply,compression=deflate,predictor=horizontal]", ".gif", ".avif[effort=0]", ".avif[effort=0,lossless]"]),
        (new(4, false, IsInk: true), [".jpg", ".jpg[interlace,restart_interval=1]", ".tif[compression=lzw]"]),
        (new(1, true), [".png", ".tif[compression=lzw]"]),
        (new(2, true), [".png[interlace]", ".tif"]),
        (new(3, true), [".png", ".tif[compression=deflate,predictor=horizontal]", ".tif[tile,tile-width=16,tile-height=16]", ".avif[effort=0,bitdepth=12]"]),
        (new(4, true), [".png", ".tif[compression=lzw,bigtiff]"]),
    ];

    /// <summary>Types that carry a profile, EXIF data and XMP.</summary>
    private static readonly string[] s_carriers = [".jpg", ".png", ".webp", ".tif", ".avif[effort=0]"];

    internal Corpus()
    {
        // Its name loads libvips and sets it up.
        _ = VipsDecoder.Instance.Name;
        var files = new List<byte[]>(Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "samples")).Order(StringComparer.Ordinal).Select(File.ReadAllBytes));
        foreach (var (picture, names) in s_modes)
        {
            using var image = picture.ToImage();
            files.AddRange(names.Select(name => image.WriteToBuffer(name)));
        }

        using var color = new Picture(3, false).ToImage();
        foreach (var profile in new[] { TestProfile.DisplayP3, TestProfile.RgbTable })
        {
            using var tagged = color.Mutate(image =>
            {
                image.Set(GValue.BlobType, "icc-profile-data", profile);
                image.Set(GValue.BlobType, "xmp-data", "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:Description xmlns:tiff='http://ns.adobe.com/tiff/1.0/' tiff:Orientation='5'/></x:xmpmeta>"u8.ToArray());
                image.Set(GValue.GIntType, "orientation", 6);
            });
            files.AddRange(s_carriers.Select(name => tagged.WriteToBuffer(name)));
        }

        using var inks = new Picture(4, false, IsInk: true).ToImage();
        using var taggedInks = inks.Mutate(image => image.Set(GValue.BlobType, "icc-profile-data", TestProfile.CoarseCmyk));
        files.AddRange([taggedInks.WriteToBuffer(".jpg"), taggedInks.WriteToBuffer(".tif[compression=lzw]")]);
        using var film = color.Mutate(image => image.Set(GValue.GIntType, "page-height", Height / 3));
        files.AddRange([film.WriteToBuffer(".gif"), film.WriteToBuffer(".webp[lossless]"), film.WriteToBuffer(".tif[compression=lzw]")]);
        files.AddRange([Icon(color.WriteToBuffer(".png")), Icon(Bitmap(24)), Icon(Bitmap(32))]);
        Files = [.. files];
        var hash = new XxHash64();
        foreach (var file in Files) hash.Append(file);
        Fingerprint = Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    internal byte[][] Files { get; }

    /// <summary>Tells whether two runs mutate the same files.</summary>
    internal string Fingerprint { get; }

    /// <summary>The files of one format.</summary>
    internal byte[][] Of(ImageFormat format) => [.. Files.Where(file => ImageFormats.Detect(file) == format)];

    private static byte[] Icon(byte[] picture) =>
        [0, 0, 1, 0, 1, 0, Width, Height, 0, 0, 1, 0, 32, 0, .. BitConverter.GetBytes(picture.Length), 22, 0, 0, 0, .. picture];

    /// <summary>A bitmap as icons have it: without a file header, with twice the rows, and a mask below the colors.</summary>
    private static byte[] Bitmap(int bits)
    {
        var (stride, maskStride) = (((Width * bits) + 31) / 32 * 4, (Width + 31) / 32 * 4);
        var pixels = new byte[(stride + maskStride) * Height];
        for (var i = 0; i < stride * Height; i++) pixels[i] = (byte)(i * 37);
        return [40, 0, 0, 0, Width, 0, 0, 0, 2 * Height, 0, 0, 0, 1, 0, (byte)bits, 0, .. new byte[24], .. pixels];
    }

    /// <summary>A picture of a gradient and some noise.</summary>
    private sealed record Picture(int Channels, bool IsDeep, bool IsInk = false)
    {
        internal Image ToImage()
        {
            var random = new Random(Channels);
            var samples = new byte[Width * Height * Channels * (IsDeep ? 2 : 1)];
            for (var i = 0; i < samples.Length; i++) samples[i] = (byte)((i / Channels % Width * 9) + (i % Channels * 30) + random.Next(12));
            using var raw = Image.NewFromMemory(samples, Width, Height, Channels, IsDeep ? Enums.BandFormat.Ushort : Enums.BandFormat.Uchar);
            return raw.Copy(interpretation: IsInk ? Enums.Interpretation.Cmyk
                : Channels < 3 ? IsDeep ? Enums.Interpretation.Grey16 : Enums.Interpretation.Bw
                : IsDeep ? Enums.Interpretation.Rgb16 : Enums.Interpretation.Srgb);
        }
    }
}
