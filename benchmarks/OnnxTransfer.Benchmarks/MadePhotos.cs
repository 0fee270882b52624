using OnnxTransfer.Decoding;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// Made-up photographs for a machine without the real ones: sums of noise of halving wavelength and strength, whose JPEG files
/// take about the bytes and the time of photographs. Their classes differ in hue, so that a classifier has something to learn.
/// </summary>
internal static class MadePhotos
{
    private const int Quality = 90;

    /// <summary>A folder with sub-folders as classes, filled once.</summary>
    /// <param name="name">What is made; part of the folder's name.</param>
    /// <param name="classes">Sub-folders.</param>
    /// <param name="count">Photographs of each.</param>
    /// <param name="width">Pixels of a row.</param>
    /// <param name="height">Rows.</param>
    internal static string Ensure(string name, int classes, int count, int width, int height)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"onnxtransfer-made-{name}-{classes}x{count}-{width}x{height}");
        if (Directory.Exists(folder)) return folder;
        var partial = $"{folder}.{Environment.ProcessId}";
        Parallel.For(0, classes * count, i =>
        {
            var target = Directory.CreateDirectory(Path.Combine(partial, $"class{i % classes}")).FullName;
            using var pixels = PixelBuffer.FromRgb(Paint(new Random(i), i % classes * 256 / classes, width, height), width, height);
            File.WriteAllBytes(Path.Combine(target, $"{i:0000}.jpg"), ImageEncoder.Jpeg(pixels, Quality));
        });
        try
        {
            Directory.Move(partial, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Another benchmark process was faster.
            Directory.Delete(partial, recursive: true);
        }

        return folder;
    }

    private static byte[] Paint(Random random, int hue, int width, int height)
    {
        var rgb = new byte[3 * width * height];
        var plane = new float[width * height];
        for (var c = 0; c < 3; c++)
        {
            Array.Fill(plane, 64 + ((hue + (85 * c)) % 256 / 2));
            for (var (cell, strength) = (width / 2, 48f); cell >= 2; (cell, strength) = (cell / 2, strength * 0.6f)) AddNoise(random, plane, width, height, cell, strength);
            for (var i = 0; i < plane.Length; i++) rgb[(3 * i) + c] = (byte)Math.Clamp(plane[i], 0, 255);
        }

        return rgb;
    }

    /// <summary>Random values on a grid, bilinear in between.</summary>
    private static void AddNoise(Random random, float[] plane, int width, int height, int cell, float strength)
    {
        var (columns, rows) = ((width / cell) + 2, (height / cell) + 2);
        var grid = new float[columns * rows];
        for (var i = 0; i < grid.Length; i++) grid[i] = strength * ((2 * random.NextSingle()) - 1);
        for (var y = 0; y < height; y++)
        {
            var (top, down) = (y / cell * columns, (float)(y % cell) / cell);
            for (var x = 0; x < width; x++)
            {
                var (at, right) = (top + (x / cell), (float)(x % cell) / cell);
                var upper = grid[at] + (right * (grid[at + 1] - grid[at]));
                var lower = grid[at + columns] + (right * (grid[at + columns + 1] - grid[at + columns]));
                plane[(y * width) + x] += upper + (down * (lower - upper));
            }
        }
    }
}
