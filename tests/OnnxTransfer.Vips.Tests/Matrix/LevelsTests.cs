using OnnxTransfer.Decoding;

namespace OnnxTransfer.Vips.Tests.Matrix;

/// <summary>12 bits in 16: what microscopes and medical scanners write.</summary>
public sealed class LevelsTests
{
    private static readonly DecodeOptions s_data = new() { Levels = SampleLevels.Data };

    public static TheoryData<string, int, bool> Cells
    {
        get
        {
            var data = new TheoryData<string, int, bool>();
            foreach (var format in new[] { "PNG by SkiaSharp", "PNG by libvips", "TIFF by libvips" })
                foreach (var colours in new[] { 1, 3 })
                    foreach (var hasAlpha in new[] { false, true }) data.Add(format, colours, hasAlpha);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void Data_StretchesFromTheLeastToTheGreatestValue(string format, int colours, bool hasAlpha)
    {
        // 100 to 4095; alpha has values outside of them, which do not count.
        var picture = Picture.Of(colours, hasAlpha, 16);
        var narrow = picture with { Samples = [.. picture.Samples.Select((v, i) => IsAlpha(picture, i) ? v : (ushort)(100 + (v * 3995 / 65535)))] };
        var stretched = picture with { Samples = [.. narrow.Samples.Select((v, i) => IsAlpha(picture, i) ? v : (ushort)Math.Round((v - 100) * 65535.0 / 3995))] };
        Assert.InRange(Difference(format, narrow, DecodeOptions.Default, narrow), 0, 1);
        Assert.InRange(Difference(format, narrow, s_data, stretched), 0, 1);
        Assert.InRange(Difference(format, picture, s_data, picture), 0, 1);
    }

    [Theory]
    [InlineData("PNG by SkiaSharp")]
    [InlineData("PNG by libvips")]
    [InlineData("TIFF by libvips")]
    public void Data_OfOneValue_StaysAsItIs(string format)
    {
        var plain = Picture.Of(1, false, 16);
        plain = plain with { Samples = [.. plain.Samples.Select(_ => (ushort)0x4321)] };
        Assert.InRange(Difference(format, plain, s_data, plain), 0, 1);
    }

    [Theory]
    [InlineData("PNG by SkiaSharp")]
    [InlineData("PNG by libvips")]
    [InlineData("TIFF by libvips")]
    public void Data_OfEightBits_StaysAsItIs(string format)
    {
        var dark = Picture.Of(3, false, 8);
        dark = dark with { Samples = [.. dark.Samples.Select(v => (ushort)(v / 8))] };
        Assert.Equal(0, Difference(format, dark, s_data, dark));
    }

    private static bool IsAlpha(Picture picture, int i) => picture.HasAlpha && i % picture.Channels == picture.Colours;

    private static int Difference(string format, Picture stored, DecodeOptions options, Picture right)
    {
        IImageDecoder decoder = format.EndsWith("SkiaSharp", StringComparison.Ordinal) ? new SkiaImageDecoder(new DecoderRegistry()) : VipsDecoder.Instance;
        var file = format.StartsWith("PNG", StringComparison.Ordinal) ? Files.Png(stored, stored.Bits, null) : FormatMatrixTests.Tiff(stored, stored.Bits, null).Write();
        using var pixels = decoder.Decode(file, options);
        return pixels.Pixels.ToArray().Zip(right.ToSrgb(null), (a, b) => Math.Abs(a - b)).Max();
    }
}
