using NetVips;
using OnnxTransfer.Heic;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Decoding;

namespace OnnxTransfer.Vips.Tests.Matrix;

/// <summary>AVIF and HEIC files that are to be turned and mirrored in every way. EXIF's orientation inside counts for nothing.</summary>
public sealed class HeifOrientationTests
{
    public static TheoryData<string, int, int> Ways
    {
        get
        {
            var ways = new TheoryData<string, int, int>();
            foreach (var format in new[] { "AVIF", "HEIC" })
            {
                foreach (var quarters in Enumerable.Range(0, 4))
                {
                    foreach (var mirror in new[] { -1, 0, 1 }) ways.Add(format, quarters, mirror);
                }
            }

            return ways;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Decode_TurnsAndMirrorsAsTheFileSays_WhateverItsExifSays(string format, int quarters, int mirror)
    {
        var sound = Sound(format);
        (string, byte)[] turn = [("irot", (byte)quarters)], flip = mirror < 0 ? [] : [("imir", (byte)mirror)];
        foreach (var exif in new[] { null, CarrierFile.Exif(6, isLittleEndian: true), CarrierFile.Exif(3, isLittleEndian: false) })
        {
            Shows(HeifFile.With(sound, [.. turn, .. flip], exif), format, Flipped(Turned([0, 1, 2, 3], quarters), mirror), quarters % 2 == 1);
            // Properties apply in the file's order.
            Shows(HeifFile.With(sound, [.. flip, .. turn], exif), format, Turned(Flipped([0, 1, 2, 3], mirror), quarters), quarters % 2 == 1);
        }
    }

    [Theory]
    [InlineData("AVIF")]
    [InlineData("HEIC")]
    public void Decode_ExifAlone_TurnsNothing(string format) => Shows(HeifFile.With(Sound(format), [], CarrierFile.Exif(6, isLittleEndian: true)), format, [0, 1, 2, 3], swapsSides: false);

    /// <summary>The four colors, as they are stored.</summary>
    private static byte[] Sound(string format)
    {
        if (format == "HEIC") return System.IO.File.ReadAllBytes(Repository.PathOf("tests", "OnnxTransfer.Heic.Tests", "Samples", "rgb.heic"));
        Assert.NotEmpty(VipsDecoder.Instance.Name);
        using var image = Image.PngloadBuffer(Sample.Bytes("rgb.png"));
        return image.HeifsaveBuffer(lossless: true, compression: Enums.ForeignHeifCompression.Av1, effort: 0, subsampleMode: Enums.ForeignSubsample.Off);
    }

    /// <summary>Left above, right above, left below, right below, by quarters counter-clockwise.</summary>
    private static int[] Turned(int[] picture, int quarters)
    {
        for (; quarters > 0; quarters--) picture = [picture[1], picture[3], picture[0], picture[2]];
        return picture;
    }

    /// <summary>0: top and bottom change places; 1: left and right do.</summary>
    private static int[] Flipped(int[] picture, int mirror) => mirror switch
    {
        0 => [picture[2], picture[3], picture[0], picture[1]],
        1 => [picture[1], picture[0], picture[3], picture[2]],
        _ => picture,
    };

    private static void Shows(byte[] file, string format, int[] picture, bool swapsSides)
    {
        var decoder = format == "HEIC" ? HeicDecoder.Instance : VipsDecoder.Instance;
        using var pixels = decoder.Decode(file);
        Assert.Equal(swapsSides ? (Sample.Height, Sample.Width) : (Sample.Width, Sample.Height), (pixels.Width, pixels.Height));
        for (var quadrant = 0; quadrant < 4; quadrant++)
        {
            var (x, y) = ((quadrant % 2 * pixels.Width / 2) + (pixels.Width / 4), (quadrant / 2 * pixels.Height / 2) + (pixels.Height / 4));
            var at = 3 * ((y * pixels.Width) + x);
            var (r, g, b) = Sample.Colors[picture[quadrant]];
            Assert.InRange(pixels.Pixels[at] - r, -3, 3);
            Assert.InRange(pixels.Pixels[at + 1] - g, -3, 3);
            Assert.InRange(pixels.Pixels[at + 2] - b, -3, 3);
        }
    }
}
