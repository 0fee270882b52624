using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Tests.Preprocessing;

public sealed class PreprocessSpecTests
{
    private static readonly ResizeSpec s_stretch = new() { Mode = ResizeMode.Stretch, Filter = ResizeFilter.PillowBilinear, Width = 224, Height = 224 };
    private static readonly ResizeSpec s_shortest = new() { Mode = ResizeMode.ShortestEdge, Filter = ResizeFilter.PillowBilinear, Size = 256 };

    public static TheoryData<PreprocessSpec, string> Wrong => new()
    {
        { new() { Resize = s_stretch with { Width = 0 } }, "needs a positive Width" },
        { new() { Resize = s_stretch with { Height = -1 } }, "needs a positive Height" },
        { new() { Resize = s_shortest with { Size = 0 }, CropSize = 224 }, "needs a positive Size" },
        { new() { Resize = s_shortest }, "needs a crop of at most 256" },
        { new() { Resize = s_shortest, CropSize = 257 }, "crop at most 256" },
        { new() { Resize = s_stretch, CropSize = 225 }, "crop at most 224" },
        { new() { Resize = s_stretch, CropSize = 0 }, "CropSize must be greater than zero" },
        { new() { Resize = s_stretch, Rescale = 0 }, "not zero" },
        { new() { Resize = s_stretch, Mean = [0.5] }, "Mean needs one number per channel" },
        { new() { Resize = s_stretch, Std = [1, 1] }, "Std needs one number per channel" },
        { new() { Resize = s_stretch, Std = [1, 0, 1] }, "Std of channel 1 is 0" },
        { new() { Resize = s_stretch, Mean = [0, double.NaN, 0] }, "Mean of channel 1" },
        { new() { Resize = s_stretch with { Filter = (ResizeFilter)99 } }, "none of PillowBilinear" },
        { new() { Resize = s_stretch, Upsampling = (ResizeFilter)99 }, "none of PillowBilinear" },
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
        new PreprocessSpec { Resize = s_stretch }.Validate();
        new PreprocessSpec { Resize = s_shortest, CropSize = 224 }.Validate();
        new PreprocessSpec { Resize = s_stretch with { Width = 256, Height = 256 }, CropSize = 256 }.Validate();
    }

    [Theory]
    [InlineData(300, 200, 384, 256, 80, 16)]
    [InlineData(37, 53, 256, 366, 16, 71)]
    [InlineData(333, 500, 256, 384, 16, 80)]
    [InlineData(17, 640, 256, 9637, 16, 4706)]
    public void Geometry_TruncatesTheLongSideAndRoundsTheCropHalfToEven(int width, int height, int resizedWidth, int resizedHeight, int left, int top)
    {
        var geometry = ResizeGeometry.For(new PreprocessSpec { Resize = s_shortest, CropSize = 224 }, width, height);
        Assert.Equal((resizedWidth, resizedHeight, left, top), (geometry.ResizedWidth, geometry.ResizedHeight, geometry.Left, geometry.Top));
    }
}
