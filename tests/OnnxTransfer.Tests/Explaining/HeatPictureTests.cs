using OnnxTransfer.Explaining;

namespace OnnxTransfer.Tests.Explaining;

public sealed class HeatPictureTests
{
    private static readonly ImageWindow s_all = new(0, 0, 1, 1);

    [Fact]
    public void Heat_lies_where_the_map_is_greatest_and_fades_between_places()
    {
        using var photo = Gray(90, 60);
        using var picture = HeatPicture.Draw(photo, [0, 0, 0, 0, 0, 3], 2, 3, s_all);
        // The center of the hot place is at 5/6 of the width and 3/4 of the height; toward the corner its heat goes on.
        Assert.True(Colorfulness(picture, 75, 45) > 80);
        Assert.True(Colorfulness(picture, 89, 59) > 80);
        Assert.InRange(Colorfulness(picture, 52, 45), 5, Colorfulness(picture, 75, 45) - 1);
        // A little heat is no veil over the photo.
        Assert.Equal(0, Colorfulness(picture, 48, 45));
        Assert.Equal(0, Colorfulness(picture, 5, 5));
    }

    [Fact]
    public void What_speaks_against_a_class_is_as_cold_as_nothing()
    {
        using var photo = Gray(20, 10);
        using var picture = HeatPicture.Draw(photo, [-2, -1], 1, 2, s_all);
        Assert.Equal(photo.Pixels.ToArray(), picture.Pixels.ToArray());
    }

    [Fact]
    public void Beyond_the_crop_there_is_no_heat()
    {
        var spec = new PreprocessSpec { Filter = ResizeFilter.PillowBilinear, Resize = Resize.ShortestEdge(32, 32) };
        using var photo = Gray(120, 40);
        using var picture = HeatPicture.Draw(photo, [1], 1, 1, ImageWindow.Of(spec, photo.Width, photo.Height));
        Assert.Equal(0, Colorfulness(picture, 38, 20));
        Assert.True(Colorfulness(picture, 42, 20) > 20);
        Assert.True(Colorfulness(picture, 78, 20) > 20);
        Assert.Equal(0, Colorfulness(picture, 82, 20));
    }

    /// <summary>From an icon to a screen, with short names, long ones and names that no font has.</summary>
    [Theory]
    [InlineData(1, 1, "a")]
    [InlineData(11, 40, "roses")]
    [InlineData(64, 32, "a name that is far longer than the picture is wide")]
    [InlineData(400, 300, "薔薇 \u0378")]
    [InlineData(1280, 720, "roses")]
    public void A_caption_keeps_the_picture_above_it(int width, int height, string label)
    {
        using var overlay = Gray(width, height);
        using var captioned = HeatCaption.Under(overlay, label, 0.5f);
        Assert.Equal(width, captioned.Width);
        Assert.InRange(captioned.Height, height + 22, height + 48);
        Assert.Equal(overlay.Pixels.ToArray(), captioned.Pixels[..overlay.Pixels.Length].ToArray());
        Assert.Contains(captioned.Pixels[overlay.Pixels.Length..].ToArray(), channel => channel == 255);
    }

    [Fact]
    public void A_photo_is_made_smaller_but_never_larger()
    {
        using var smaller = Photos.AtMost(Gray(400, 96), 50);
        Assert.Equal((50, 12), (smaller.Width, smaller.Height));
        using var same = Photos.AtMost(Gray(40, 30), 50);
        Assert.Equal((40, 30), (same.Width, same.Height));
    }

    private static PixelBuffer Gray(int width, int height)
    {
        var photo = PixelBuffer.Rent(width, height);
        photo.Pixels.Fill(128);
        return photo;
    }

    private static int Colorfulness(PixelBuffer picture, int x, int y)
    {
        var pixel = picture.Pixels.Slice(3 * ((y * picture.Width) + x), 3).ToArray();
        return pixel.Max() - pixel.Min();
    }
}
