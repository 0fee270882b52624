using OnnxTransfer.Cluster.Workers;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cluster.Tests.Workers;

public sealed class SharedStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("photos/a.jpg", true)]
    [InlineData("new/folder", true)]
    [InlineData(".", true)]
    [InlineData("photos/../photos", true)]
    [InlineData("..", false)]
    [InlineData("photos/../../outside", false)]
    [InlineData("/etc", false)]
    [InlineData("out", false)]
    [InlineData("out/deep/new", false)]
    [InlineData("photos/out/a.npy", false)]
    [InlineData("in/a.jpg", true)]
    public void A_job_names_what_is_in_the_store_also_behind_links(string relative, bool isInside)
    {
        var store = Directory.CreateDirectory(_folder.File("store")).FullName;
        var outside = Directory.CreateDirectory(_folder.File("outside")).FullName;
        var photos = Directory.CreateDirectory(Path.Combine(store, "photos")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(store, "out"), outside);
        Directory.CreateSymbolicLink(Path.Combine(photos, "out"), outside);
        Directory.CreateSymbolicLink(Path.Combine(store, "in"), photos);
        // The store itself may be a link, as a mounted folder often is.
        var mounted = _folder.File("mounted");
        Directory.CreateSymbolicLink(mounted, store);

        foreach (var path in new[] { store, mounted })
        {
            if (isInside) Assert.Equal(Path.GetFullPath(Path.Combine(path, relative)), new SharedStore(path).Resolve(relative));
            else Assert.Contains("outside the store", Assert.Throws<InvalidDataException>(() => new SharedStore(path).Resolve(relative)).Message, StringComparison.Ordinal);
        }
    }
}
