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
                foreach (var colors in new[] { 1, 3 })
                    foreach (var hasAlpha in new[] { false, true }) data.Add(format, colors, hasAlpha);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void Data_StretchesFromTheLeastToTheGreatestValue(string format, int colors, bool hasAlpha)
    {
        // 100 to 4095; alpha has values outside of them, which do not count.
        var picture = Picture.Of(colors, hasAlpha, 16);
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

    [Theory]
    [MemberData(nameof(Cells))]
    public void Full_OfFewLevels_Warns(string format, int colors, bool hasAlpha)
    {
        var picture = Picture.Of(colors, hasAlpha, 16);
        var narrow = picture with { Samples = [.. picture.Samples.Select((v, i) => IsAlpha(picture, i) ? v : (ushort)(v / 16))] };
        var file = Encoded(format, narrow);
        Assert.Contains("(`--levels data`)", Assert.Single(Warnings(file, DecodeOptions.Default)), StringComparison.Ordinal);
        Assert.Empty(Warnings(file, s_data));
        Assert.Empty(Warnings(Encoded(format, picture), DecodeOptions.Default));
        Assert.Contains("Strict is set", Assert.Throws<ImageDecodeException>(() => Warnings(file, new() { Strict = true })).Message, StringComparison.Ordinal);

        IReadOnlyList<string> Warnings(byte[] encoded, DecodeOptions options)
        {
            using var pixels = Decoder(format).Decode(encoded, options);
            return pixels.Warnings;
        }
    }

    private static bool IsAlpha(Picture picture, int i) => picture.HasAlpha && i % picture.Channels == picture.Colors;

    private static int Difference(string format, Picture stored, DecodeOptions options, Picture right)
    {
        using var pixels = Decoder(format).Decode(Encoded(format, stored), options);
        return pixels.Pixels.ToArray().Zip(right.ToSrgb(null), (a, b) => Math.Abs(a - b)).Max();
    }

    private static IImageDecoder Decoder(string format) =>
        format.EndsWith("SkiaSharp", StringComparison.Ordinal) ? new SkiaImageDecoder(new DecoderRegistry()) : VipsDecoder.Instance;

    private static byte[] Encoded(string format, Picture picture) =>
        format.StartsWith("PNG", StringComparison.Ordinal) ? Files.Png(picture, picture.Bits, null) : FormatMatrixTests.Tiff(picture, picture.Bits, null).Write();
}
