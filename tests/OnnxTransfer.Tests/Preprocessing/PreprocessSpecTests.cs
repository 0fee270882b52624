using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Tests.Preprocessing;

public sealed class PreprocessSpecTests
{
    private static readonly PreprocessSpec s_stretch = new() { Filter = ResizeFilter.PillowBilinear, Resize = Resize.Stretch(224, 224) };

    public static TheoryData<Func<object>, string> Wrong => new()
    {
        { () => Resize.Stretch(0, 224), "width is 0, but must be from 1 to 16384 pixels" },
        { () => Resize.Stretch(224, -1), "height is -1" },
        { () => Resize.Stretch(224, 200, new ImageSize(201, 201)), "crop is 201x201, but must be at most 224x200 pixels" },
        { () => Resize.Stretch(224, 200, new ImageSize(200, 0)), "crop is 0" },
        { () => Resize.ShortestEdge(0, 224), "edge is 0" },
        { () => Resize.ShortestEdge(16385, 224), "edge is 16385" },
        { () => Resize.ShortestEdge(256, 257), "crop is 257x257, but must be at most 256x256 pixels" },
        { () => Resize.ShortestEdge(256, new ImageSize(256, 300)), "crop is 256x300" },
        { () => s_stretch with { Rescale = 0 }, "Rescale is 0, but must be a finite number other than 0" },
        { () => s_stretch with { Mean = [0.5] }, "Mean has 1 numbers, but must have three" },
        { () => s_stretch with { Std = [1, 1] }, "Std has 2 numbers" },
        { () => s_stretch with { Std = [1, 0, 1] }, "Std[1] is 0" },
        { () => s_stretch with { Mean = [0, double.NaN, 0] }, "Mean[1] is NaN" },
        { () => s_stretch with { Filter = (ResizeFilter)99 }, "Filter is 99, but must be one of PillowBilinear" },
        { () => s_stretch with { Upsampling = (ResizeFilter)99 }, "Upsampling is 99" },
        { () => s_stretch with { Resize = null! }, "Resize is null" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_spec_that_cannot_be_is_refused_where_it_is_made(Func<object> make, string words)
    {
        var exception = Assert.ThrowsAny<ArgumentException>(make);
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_output_is_the_crop_or_what_was_stretched_to()
    {
        Assert.Equal(new ImageSize(30, 20), Resize.Stretch(30, 20).OutputSize);
        Assert.Equal(new ImageSize(30, 20), Resize.Stretch(30, 20, new ImageSize(30, 20)).OutputSize);
        Assert.Equal(new ImageSize(10, 12), Resize.Stretch(30, 20, new ImageSize(10, 12)).OutputSize);
        Assert.Equal(new ImageSize(16, 16), Resize.ShortestEdge(20, 16).OutputSize);
        Assert.Equal(new ImageSize(20, 12), Resize.ShortestEdge(20, new ImageSize(20, 12)).OutputSize);
    }

    [Theory]
    [InlineData(300, 200, 384, 256, 80, 16)]
    [InlineData(37, 53, 256, 366, 16, 71)]
    [InlineData(333, 500, 256, 384, 16, 80)]
    [InlineData(17, 640, 256, 9637, 16, 4706)]
    public void Geometry_TruncatesTheLongSideAndRoundsTheCropHalfToEven(int width, int height, int resizedWidth, int resizedHeight, int left, int top)
    {
        var geometry = ResizeGeometry.For(s_stretch with { Resize = Resize.ShortestEdge(256, 224) }, width, height);
        Assert.Equal((resizedWidth, resizedHeight, left, top), (geometry.ResizedWidth, geometry.ResizedHeight, geometry.Left, geometry.Top));
    }

    [Fact]
    public void A_crop_that_is_no_square_is_cut_from_the_center_of_each_axis()
    {
        var geometry = ResizeGeometry.For(s_stretch with { Resize = Resize.ShortestEdge(20, new ImageSize(12, 16)) }, 40, 80);
        Assert.Equal(new ResizeGeometry(40, 80, 20, 40, 4, 12, 12, 16), geometry);
        geometry = ResizeGeometry.For(s_stretch with { Resize = Resize.Stretch(20, 30, new ImageSize(12, 16)) }, 40, 80);
        Assert.Equal(new ResizeGeometry(40, 80, 20, 30, 4, 7, 12, 16), geometry);
    }
}
