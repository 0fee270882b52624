using OnnxTransfer.Data;

namespace OnnxTransfer.Tests.Data;

public sealed class SkippedImagesTests
{
    [Fact]
    public void EntriesComeInInputOrderWhicheverThreadWasFirst()
    {
        var ledger = new SkippedImages();
        Parallel.For(0, 200, i => ledger.Add(199 - i, new SkippedImage($"{199 - i}.jpg", "damaged")));
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"{i}.jpg"), ledger.ToList().Select(one => one.Id));
    }

    [Fact]
    public void FirstReasonStays()
    {
        var ledger = new SkippedImages();
        ledger.Add(3, new SkippedImage("a.jpg", "zero bytes"));
        ledger.Add(3, new SkippedImage("a.jpg", "something else"));
        Assert.Equal(new SkippedImage("a.jpg", "zero bytes"), Assert.Single(ledger.ToList()));
        Assert.True(ledger.Contains(3));
        Assert.False(ledger.Contains(2));
    }

    [Theory]
    [InlineData(0.05, 100, 5)]
    [InlineData(0, 100, 0)]
    [InlineData(1, 3, 3)]
    public void AsManyAsAllowedPass(double maxBad, int images, int bad) => Ledger(bad).ThrowIfMoreThan(maxBad, images);

    [Theory]
    [InlineData(0.05, 100, 6)]
    [InlineData(0, 100, 1)]
    [InlineData(0.5, 3, 2)]
    public void OneMoreFailsWithTheWholeList(double maxBad, int images, int bad)
    {
        var error = Assert.Throws<DatasetException>(() => Ledger(bad).ThrowIfMoreThan(maxBad, images));
        for (var i = 0; i < bad; i++) Assert.Contains($"{i}.jpg: reason {i}", error.Message, StringComparison.Ordinal);
    }

    private static SkippedImages Ledger(int bad)
    {
        var ledger = new SkippedImages();
        for (var i = 0; i < bad; i++) ledger.Add(i, new SkippedImage($"{i}.jpg", $"reason {i}"));
        return ledger;
    }
}
