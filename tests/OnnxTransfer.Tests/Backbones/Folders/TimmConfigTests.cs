using OnnxTransfer.Backbones.Folders;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Backbones.Folders;

public sealed class TimmConfigTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AbsentFieldsAreTimmsDefaults()
    {
        var spec = TimmConfig.Read(Config("{}"));
        Assert.Equal(PreprocessSpec.Torch() with { Filter = ResizeFilter.PillowBicubic }, spec);
    }

    /// <summary>The edge is floor(input / crop_pct).</summary>
    [Theory]
    [InlineData(224, "0.9", 248)]
    [InlineData(224, "0.95", 235)]
    [InlineData(256, "1.0", 256)]
    [InlineData(288, "0.875", 329)]
    [InlineData(299, "0.875", 341)]
    public void CenterIsTheShorterEdgeAndTorchvisionsCrop(int side, string share, int edge)
    {
        var spec = TimmConfig.Read(Config($$"""{"input_size":[3,{{side}},{{side}}],"crop_pct":{{share}},"interpolation":"bilinear","mean":[0.5,0.5,0.5],"std":[0.5,0.5,0.5]}"""));
        Assert.Equal(Resize.ShortestEdge(edge, side), spec.Resize);
        Assert.Equal(CropRounding.HalfToEven, spec.Resize.CropRounding);
        Assert.Equal(ResizeFilter.PillowBilinear, spec.Filter);
        Assert.Equal([0.5, 0.5, 0.5], spec.Mean);
    }

    [Fact]
    public void SquashIsAStretchAndACrop() =>
        Assert.Equal(Resize.Stretch(284, 213, new ImageSize(256, 192)), TimmConfig.Read(Config("""{"input_size":[3,192,256],"crop_pct":0.9,"crop_mode":"squash"}""")).Resize);

    [Theory]
    [InlineData("""{"input_size":[3,192,256]}""", "is not square")]
    [InlineData("""{"input_size":[1,28,28]}""", "only networks for three channels")]
    [InlineData("""{"crop_mode":"border"}""", "crop_mode is 'border'")]
    [InlineData("""{"interpolation":"random"}""", "interpolation is 'random'")]
    [InlineData("""{"crop_pct":0}""", "crop_pct must be a share")]
    [InlineData("""{"std":[1,0,1]}""", "std has a 0")]
    public void WhatCannotBeDoneIsRefused(string json, string wanted)
    {
        var error = Assert.Throws<InvalidModelException>(() => TimmConfig.Read(Config(json)));
        Assert.Contains(wanted, error.Message, StringComparison.Ordinal);
        Assert.Contains("pretrained_cfg.", error.Message, StringComparison.Ordinal);
    }

    private ConfigFile Config(string json)
    {
        var path = _folder.File("config.json");
        File.WriteAllText(path, $$"""{"pretrained_cfg":{{json}}}""");
        return ConfigFile.Load(path)!.Object("pretrained_cfg")!;
    }
}
