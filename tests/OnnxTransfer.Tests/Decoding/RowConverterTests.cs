using OnnxTransfer.Decoding;

namespace OnnxTransfer.Tests.Decoding;

public sealed class RowConverterTests
{
    /// <summary>Every color over every background with every alpha, against the exact fraction. No result lies midway between two integers: 255 is odd.</summary>
    [Theory]
    [InlineData(2, false)]
    [InlineData(4, false)]
    [InlineData(2, true)]
    [InlineData(4, true)]
    public void Convert_EveryColorAlphaAndBackground_IsRoundedToNearest(int channels, bool isDeep)
    {
        var layout = new SampleLayout(channels - 1, channels, channels - 1, isDeep);
        var samples = new byte[256 * channels];
        for (var background = 0; background < 256; background++)
        {
            // Three channels with three backgrounds, so that none stands in for another.
            Rgb behind = new((byte)background, (byte)(255 - background), (byte)(background ^ 0x55));
            using var converter = new RowConverter(layout, 256, [], DecodeOptions.Default with { Background = behind });
            for (var alpha = 0; alpha < 256; alpha++)
            {
                for (var color = 0; color < 256; color++)
                {
                    var pixel = samples.AsSpan(color * channels, channels);
                    pixel[0] = (byte)color;
                    if (channels == 4) (pixel[1], pixel[2]) = ((byte)(color ^ 0x0F), (byte)(255 - color));
                    pixel[^1] = (byte)alpha;
                }

                var rgb = converter.Convert(Stored(samples, isDeep));
                for (var color = 0; color < 256; color++)
                {
                    var pixel = samples.AsSpan(color * channels, channels);
                    AssertNearest(pixel[0], behind.R, alpha, rgb[3 * color]);
                    AssertNearest(pixel[channels == 4 ? 1 : 0], behind.G, alpha, rgb[(3 * color) + 1]);
                    AssertNearest(pixel[channels == 4 ? 2 : 0], behind.B, alpha, rgb[(3 * color) + 2]);
                }
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Convert_OpaqueGrayAndRgb_AreCopied(bool isDeep)
    {
        using var gray = new RowConverter(new SampleLayout(1, 1, 0, isDeep), 4, [], DecodeOptions.Default with { Background = Rgb.Black });
        Assert.Equal([0, 0, 0, 1, 1, 1, 128, 128, 128, 255, 255, 255], gray.Convert(Stored([0, 1, 128, 255], isDeep)).ToArray());
        byte[] colors = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        using var rgb = new RowConverter(new SampleLayout(3, 3, 0, isDeep), 4, [], DecodeOptions.Default with { Background = Rgb.Black });
        Assert.Equal(colors, rgb.Convert(Stored(colors, isDeep)).ToArray());
    }

    [Fact]
    public void OpaqueRowsOfFourChannels_OfEveryLength_KeepTheColors()
    {
        for (var width = 1; width <= 40; width++)
        {
            var rgba = new byte[4 * width];
            new Random(width).NextBytes(rgba);
            var colors = rgba.Where((_, i) => i % 4 < 3).ToArray();
            using var converter = new RowConverter(new SampleLayout(3, 4, 0, IsDeep: false), width, [], DecodeOptions.Default);
            Assert.Equal(colors, converter.Convert(rgba).ToArray());
        }
    }

    [Theory]
    [InlineData(true, 0, 4095, true)]
    [InlineData(true, 0, 8191, false)]
    [InlineData(true, 32768, 32768, true)]
    [InlineData(false, 0, 15, false)]
    public void Warning_IsAboutDeepSamplesOfLittleRange(bool isDeep, ushort least, ushort greatest, bool warns)
    {
        var layout = new SampleLayout(1, 2, 1, isDeep);
        // Alpha, which is at its most, does not count.
        var row = isDeep
            ? System.Runtime.InteropServices.MemoryMarshal.AsBytes<ushort>(new ushort[] { least, ushort.MaxValue, greatest, ushort.MaxValue }).ToArray()
            : [(byte)least, 255, (byte)greatest, 255];
        using var converter = new RowConverter(layout, 2, [], DecodeOptions.Default) { IsDeepInFile = isDeep };
        Assert.Null(converter.Warning);
        converter.Convert(row);
        Assert.Equal(warns, converter.Warning is not null);
    }

    /// <summary>The samples as they are stored: bytes, or the same values in 16 bits.</summary>
    private static byte[] Stored(byte[] samples, bool isDeep) => isDeep
        ? System.Runtime.InteropServices.MemoryMarshal.AsBytes<ushort>(samples.Select(sample => (ushort)(257 * sample)).ToArray()).ToArray()
        : [.. samples];

    private static void AssertNearest(int color, int background, int alpha, int actual)
    {
        var sum = (color * alpha) + (background * (255 - alpha));
        // 2 |255 actual - sum| < 255 says that no other integer is nearer.
        if (2 * Math.Abs((255 * actual) - sum) > 255) Assert.Fail($"{color} with alpha {alpha} over {background} is {actual}, not {sum / 255.0:0.000}");
    }
}
