using OnnxTransfer.Onnx.Inspection;

namespace OnnxTransfer.Explaining;

/// <summary>Draws what a network's layers hold, each number as a square of equal pixels: nothing is smoothed.</summary>
internal static class LayerPictures
{
    private const int WantedWidth = 1600;
    private const int LargestScale = 48;

    /// <summary>Every channel of one image's map, each from its least value, dark, to its greatest, pale.</summary>
    /// <param name="values">One image's map.</param>
    /// <param name="map">Its shape.</param>
    internal static PictureGrid FeatureMaps(ReadOnlySpan<float> values, OnnxSpatialMap map)
    {
        var (grid, scale) = Layout(map.Channels, map.Width, map.Height);
        for (var d = 0; d < map.Channels; d++)
        {
            var (least, greatest) = (float.MaxValue, float.MinValue);
            for (var i = 0; i < map.Height * map.Width; i++)
            {
                var value = At(values, map, d, i / map.Width, i % map.Width);
                (least, greatest) = (Math.Min(least, value), Math.Max(greatest, value));
            }

            for (var y = 0; y < map.Height * scale; y++)
            {
                for (var x = 0; x < map.Width * scale; x++)
                {
                    // A channel that is the same everywhere is all dark.
                    var heat = greatest > least ? (At(values, map, d, y / scale, x / scale) - least) / (greatest - least) : 0;
                    HeatColors.At(heat).CopyTo(grid.Pixel(d, x, y));
                }
            }
        }

        return grid;
    }

    /// <summary>Filters as colors: gray is no weight, a channel brighter than gray a positive one. Each has its own scale.</summary>
    /// <param name="filters">The filters.</param>
    /// <param name="reversed">Whether their channels are blue, green, red.</param>
    internal static PictureGrid Filters(OnnxFilters filters, bool reversed)
    {
        var (grid, scale) = Layout(filters.Count, filters.Width, filters.Height);
        var area = filters.Height * filters.Width;
        for (var k = 0; k < filters.Count; k++)
        {
            var weights = filters.Weights.AsSpan(3 * area * k, 3 * area);
            var strongest = float.Epsilon;
            foreach (var weight in weights) strongest = Math.Max(strongest, Math.Abs(weight));
            for (var y = 0; y < filters.Height * scale; y++)
            {
                for (var x = 0; x < filters.Width * scale; x++)
                {
                    var pixel = grid.Pixel(k, x, y);
                    var at = (y / scale * filters.Width) + (x / scale);
                    for (var c = 0; c < 3; c++) pixel[reversed ? 2 - c : c] = (byte)Math.Round(127.5 + (127.5 * weights[(c * area) + at] / strongest));
                }
            }
        }

        return grid;
    }

    /// <summary>Where one channel of a map is greatest.</summary>
    internal static (float Value, int Y, int X) Greatest(ReadOnlySpan<float> values, OnnxSpatialMap map, int channel)
    {
        var best = (Value: float.NegativeInfinity, Y: 0, X: 0);
        for (var y = 0; y < map.Height; y++)
        {
            for (var x = 0; x < map.Width; x++)
            {
                var value = At(values, map, channel, y, x);
                if (value > best.Value) best = (value, y, x);
            }
        }

        return best;
    }

    private static float At(ReadOnlySpan<float> values, OnnxSpatialMap map, int channel, int y, int x)
    {
        var (start, step) = map.Place(y, x);
        return values[start + (channel * step)];
    }

    /// <summary>A grid about as wide as high, as large as a screen, in whole multiples of the maps' own pixels.</summary>
    private static (PictureGrid Grid, int Scale) Layout(int count, int width, int height)
    {
        var columns = (int)Math.Ceiling(Math.Sqrt(count));
        var scale = Math.Clamp(WantedWidth / columns / width, 1, LargestScale);
        return (new PictureGrid(count, columns, width * scale, height * scale), scale);
    }
}
