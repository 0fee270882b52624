using OnnxTransfer.Explaining;

namespace OnnxTransfer.Tests.Explaining;

public sealed class HeatColorsTests
{
    [Fact]
    public void Lightness_rises_in_even_steps()
    {
        var lightness = Enumerable.Range(0, 17).Select(i => Lightness(HeatColors.At(i / 16.0))).ToArray();
        var steps = lightness.Zip(lightness.Skip(1), (a, b) => b - a).ToArray();
        Assert.All(steps, step => Assert.Equal((lightness[^1] - lightness[0]) / 16, step, 0.01));
        Assert.True(lightness[0] < 0.3 && lightness[^1] > 0.9);
    }

    [Fact]
    public void Heat_beyond_the_scale_has_the_color_of_its_end()
    {
        Assert.Equal(HeatColors.At(0).ToArray(), HeatColors.At(-3).ToArray());
        Assert.Equal(HeatColors.At(1).ToArray(), HeatColors.At(1.5).ToArray());
    }

    /// <summary>OKLab's L of an sRGB color.</summary>
    private static double Lightness(ReadOnlySpan<byte> rgb)
    {
        var (r, g, b) = (Linear(rgb[0]), Linear(rgb[1]), Linear(rgb[2]));
        var l = Math.Cbrt((0.4122214708 * r) + (0.5363325363 * g) + (0.0514459929 * b));
        var m = Math.Cbrt((0.2119034982 * r) + (0.6806995451 * g) + (0.1073969566 * b));
        var s = Math.Cbrt((0.0883024619 * r) + (0.2817188376 * g) + (0.6299787005 * b));
        return (0.2104542553 * l) + (0.7936177850 * m) - (0.0040720468 * s);
    }

    private static double Linear(byte channel)
    {
        var c = channel / 255.0;
        return c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4);
    }
}
