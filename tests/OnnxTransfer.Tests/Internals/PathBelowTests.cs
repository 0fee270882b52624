using OnnxTransfer.Internals;

namespace OnnxTransfer.Tests.Internals;

public sealed class PathBelowTests
{
    [Theory]
    [InlineData("a/b.jpg", "a/b.jpg")]
    [InlineData("./a//b.jpg", "a/b.jpg")]
    [InlineData("a/../b.jpg", "b.jpg")]
    [InlineData("..hidden/b.jpg", "..hidden/b.jpg")]
    [InlineData(".", ".")]
    [InlineData("..", null)]
    [InlineData("../b.jpg", null)]
    [InlineData("a/../../root-not/b.jpg", null)]
    [InlineData("/elsewhere/b.jpg", null)]
    public void APathIsBelowTheFolderOrNot(string path, string? expected)
    {
        var root = Path.Combine(Path.GetTempPath(), "root");
        Assert.Equal(expected, PathBelow.Of(root, Path.Combine(root, path)));
    }
}
