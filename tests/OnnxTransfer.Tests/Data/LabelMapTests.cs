using OnnxTransfer.Data;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Data;

public sealed class LabelMapTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("cat\ndog\n")]
    [InlineData("cat\r\n dog \r\n\r\n")]
    [InlineData("\uFEFFcat\ndog")]
    public void LinesAreLabels(string text) => Assert.Equal(["cat", "dog"], Load(text, 2).Labels);

    [Fact]
    public void DuplicatesAreAllowed() => Assert.Equal("crane", Load("crane\ncrane", 2)[1]);

    [Fact]
    public void OtherCountIsRefusedWithBothNumbers()
    {
        var error = Assert.Throws<InvalidDataException>(() => Load("cat\ndog", 3));
        Assert.Contains("has 2 labels", error.Message, StringComparison.Ordinal);
        Assert.Contains("3 classes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EmptyLabelIsRefusedWithItsLine() =>
        Assert.Contains("line 2", Assert.Throws<InvalidDataException>(() => Load("cat\n\ndog", 3)).Message, StringComparison.Ordinal);

    [Fact]
    public void EmptyFirstLineIsRefusedWithTheFile() =>
        Assert.Matches("^The label file '.+' has an empty label in line 1\\.$", Assert.Throws<InvalidDataException>(() => Load("\ncat", 2)).Message);

    [Fact]
    public void MissingFileIsRefused() => Assert.Throws<InvalidDataException>(() => LabelMap.Load(_folder.File("none.txt"), 2));

    [SharedFact("models/imagenet_labels.txt")]
    public void ImageNetLabelsWithBackground()
    {
        var labels = LabelMap.Load(Repository.SharedPath("models", "imagenet_labels.txt"), 1001);
        Assert.Equal("background", labels[0]);
        Assert.Equal("military uniform", labels[653]);
    }

    private LabelMap Load(string text, int count)
    {
        var path = _folder.File("labels.txt");
        File.WriteAllText(path, text);
        return LabelMap.Load(path, count);
    }
}
