namespace OnnxTransfer.Tests.Preprocessing;

/// <summary>
/// Pillow's resize and torch's antialiased one, worked out pixel by pixel in double from the definition of the filters: no plan, no window
/// kept between pixels, no vectors.
/// </summary>
internal static class Pillow
{
    /// <returns><c>[toHeight,toWidth,3]</c>, 0 to 255; whole numbers but for <see cref="ResizeFilter.TorchBilinear"/>.</returns>
    public static double[] Resize(byte[] source, int width, int height, int toWidth, int toHeight, ResizeFilter filter)
    {
        var columns = Weights(filter, width, toWidth);
        var rows = Weights(filter, height, toHeight);
        var rounds = filter != ResizeFilter.TorchBilinear;
        var narrow = new double[3 * toWidth * height];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < toWidth; x++)
            {
                for (var c = 0; c < 3; c++)
                {
                    var sum = columns[x].Sum(tap => tap.Weight * source[(3 * ((y * width) + tap.At)) + c]);
                    narrow[(3 * ((y * toWidth) + x)) + c] = rounds ? Byte(sum) : sum;
                }
            }
        }

        var result = new double[3 * toWidth * toHeight];
        for (var y = 0; y < toHeight; y++)
        {
            for (var i = 0; i < 3 * toWidth; i++)
            {
                var sum = rows[y].Sum(tap => tap.Weight * narrow[(3 * tap.At * toWidth) + i]);
                result[(3 * y * toWidth) + i] = rounds ? Byte(sum) : sum;
            }
        }

        return result;
    }

    private static double Byte(double value) => Math.Clamp(Math.Floor(value + 0.5), 0, 255);

    private static (int At, double Weight)[][] Weights(ResizeFilter filter, int from, int to)
    {
        var result = new (int At, double Weight)[to][];
        var (scale, running) = ((double)from / to, (double)from / to / 2);
        for (var i = 0; i < to; i++, running += scale)
        {
            if (filter == ResizeFilter.PillowNearest)
            {
                result[i] = [(Math.Min((int)running, from - 1), 1)];
                continue;
            }

            var (support, kernel) = Kernel(filter);
            var (wide, center) = (Math.Max(scale, 1), (i + 0.5) * scale);
            var first = Math.Max((int)(center - (support * wide) + 0.5), 0);
            var last = Math.Min((int)(center + (support * wide) + 0.5), from);
            var taps = Enumerable.Range(first, last - first).Select(at => (At: at, Weight: kernel((at + 0.5 - center) / wide))).ToArray();
            var sum = taps.Sum(tap => tap.Weight);
            // Pillow holds its weights in 22 bits behind the point.
            double Held(double weight) => filter == ResizeFilter.TorchBilinear ? weight : Math.Round(weight * (1 << 22), MidpointRounding.AwayFromZero) / (1 << 22);
            result[i] = [.. taps.Select(tap => (tap.At, Held(tap.Weight / sum)))];
        }

        return result;
    }

    private static (double Support, Func<double, double> Kernel) Kernel(ResizeFilter filter) => filter switch
    {
        ResizeFilter.PillowBilinear or ResizeFilter.TorchBilinear => (1, x => Math.Max(0, 1 - Math.Abs(x))),
        ResizeFilter.PillowBox => (0.5, x => x is > -0.5 and <= 0.5 ? 1 : 0),
        ResizeFilter.PillowHamming => (1, x => Math.Abs(x) >= 1 ? 0 : Sinc(x) * (0.54 + (0.46 * Math.Cos(Math.PI * x)))),
        ResizeFilter.PillowLanczos => (3, x => x is >= -3 and < 3 ? Sinc(x) * Sinc(x / 3) : 0),
        ResizeFilter.PillowBicubic => (2, x => Math.Abs(x) switch
        {
            < 1 and var a => (1.5 * a * a * a) - (2.5 * a * a) + 1,
            < 2 and var a => (-0.5 * a * a * a) + (2.5 * a * a) - (4 * a) + 2,
            _ => 0,
        }),
        _ => throw new ArgumentOutOfRangeException(nameof(filter)),
    };

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(Math.PI * x) / (Math.PI * x);
}
