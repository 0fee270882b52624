using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Tests.Preprocessing;

public sealed class PreprocessSpecTests
{
    private static readonly PreprocessSpec s_stretch = new() { Filter = ResizeFilter.PillowBilinear, Width = 224, Height = 224 };
    private static readonly PreprocessSpec s_shortest = new() { Filter = ResizeFilter.PillowBilinear, ShortestEdge = 256 };

    public static TheoryData<PreprocessSpec, string> Wrong => new()
    {
        { s_stretch with { Width = 0 }, "needs a positive Width" },
        { s_stretch with { Height = -1 }, "needs a positive Height" },
        { s_shortest with { ShortestEdge = 0, CropSize = 224 }, "needs a positive ShortestEdge" },
        { s_shortest with { Width = 224, CropSize = 224 }, "give ShortestEdge, or Width and Height" },
        { s_shortest, "needs a crop of at most 256" },
        { s_shortest with { CropSize = 257 }, "crop at most 256" },
        { s_stretch with { CropSize = 225 }, "crop at most 224" },
        { s_stretch with { CropSize = 0 }, "CropSize must be greater than zero" },
        { s_stretch with { Rescale = 0 }, "not zero" },
        { s_stretch with { Mean = [0.5] }, "Mean needs one number per channel" },
        { s_stretch with { Std = [1, 1] }, "Std needs one number per channel" },
        { s_stretch with { Std = [1, 0, 1] }, "Std of channel 1 is 0" },
        { s_stretch with { Mean = [0, double.NaN, 0] }, "Mean of channel 1" },
        { s_stretch with { Filter = (ResizeFilter)99 }, "none of PillowBilinear" },
        { s_stretch with { Upsampling = (ResizeFilter)99 }, "none of PillowBilinear" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Validate_ContradictorySpec_SaysWhatIsWrong(PreprocessSpec spec, string words)
    {
        var exception = Assert.ThrowsAny<ArgumentException>(spec.Validate);
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_UsualSpecs_Pass()
    {
        s_stretch.Validate();
        (s_shortest with { CropSize = 224 }).Validate();
        (s_stretch with { Width = 256, Height = 256, CropSize = 256 }).Validate();
    }

    [Theory]
    [InlineData(300, 200, 384, 256, 80, 16)]
    [InlineData(37, 53, 256, 366, 16, 71)]
    [InlineData(333, 500, 256, 384, 16, 80)]
    [InlineData(17, 640, 256, 9637, 16, 4706)]
    public void Geometry_TruncatesTheLongSideAndRoundsTheCropHalfToEven(int width, int height, int resizedWidth, int resizedHeight, int left, int top)
    {
        var geometry = ResizeGeometry.For(s_shortest with { CropSize = 224 }, width, height);
        Assert.Equal((resizedWidth, resizedHeight, left, top), (geometry.ResizedWidth, geometry.ResizedHeight, geometry.Left, geometry.Top));
    }
}
