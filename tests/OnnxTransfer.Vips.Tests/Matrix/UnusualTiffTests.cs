namespace OnnxTransfer.Vips.Tests.Matrix;

/// <summary>Arrangements of TIFF that are rare and allowed: each gives its pixels, or says why not.</summary>
public sealed class UnusualTiffTests
{
    private static readonly Picture s_rgb = Picture.Of(3, false, 8);
    private static readonly Picture s_deep = Picture.Of(3, false, 16);

    public static TheoryData<int, bool, bool, bool, bool, bool, bool> Arrangements
    {
        get
        {
            var data = new TheoryData<int, bool, bool, bool, bool, bool, bool>();
            foreach (var bits in new[] { 8, 16 })
            {
                for (var i = 0; i < 64; i++) data.Add(bits, (i & 1) != 0, (i & 2) != 0, (i & 4) != 0, (i & 8) != 0, (i & 16) != 0, (i & 32) != 0);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Arrangements))]
    public void Arrangement_GivesTheSamePixels(int bits, bool isBigEndian, bool isPlanar, bool isTiled, bool isDeflated, bool hasPredictor, bool isBigTiff)
    {
        var picture = bits == 8 ? s_rgb : s_deep;
        // libtiff differences samples only together with a compression.
        var tiff = FormatMatrixTests.Tiff(picture, bits, null, isBigEndian) with
        {
            IsPlanar = isPlanar,
            IsTiled = isTiled,
            IsDeflated = isDeflated,
            HasPredictor = hasPredictor && isDeflated,
            IsBigTiff = isBigTiff,
        };
        if (isPlanar && isTiled)
        {
            IsRefused(tiff, "separate tiles for each channel");
            return;
        }

        Shows(tiff, picture.ToSrgb(null), 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void LowestBitFirst_GivesTheSamePixels(int bits)
    {
        var picture = Picture.Of(1, false, 8, bits == 8 ? null : 1 << bits);
        Shows(FormatMatrixTests.Tiff(picture, bits, null) with { IsLowestFirst = true }, picture.ToSrgb(null), 0);
    }

    [Fact]
    public void SeveralPages_GiveTheFirst() =>
        Shows(
            FormatMatrixTests.Tiff(s_rgb, 8, null) with { Next = FormatMatrixTests.Tiff(Picture.Of(1, false, 8), 8, null) with { Next = FormatMatrixTests.Tiff(s_deep, 16, null) } },
            s_rgb.ToSrgb(null), 0);

    /// <summary>0 says that nobody knows what the samples are; of two, the first may be alpha.</summary>
    [Theory]
    [InlineData(1, 8, new[] { 0 })]
    [InlineData(3, 8, new[] { 0 })]
    [InlineData(3, 16, new[] { 0 })]
    [InlineData(4, 8, new[] { 0 })]
    [InlineData(3, 8, new[] { 0, 0 })]
    [InlineData(3, 8, new[] { 0, 2 })]
    [InlineData(3, 8, new[] { 0, 0, 0, 0, 0 })]
    [InlineData(1, 16, new[] { 0, 0, 0 })]
    public void UnspecifiedSamples_AreNoAlpha(int colors, int bits, int[] extra)
    {
        var picture = Picture.Of(colors, false, bits);
        Shows(With(picture, bits, extra, 7), picture.ToSrgb(null), 0);
    }

    [Theory]
    [InlineData(1, new[] { 2 })]
    [InlineData(3, new[] { 2 })]
    [InlineData(3, new[] { 2, 0 })]
    [InlineData(3, null)]
    [InlineData(4, new[] { 2 })]
    public void AlphaAndWhatNothingIsSaidOf_IsAlpha(int colors, int[]? extra)
    {
        var picture = Picture.Of(colors, false, 8);
        var right = (picture with { HasAlpha = true, Samples = [.. picture.Samples.Chunk(colors).SelectMany(pixel => (ushort[])[.. pixel, 100])] }).ToSrgb(null);
        Shows(With(picture, 8, extra ?? [2], 100) with { ExtraSamples = extra }, right, 0);
    }

    [Fact]
    public void PremultipliedAlpha_IsDividedOut()
    {
        var picture = Picture.Of(3, true, 8);
        var premultiplied = picture.Samples.Chunk(4).SelectMany(p => (ushort[])[Times(p[0], p[3]), Times(p[1], p[3]), Times(p[2], p[3]), p[3]]);
        Shows(FormatMatrixTests.Tiff(picture, 8, null) with { ExtraSamples = [1], Samples = [.. premultiplied] }, picture.ToSrgb(null), 2);

        static ushort Times(ushort value, ushort alpha) => (ushort)Math.Round(value * alpha / 255.0);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(2, 2)]
    [InlineData(4, 1)]
    [InlineData(4, 2)]
    public void SubsampledLumaAndChroma_GiveTheColors(int across, int down)
    {
        // Full range as JPEG has it; each unit holds its lumas, then its two chromas.
        var raw = new List<byte>();
        for (var top = 0; top < Picture.Height; top += down)
        {
            for (var left = 0; left < Picture.Width; left += across)
            {
                for (var i = 0; i < across * down; i++) raw.Add((byte)Math.Round(Luma(Rgb(left + (i % across), top + (i / across)))));
                var (r, g, b) = Rgb(left, top);
                var y = Luma((r, g, b));
                raw.Add((byte)Math.Clamp(Math.Round(((b - y) / 1.772) + 128), 0, 255));
                raw.Add((byte)Math.Clamp(Math.Round(((r - y) / 1.402) + 128), 0, 255));
            }
        }

        var tiff = FormatMatrixTests.Tiff(s_rgb, 8, null) with { Photometric = 6, Raw = [.. raw], Tags = [(530, [across, down])] };
        Shows(tiff, s_rgb.ToSrgb(null), 4);

        static double Luma((int R, int G, int B) c) => (0.299 * c.R) + (0.587 * c.G) + (0.114 * c.B);
        static (int R, int G, int B) Rgb(int x, int y)
        {
            var at = ((y * Picture.Width) + x) * 3;
            return (s_rgb.Samples[at], s_rgb.Samples[at + 1], s_rgb.Samples[at + 2]);
        }
    }

    [Theory]
    [InlineData(8, 8)]
    [InlineData(8, 16)]
    [InlineData(9, 8)]
    [InlineData(10, 8)]
    public void Lab_IsRefusedWithTheReason(int photometric, int bits)
    {
        var tiff = FormatMatrixTests.Tiff(Picture.Of(3, false, bits), bits, null) with { Photometric = photometric };
        IsRefused(tiff, "CIE L*a*b*");
        IsRefused(tiff with { IsBigEndian = true, IsBigTiff = true }, "CIE L*a*b*");
    }

    [Fact]
    public void LumaAndChromaWithoutSubsampling_AreRefusedWithTheReason() =>
        IsRefused(FormatMatrixTests.Tiff(s_rgb, 8, null) with { Photometric = 6, Tags = [(530, [1, 1])] }, "YCbCr");

    [Theory]
    [InlineData(12)]
    [InlineData(10)]
    public void OddDepths_AreRefusedWithTheReason(int bits)
    {
        var tiff = new TiffFile { Photometric = 1, Bits = bits, Channels = 1, Raw = new byte[Picture.Height * Picture.Width * bits / 8] };
        IsRefused(tiff, $"{bits} bits per sample");
    }

    [Theory]
    [InlineData(8, 2, "'char'")]
    [InlineData(16, 2, "'short'")]
    [InlineData(32, 1, "'uint'")]
    [InlineData(32, 2, "'int'")]
    [InlineData(32, 3, "'float'")]
    [InlineData(16, 3, "'float'")]
    public void SamplesWithoutAFixedWhite_AreRefused(int bits, int format, string type)
    {
        foreach (var colors in new[] { 1, 3, 4 })
        {
            var tiff = FormatMatrixTests.Tiff(Picture.Of(colors, false, Math.Min(bits, 16)), bits, null) with { SampleFormat = format };
            IsRefused(tiff, type);
        }
    }

    private static TiffFile With(Picture picture, int bits, int[] extra, ushort value) => FormatMatrixTests.Tiff(picture, bits, null) with
    {
        Channels = picture.Colors + extra.Length,
        ExtraSamples = extra,
        Samples = [.. picture.Samples.Chunk(picture.Colors).SelectMany(pixel => (ushort[])[.. pixel, .. Enumerable.Repeat(value, extra.Length)])],
    };

    private static void IsRefused(TiffFile tiff, string reason) =>
        Assert.Contains(reason, Assert.Throws<ImageDecodeException>(() => VipsDecoder.Instance.Decode(tiff.Write())).Message, StringComparison.Ordinal);

    private static void Shows(TiffFile tiff, byte[] right, int tolerance)
    {
        var off = FormatMatrixTests.Difference(VipsDecoder.Instance, tiff.Write(), right, out var problem);
        Assert.True(off <= tolerance, problem ?? $"{off} of 255 off");
    }
}
