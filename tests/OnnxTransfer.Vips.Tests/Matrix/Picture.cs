using NetVips;

namespace OnnxTransfer.Vips.Tests.Matrix;

/// <summary>Known samples: what a file is made of, and what comes out of Little CMS for them.</summary>
/// <param name="Colors">1 for grey, 3 for RGB, 4 for CMYK.</param>
/// <param name="HasAlpha">Whether a sample of alpha follows the colors.</param>
/// <param name="Bits">8 or 16 a sample.</param>
/// <param name="Samples"><c>[Height,Width,Channels]</c>.</param>
internal sealed record Picture(int Colors, bool HasAlpha, int Bits, ushort[] Samples)
{
    internal const int Width = 64;
    internal const int Height = 48;

    /// <summary>The side of the blocks of one color, so that JPEG is nearly exact.</summary>
    private const int Block = 8;

    internal int Channels => Colors + (HasAlpha ? 1 : 0);

    internal int Most => (1 << Bits) - 1;

    /// <summary>48 blocks: black, white and pure colors, then colors of a fixed seed. With few levels, only that many values.</summary>
    internal static Picture Of(int colors, bool hasAlpha, int bits, int? levels = null)
    {
        var (random, alphas) = (new Random(20 + colors + bits), new Random(5));
        var (channels, most) = (colors + (hasAlpha ? 1 : 0), (1 << bits) - 1);
        var samples = new ushort[Width * Height * channels];
        for (var block = 0; block < Width * Height / (Block * Block); block++)
        {
            var pixel = new ushort[channels];
            for (var c = 0; c < colors; c++)
            {
                var value = block >= 8 ? random.Next(most + 1) : c < 3 ? (block >> c & 1) * most : 0;
                pixel[c] = (ushort)(levels is { } count ? value * count / (most + 1) * (most / (count - 1)) : value);
            }

            if (hasAlpha) pixel[colors] = (ushort)(block < 8 || block % 4 == 0 ? most : block % 4 == 1 ? 0 : alphas.Next(most + 1));
            var (left, top) = (block % (Width / Block) * Block, block / (Width / Block) * Block);
            for (var i = 0; i < Block * Block; i++) pixel.CopyTo(samples, (((top + (i / Block)) * Width) + left + (i % Block)) * channels);
        }

        return new Picture(colors, hasAlpha, bits, samples);
    }

    /// <summary>The samples of an image that libvips has opened and not converted.</summary>
    internal static Picture Of(Image image, int colors)
    {
        var isDeep = image.Format == Enums.BandFormat.Ushort;
        ushort[] samples = isDeep ? image.WriteToMemory<ushort>() : [.. image.WriteToMemory<byte>().Select(b => (ushort)b)];
        return new Picture(colors, image.Bands > colors, isDeep ? 16 : 8, samples);
    }

    /// <summary>As an image of libvips.</summary>
    internal Image ToVips()
    {
        using var raw = Bits == 16
            ? Image.NewFromMemoryCopy(Samples, Width, Height, Channels, Enums.BandFormat.Ushort)
            : Image.NewFromMemoryCopy(Samples.Select(v => (byte)v).ToArray(), Width, Height, Channels, Enums.BandFormat.Uchar);
        return raw.Copy(interpretation: (Colors, Bits) switch
        {
            (1, 8) => Enums.Interpretation.Bw,
            (1, _) => Enums.Interpretation.Grey16,
            (3, 8) => Enums.Interpretation.Srgb,
            (3, _) => Enums.Interpretation.Rgb16,
            _ => Enums.Interpretation.Cmyk,
        });
    }

    /// <summary>
    /// The right pixels <c>[H,W,3]</c>: through the profile by Little CMS, or without one by the rules that Pillow has; then over white.
    /// </summary>
    /// <param name="profile">The name of a sound profile of these colors; null for none.</param>
    internal byte[] ToSrgb(string? profile)
    {
        var rgb = profile is null ? Plain() : LittleCms.ToSrgb(profile, this);
        if (!HasAlpha) return rgb;
        for (var i = 0; i < rgb.Length; i++)
        {
            var alpha = High(Samples[(i / 3 * Channels) + Colors]);
            rgb[i] = (byte)Math.Round(((rgb[i] * alpha) + (255 * (255 - alpha))) / 255.0);
        }

        return rgb;
    }

    private byte[] Plain()
    {
        var rgb = new byte[Width * Height * 3];
        for (var i = 0; i < rgb.Length; i++)
        {
            var pixel = Samples.AsSpan(i / 3 * Channels, Channels);
            rgb[i] = Colors switch
            {
                1 => (byte)High(pixel[0]),
                3 => (byte)High(pixel[i % 3]),
                _ => (byte)Math.Round((255 - High(pixel[i % 3])) * (255 - High(pixel[3])) / 255.0),
            };
        }

        return rgb;
    }

    private int High(ushort sample) => Bits == 16 ? sample >> 8 : sample;
}
