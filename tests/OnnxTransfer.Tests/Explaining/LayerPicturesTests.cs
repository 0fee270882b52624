using OnnxTransfer.Explaining;
using OnnxTransfer.Onnx.Inspection;

namespace OnnxTransfer.Tests.Explaining;

public sealed class LayerPicturesTests
{
    [Fact]
    public void Every_channel_has_a_cell_from_dark_to_pale()
    {
        var map = new OnnxSpatialMap("map", TensorLayout.Nhwc, 3, 1, 2);
        using var grid = LayerPictures.FeatureMaps([0, 5, 7, 1, 3, 7], map);
        // Channel 0 rises from left to right, channel 1 falls, channel 2 is the same everywhere.
        var scale = (grid.Picture.Width - 6) / 4;
        Assert.Equal(HeatColors.At(0).ToArray(), grid.Pixel(0, 0, 0).ToArray());
        Assert.Equal(HeatColors.At(1).ToArray(), grid.Pixel(0, scale, 0).ToArray());
        Assert.Equal(HeatColors.At(1).ToArray(), grid.Pixel(1, 0, 0).ToArray());
        Assert.Equal(HeatColors.At(0).ToArray(), grid.Pixel(1, scale, 0).ToArray());
        Assert.Equal(HeatColors.At(0).ToArray(), grid.Pixel(2, scale, 0).ToArray());
    }

    [Theory]
    [InlineData(false, 255, 128, 64)]
    [InlineData(true, 64, 128, 255)]
    public void A_filter_is_colored_by_its_weights(bool reversed, byte r, byte g, byte b)
    {
        using var grid = LayerPictures.Filters(new OnnxFilters([0.8f, 0, -0.4f], 1, 1, 1), reversed);
        Assert.Equal([r, g, b], grid.Pixel(0, 0, 0).ToArray());
    }

    [Fact]
    public void Cells_stand_under_their_numbers()
    {
        using var wide = new PictureGrid(12, 4, 40, 30);
        // A line of 14 pixels for the numbers, where the system has a font for them.
        if (PictureText.Width("0", 11) > 0)
        {
            Assert.Equal((4 * 42) + 2, wide.Picture.Width);
            Assert.Equal((3 * (30 + 14 + 2)) + 2, wide.Picture.Height);
            var number = wide.Picture.Pixels[..(3 * wide.Picture.Width * 14)].ToArray();
            Assert.Contains(number, channel => channel > 150);
        }

        using var narrow = new PictureGrid(12, 4, 3, 3);
        Assert.Equal((3 * 5) + 2, narrow.Picture.Height);
    }

    [Theory]
    [InlineData("Nchw", 1)]
    [InlineData("Nhwc", 0)]
    public void The_greatest_place_of_a_channel_is_found_in_either_layout(string layout, int expectedX)
    {
        var map = new OnnxSpatialMap("map", Enum.Parse<TensorLayout>(layout), 2, 1, 2);
        Assert.Equal((9f, 0, expectedX), LayerPictures.Greatest([1, 9, 3, 4], map, expectedX == 1 ? 0 : 1));
    }
}
