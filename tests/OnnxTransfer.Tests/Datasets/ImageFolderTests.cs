using OnnxTransfer.Datasets;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Datasets;

public sealed class ImageFolderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ClassesAreSubfoldersInOrdinalOrder()
    {
        Touch("b/1.jpg", "a/1.jpg", "B/1.jpg", "ä/1.jpg");
        Assert.Equal(["B", "a", "b", "ä"], ImageFolder.Open(_folder.Path).Classes);
    }

    [Fact]
    public void ImagesAreOrderedByClassThenPathAndKeepTheGivenRoot()
    {
        Touch("b/2.jpg", "b/10.jpg", "b/1/z.jpg", "a/x.png");
        var images = ImageFolder.Open(_folder.Path).Images;
        Assert.Equal(["a/x.png", "b/1/z.jpg", "b/10.jpg", "b/2.jpg"], images.Select(image => Relative(image.Path)));
        Assert.Equal([0, 1, 1, 1], images.Select(image => image.ClassIndex));
        Assert.All(images, image => Assert.StartsWith(_folder.Path, image.Path, StringComparison.Ordinal));
    }

    [Fact]
    public void ExtensionsCountWhateverTheirCaseAndOthersDoNot()
    {
        Touch("a/1.JPG", "a/2.Jpeg", "a/3.png", "a/4.BMP", "a/5.gif", "a/6.webp", "a/7.tif", "a/8.TIFF", "a/9.heic", "a/A.avif", "a/B.heif");
        Touch("a/Thumbs.db", "a/notes.txt", "a/jpg", "a/1.jpg.bak", "b/1.jpg");
        Assert.Equal(12, ImageFolder.Open(_folder.Path).Images.Count);
    }

    [Fact]
    public void HiddenFilesAndFoldersAreLeftOut()
    {
        Touch("a/1.jpg", "a/._1.jpg", "a/.thumbnails/1.jpg", ".git/1.jpg", "b/1.jpg");
        var photos = ImageFolder.Open(_folder.Path);
        Assert.Equal(["a", "b"], photos.Classes);
        Assert.Equal(["a/1.jpg", "b/1.jpg"], photos.Images.Select(image => Relative(image.Path)));
    }

    [Fact]
    public void ImagesDirectlyInTheFolderBelongToNoClass()
    {
        Touch("stray.jpg", "a/1.jpg", "b/1.jpg");
        Assert.Equal(2, ImageFolder.Open(_folder.Path).Images.Count);
    }

    [Fact]
    public void LinkToFolderIsFollowedOnceAndALoopIsNot()
    {
        Touch("a/1.jpg", "b/1.jpg", "elsewhere-2/deep/2.jpg");
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "a", "more"), Path.Combine(_folder.Path, "elsewhere-2"));
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "a", "up"), _folder.Path);
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "b", "self"), Path.Combine(_folder.Path, "b"));
        var below = ImageFolder.Open(_folder.Path).Images.Select(image => Relative(image.Path)).ToList();
        Assert.Contains("a/more/deep/2.jpg", below);
        Assert.Contains("a/up/b/1.jpg", below);
        Assert.DoesNotContain(below, path => path.Contains("self", StringComparison.Ordinal) || path.Contains("up/a", StringComparison.Ordinal));
    }

    [Fact]
    public void ListTakesEveryDepthAndKeepsOrdinalOrder()
    {
        Touch("z.jpg", "a/b/c.png", "a.jpg", "a/readme.md");
        Assert.Equal(["a.jpg", "a/b/c.png", "z.jpg"], ImageFolder.ListImages(_folder.Path).Select(Relative));
    }

    [Fact]
    public void MissingFolderIsNamed()
    {
        var path = Path.Combine(_folder.Path, "nowhere");
        Assert.Contains(path, Assert.Throws<DirectoryNotFoundException>(() => ImageFolder.Open(path)).Message, StringComparison.Ordinal);
        Assert.Throws<DirectoryNotFoundException>(() => ImageFolder.ListImages(path));
    }

    [Fact]
    public void FileInsteadOfFolderIsSaid()
    {
        Touch("a.jpg");
        var error = Assert.Throws<DirectoryNotFoundException>(() => ImageFolder.Open(_folder.File("a.jpg")));
        Assert.Contains("is a file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NoClassFolderIsRefused()
    {
        Touch("1.jpg", ".hidden/1.jpg");
        Assert.Contains("no sub-folders", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void OneClassIsRefusedByName()
    {
        Touch("only/1.jpg");
        Assert.Contains("only one class, 'only'", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void ClassWithoutImageIsRefusedByName()
    {
        Touch("a/1.jpg", "empty/readme.txt");
        Assert.Contains("'empty'", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void ListWithoutImageIsRefused()
    {
        Touch("a/readme.txt");
        Assert.Throws<InvalidDataException>(() => ImageFolder.ListImages(_folder.Path));
    }

    [SharedFact("data/flowers")]
    public void FlowersHaveFiveClassesOf120()
    {
        var flowers = ImageFolder.Open(Repository.SharedPath("data", "flowers"));
        Assert.Equal(5, flowers.Classes.Count);
        Assert.All(flowers.Images.CountBy(image => image.ClassIndex), pair => Assert.Equal(120, pair.Value));
    }

    private string Refusal() => Assert.Throws<InvalidDataException>(() => ImageFolder.Open(_folder.Path)).Message;

    private string Relative(string path) => Path.GetRelativePath(_folder.Path, path).Replace('\\', '/');

    private void Touch(params string[] files)
    {
        foreach (var file in files) File.WriteAllBytes(_folder.File(file.Split('/')), []);
    }
}
