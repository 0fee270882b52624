using OnnxTransfer.Cluster.Workers;
using OnnxTransfer.Embedding.Sets;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cluster.Tests.Workers;

public sealed class ImageListFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EachPartHasItsImagesAndLabels()
    {
        string[] ids = ["a b.jpg", "c/d.jpg", "c/\u00e9.jpg", "e\n.jpg", "f.jpg"];
        var (file, plan) = Write(ids, partSize: 2);
        Assert.Equal(3, plan.Parts.Count);
        var read = Enumerable.Range(0, 3).SelectMany(part => file.Read(part, _folder.Path)).ToList();
        Assert.Equal(ids, read.Select(image => image.Id));
        Assert.Equal(ids.Select(LabelOf), read.Select(image => image.Label));
    }

    [Theory]
    [InlineData("../secret.jpg")]
    [InlineData("c/../../secret.jpg")]
    [InlineData("/etc/passwd")]
    public void AListDoesNotLeadOutOfTheFolder(string id) => Refuses(Write([id], partSize: 1).File);

    [Fact]
    public void EveryShorterListIsRefused()
    {
        var path = Write(["a.jpg", "b.jpg", "c.jpg"], partSize: 2).File.Path;
        var whole = File.ReadAllBytes(path);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Refuses(new ImageListFile(path, 2), part: 1);
        }
    }

    private void Refuses(ImageListFile file, int part = 0) =>
        Assert.Contains("is damaged", Assert.Throws<InvalidDataException>(() => file.Read(part, _folder.Path)).Message, StringComparison.Ordinal);

    private static string? LabelOf(string id) => id.Contains('/', StringComparison.Ordinal) ? "c" : null;

    private (ImageListFile File, SetPlan Plan) Write(string[] ids, int partSize)
    {
        var images = SetImages.Of(ids.Select(id => ImageInput.FromBytes(new byte[1], id)), root: null, LabelOf);
        var plan = SetPlan.Of(images, partSize, SetNetwork.Of("net", null, 4, ["made by the tests"]));
        ImageListFile.Write(_folder.File("list"), images, plan);
        return (new ImageListFile(_folder.File("list"), plan.Parts.Count), plan);
    }
}
