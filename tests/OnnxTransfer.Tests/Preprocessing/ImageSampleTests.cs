using FsCheck;
using FsCheck.Fluent;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Tests.Preprocessing;

/// <summary>The agreement of two thumbnails against its definition, computed in double for every crop by itself.</summary>
public sealed class ImageSampleTests
{
    private const int Side = ImageSample.Side;
    private static readonly double[] s_scales = [0.975, 0.95, 0.925, 0.9];
    private static readonly double[] s_offsets = [0, 0.5, 1];

    [Fact]
    public void The_agreement_is_the_greatest_correlation_of_any_crop()
    {
        // Smooth pictures and a part of noise: some pairs are far from each other, most are so near that the crops decide.
        var pairs = from seed in Gen.Choose(0, int.MaxValue)
                    from noise in Gen.Elements(0.0, 4, 20, 80)
                    from scale in Gen.Elements(1, 0.975, 0.95, 0.925, 0.9, 0.93)
                    from x in Gen.Elements(0, 0.5, 1, 0.3)
                    from y in Gen.Elements(0, 0.5, 1, 0.7)
                    from mirrored in Gen.Elements(false, true)
                    select (seed, noise, scale, x, y, mirrored);
        Prop.ForAll(pairs.ToArbitrary(), pair =>
        {
            var random = new Random(pair.seed);
            var first = Smooth(random);
            double[] second = [.. Crop(Values(first, pair.mirrored), pair.scale, pair.x, pair.y).Select(value => Math.Clamp(value + (pair.noise * (random.NextDouble() - 0.5)), 0, 255))];
            byte[] bytes = [.. second.Select(value => (byte)value)];
            var (a, b) = (new ImageSample(first), new ImageSample(bytes));
            Assert.Equal(Expected(first, bytes), a.Agreement(b), 1e-5);
            Assert.Equal(a.Agreement(b), b.Agreement(a), 1e-5);
        }).QuickCheckThrowOnFailure();
    }

    private static double Expected(byte[] first, byte[] second)
    {
        var (a, b, mirror) = (Values(first), Values(second), Values(second, mirrored: true));
        var (plain, mirrored) = (Correlation(a, b), Correlation(a, mirror));
        var best = Math.Max(plain, mirrored);
        if (best is < 0.4 or > 0.99) return best;
        if (mirrored > plain) b = mirror;
        return (from scale in s_scales from x in s_offsets from y in s_offsets select Math.Max(Correlation(Crop(a, scale, x, y), b), Correlation(a, Crop(b, scale, x, y)))).Append(best).Max();
    }

    private static double[] Values(byte[] rgb, bool mirrored = false) =>
        [.. Enumerable.Range(0, rgb.Length).Select(i => (double)rgb[mirrored ? (i / (3 * Side) * 3 * Side) + (3 * (Side - 1 - (i / 3 % Side))) + (i % 3) : i])];

    private static double[] Crop(double[] rgb, double scale, double x, double y) => [.. Enumerable.Range(0, rgb.Length).Select(i =>
    {
        var (row, column) = (At(i / (3 * Side), y), At(i / 3 % Side, x));
        return (Value(0, 0) * (1 - row.Part) * (1 - column.Part)) + (Value(0, 1) * (1 - row.Part) * column.Part) + (Value(1, 0) * row.Part * (1 - column.Part)) + (Value(1, 1) * row.Part * column.Part);

        double Value(int down, int across) => rgb[(3 * ((Math.Min(row.Low + down, Side - 1) * Side) + Math.Min(column.Low + across, Side - 1))) + (i % 3)];

        (int Low, double Part) At(int place, double offset)
        {
            var at = Math.Clamp((scale * (place + 0.5)) + (offset * (1 - scale) * Side) - 0.5, 0, Side - 1);
            return ((int)at, at - (int)at);
        }
    })];

    private static double Correlation(double[] a, double[] b)
    {
        var (ab, aa, bb) = (0.0, 0.0, 0.0);
        for (var channel = 0; channel < 3; channel++)
        {
            double[] p = [.. a.Where((_, i) => i % 3 == channel)], q = [.. b.Where((_, i) => i % 3 == channel)];
            var (meanP, meanQ) = (p.Average(), q.Average());
            for (var i = 0; i < p.Length; i++)
            {
                ab += (p[i] - meanP) * (q[i] - meanQ);
                aa += (p[i] - meanP) * (p[i] - meanP);
                bb += (q[i] - meanQ) * (q[i] - meanQ);
            }
        }

        return aa * bb > 0 ? ab / Math.Sqrt(aa * bb) : 0;
    }

    /// <summary>A picture of a few waves.</summary>
    private static byte[] Smooth(Random random)
    {
        var waves = Enumerable.Range(0, 5).Select(_ => (X: random.NextDouble(), Y: random.NextDouble(), Phase: random.NextDouble() * 6, Color: random.Next(3))).ToArray();
        return [.. Enumerable.Range(0, 3 * Side * Side).Select(i => (byte)(127 + waves.Sum(wave => (wave.Color == i % 3 ? 35 : 12) * Math.Sin((wave.X * (i / 3 % Side)) + (wave.Y * (i / (3 * Side))) + wave.Phase))))];
    }
}
