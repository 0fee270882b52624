using OnnxTransfer.Decoding;

namespace OnnxTransfer.Tests.Decoding;

public sealed class RowConverterTests
{
    /// <summary>Every color over every background with every alpha, against the exact fraction. No result lies midway between two integers: 255 is odd.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void ToRgb_EveryColorAlphaAndBackground_IsRoundedToNearest(int channels)
    {
        var row = new byte[256 * channels];
        var rgb = new byte[256 * 3];
        for (var background = 0; background < 256; background++)
        {
            // Three channels with three backgrounds, so that none stands in for another.
            Rgb behind = new((byte)background, (byte)(255 - background), (byte)(background ^ 0x55));
            for (var alpha = 0; alpha < 256; alpha++)
            {
                for (var color = 0; color < 256; color++)
                {
                    var pixel = row.AsSpan(color * channels, channels);
                    pixel[0] = (byte)color;
                    if (channels == 4) (pixel[1], pixel[2]) = ((byte)(color ^ 0x0F), (byte)(255 - color));
                    pixel[^1] = (byte)alpha;
                }

                RowConverter.ToRgb(row, channels, rgb, behind);
                for (var color = 0; color < 256; color++)
                {
                    var pixel = row.AsSpan(color * channels, channels);
                    AssertNearest(pixel[0], behind.R, alpha, rgb[3 * color]);
                    AssertNearest(pixel[channels == 4 ? 1 : 0], behind.G, alpha, rgb[(3 * color) + 1]);
                    AssertNearest(pixel[channels == 4 ? 2 : 0], behind.B, alpha, rgb[(3 * color) + 2]);
                }
            }
        }
    }

    [Fact]
    public void ToRgb_GreyAndRgb_AreCopied()
    {
        var grey = new byte[] { 0, 1, 128, 255 };
        var rgb = new byte[12];
        RowConverter.ToRgb(grey, 1, rgb, Rgb.Black);
        Assert.Equal([0, 0, 0, 1, 1, 1, 128, 128, 128, 255, 255, 255], rgb);
        var colors = new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
        RowConverter.ToRgb(colors, 3, rgb, Rgb.Black);
        Assert.Equal(colors, rgb);
    }

    [Fact]
    public void DropAlpha_RowsOfEveryLength_KeepTheColors()
    {
        for (var width = 1; width <= 40; width++)
        {
            var rgba = new byte[4 * width];
            new Random(width).NextBytes(rgba);
            var rgb = new byte[3 * width];
            RowConverter.DropAlpha(rgba, rgb);
            Assert.Equal(rgba.Where((_, i) => i % 4 < 3), rgb);
        }
    }

    private static void AssertNearest(int color, int background, int alpha, int actual)
    {
        var sum = (color * alpha) + (background * (255 - alpha));
        // 2 |255 actual - sum| < 255 says that no other integer is nearer.
        if (2 * Math.Abs((255 * actual) - sum) > 255) Assert.Fail($"{color} with alpha {alpha} over {background} is {actual}, not {sum / 255.0:0.000}");
    }
}
