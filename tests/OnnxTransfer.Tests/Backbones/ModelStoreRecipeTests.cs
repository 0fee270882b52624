using System.Security.Cryptography;
using OnnxTransfer.Backbones;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Backbones;

public sealed class ModelStoreRecipeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task BuiltModelIsStoredWithACardThatHasItsHash()
    {
        var path = await Store().AddAsync(TestCards.Recipe, Write([1, 2, 3]));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData([1, 2, 3])), ModelCard.Load(ModelCard.PathFor(path)).Sha256);
        Assert.True(Store().Contains(TestCards.Recipe));
        Assert.Equal(path, await Store().GetAsync(TestCards.Recipe));
        Assert.Null(await Store().VerifyAsync(TestCards.Recipe));
        Assert.Equal(["x.lock", "x.model.json", "x.onnx", "x.onnx.verified"], Names());
    }

    [Fact]
    public async Task SimultaneousBuildsRunOnce()
    {
        var builds = 0;
        var both = new TaskCompletionSource();
        async Task Build(string path, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref builds);
            await both.Task;
            await File.WriteAllBytesAsync(path, [1], cancellationToken);
        }

        var first = Store().AddAsync(TestCards.Recipe, Build);
        var second = Store().AddAsync(TestCards.Recipe, Build);
        both.SetResult();
        Assert.Equal(await first, await second);
        await Store().AddAsync(TestCards.Recipe, Build);
        Assert.Equal(1, builds);
    }

    [Fact]
    public async Task FailedBuildLeavesNothingAndItsErrorIsItsOwn()
    {
        var error = await Assert.ThrowsAsync<IOException>(() => Store().AddAsync(TestCards.Recipe, (path, _) =>
        {
            File.WriteAllBytes(path, [1]);
            throw new IOException("npm is missing");
        }));
        Assert.Equal("npm is missing", error.Message);
        Assert.Equal(["x.lock"], Names());
    }

    [Fact]
    public async Task BuildThatWritesNothingIsAnError()
    {
        await Assert.ThrowsAsync<ModelException>(() => Store().AddAsync(TestCards.Recipe, (_, _) => Task.CompletedTask));
        Assert.Equal(["x.lock"], Names());
    }

    [Fact]
    public async Task DamagedModelIsBuiltAgain()
    {
        var path = await Store().AddAsync(TestCards.Recipe, Write([1, 2, 3]));
        File.WriteAllBytes(path, [1]);
        var error = await Assert.ThrowsAsync<ModelException>(() => Store().GetAsync(TestCards.Recipe));
        Assert.Contains("sha256", error.Message, StringComparison.Ordinal);
        await Store().AddAsync(TestCards.Recipe, Write([1, 2, 3]));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
    }

    [Fact]
    public async Task ModelNotBuiltNamesTheCommand()
    {
        var error = await Assert.ThrowsAsync<ModelException>(() => Store().GetAsync(TestCards.Recipe));
        Assert.Contains("onnxtransfer models pull x", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DownloadedModelCannotBeBuilt() =>
        await Assert.ThrowsAsync<ArgumentException>(() => Store().AddAsync(TestCards.Download([1], "one"), Write([1])));

    private ModelStore Store() => new() { Folder = _folder.Path };

    private static Func<string, CancellationToken, Task> Write(byte[] content) =>
        (path, cancellationToken) => File.WriteAllBytesAsync(path, content, cancellationToken);

    private IEnumerable<string> Names() => Directory.GetFiles(_folder.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);
}
