using OnnxTransfer.Explaining;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests;

public sealed class FeatureExtractorPicturesTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FeatureExtractor _network;

    public FeatureExtractorPicturesTests()
    {
        var path = _folder.File("tiny.onnx");
        TinyBackbone.Write(path);
        _network = FeatureExtractor.Load(path, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
    }

    public void Dispose()
    {
        _network.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Filters_and_feature_maps_are_drawn_as_grids()
    {
        var (filters, maps) = (_folder.File("filters.png"), _folder.File("maps.png"));
        _network.DrawFilters(filters);
        _network.DrawFeatureMaps("activated", Photo("a.png", (200, 30, 30)), maps);
        // 12 of 1x1 and of 16x16, in 4 columns, a pixel drawn 48 and 25 pixels wide, each under its number where the system has a font.
        var line = PictureText.Width("11", 11) is > 0 and <= 48 ? 14 : 0;
        Assert.Equal(((4 * 50) + 2, (3 * (50 + line)) + 2), SizeOf(filters));
        Assert.Equal(((4 * 402) + 2, (3 * (402 + line)) + 2), SizeOf(maps));
    }

    [Fact]
    public void The_patches_that_excite_a_unit_most_come_first_and_bad_images_are_listed()
    {
        var colors = new (byte, byte, byte)[] { (250, 20, 20), (20, 250, 20), (20, 20, 250), (250, 250, 250) };
        var images = colors.Select((color, i) => Photo($"{i}.png", color)).ToList();
        var bad = _folder.File("bad.png");
        File.WriteAllText(bad, "text");
        var output = _folder.File("patches.png");
        var skipped = _network.DrawPatches("activated", 3, [bad, .. images], output);
        Assert.Equal(bad, Assert.Single(skipped).Id);

        using var picture = ImageDecoders.Default.DecodeFile(output);
        using var maps = _network.Network.OpenAt("activated", TinyBackbone.Dim * 256, typeof(FeatureExtractor));
        var best = images.MaxBy(image => maps.Embed(image).AsSpan(3 * 256, 256).ToArray().Max())!;
        var expected = colors[images.IndexOf(best)];
        var middle = picture.Pixels.Slice(3 * ((picture.Height / 2 * picture.Width) + 100), 3).ToArray();
        Assert.All(middle.Zip([expected.Item1, expected.Item2, expected.Item3]), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 25));
    }

    [Fact]
    public void An_unknown_layer_or_unit_and_a_layer_without_places_are_explained()
    {
        var (image, output) = (Photo("a.png", (1, 2, 3)), _folder.File("none.png"));
        Assert.Contains("activated", Assert.Throws<ArgumentException>(() => _network.DrawFeatureMaps("actvated", image, output)).Message, StringComparison.Ordinal);
        Assert.Contains("[N,12]", Assert.Throws<ArgumentException>(() => _network.DrawFeatureMaps("features", image, output)).Message, StringComparison.Ordinal);
        Assert.Contains("0 to 11", Assert.Throws<ArgumentOutOfRangeException>(() => _network.DrawPatches("activated", 12, [image], output)).Message, StringComparison.Ordinal);
        Assert.Throws<DatasetException>(() => _network.DrawPatches("activated", 1, [_folder.File("gone.png")], output));
        Assert.False(File.Exists(output));
    }

    private string Photo(string name, (byte, byte, byte) color)
    {
        var path = _folder.File(name);
        File.WriteAllBytes(path, TestImage.NoisyPng(40, 40, color, 1));
        return path;
    }

    private static (int, int) SizeOf(string path)
    {
        using var picture = ImageDecoders.Default.DecodeFile(path);
        return (picture.Width, picture.Height);
    }
}
