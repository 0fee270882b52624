using System.Security.Cryptography;
using OnnxTransfer.Backbones;

namespace OnnxTransfer.Tests.Backbones;

public sealed class ModelStoreTests : ModelStoreFixture
{
    [Fact]
    public async Task StoredModelNeedsNoServer()
    {
        Mirrors.Serve("one", Content);
        await Store().GetAsync(Entry);
        Assert.True(Store().Contains(Entry));
        await Store().GetAsync(Entry);
        await Store(offline: true).GetAsync(Entry);
        Assert.Single(Mirrors.Requests);
    }

    [Fact]
    public async Task SimultaneousRequestsDownloadOnce()
    {
        var both = new TaskCompletionSource();
        Mirrors.Set("one", async (request, _) =>
        {
            await both.Task;
            return FakeMirrors.Answer(request, Content);
        });
        var first = Store().GetAsync(Entry);
        var second = Store().GetAsync(Entry);
        both.SetResult();
        Assert.Equal(await first, await second);
        Assert.Single(Mirrors.Requests);
    }

    [Fact]
    public async Task HeldLockIsWaitedForUntilCanceled()
    {
        Mirrors.Serve("one", Content);
        using var cancel = new CancellationTokenSource();
        var lockPath = Folder.File("x.lock");
        Task<string> waiting;
        using (new FileStream(lockPath, FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            var canceled = Store().GetAsync(Entry, null, cancel.Token);
            waiting = Store().GetAsync(Entry);
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => canceled);
            Assert.Empty(Mirrors.Requests);
        }

        // The lock file is still there, as after a crash of its holder, but nobody holds it.
        Assert.True(File.Exists(lockPath));
        Assert.Equal(FinalPath, await waiting);
    }

    [Fact]
    public async Task OfflineSaysWhereToPutTheFileAndAsksNobody()
    {
        var error = await Assert.ThrowsAsync<ModelNotFoundException>(() => Store(offline: true).GetAsync(Entry));
        Assert.Contains("ONNXTRANSFER_OFFLINE", error.Message, StringComparison.Ordinal);
        Assert.Contains(Entry.Card.Sha256!, error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{FinalPath}'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", error.Message, StringComparison.Ordinal);
        Assert.Empty(Mirrors.Requests);
    }

    [Fact]
    public async Task FilePlacedByHandIsAcceptedAndGetsItsCard()
    {
        File.WriteAllBytes(FinalPath, Content);
        await Store(offline: true).GetAsync(Entry);
        Assert.Equal(Entry.Card.Sha256, ModelCard.Load(ModelCard.PathFor(FinalPath)).Sha256);
    }

    [Fact]
    public async Task WrongFilePlacedByHandIsNamedOfflineAndReplacedOnline()
    {
        File.WriteAllBytes(FinalPath, new byte[Content.Length]);
        var error = await Assert.ThrowsAsync<ModelNotFoundException>(() => Store(offline: true).GetAsync(Entry));
        Assert.Contains($"it has sha256 {Convert.ToHexStringLower(SHA256.HashData(new byte[Content.Length]))}", error.Message, StringComparison.Ordinal);
        Mirrors.Serve("one", Content);
        Assert.Equal(Content, File.ReadAllBytes(await Store().GetAsync(Entry)));
    }

    [Fact]
    public async Task HashIsRememberedWhileSizeAndTimeStandAndVerifyLooksAgain()
    {
        Mirrors.Serve("one", Content);
        await Store().GetAsync(Entry);
        Assert.Null(await Store().VerifyAsync(Entry));
        var time = File.GetLastWriteTimeUtc(FinalPath);
        File.WriteAllBytes(FinalPath, new byte[Content.Length]);
        File.SetLastWriteTimeUtc(FinalPath, time);
        await Store().GetAsync(Entry);
        Assert.Single(Mirrors.Requests);
        Assert.Contains("sha256", await Store().VerifyAsync(Entry), StringComparison.Ordinal);
        await Store().GetAsync(Entry);
        Assert.Equal(Content, File.ReadAllBytes(FinalPath));
    }

    [Fact]
    public async Task ChangedFileIsNoticed()
    {
        Mirrors.Serve("one", Content);
        await Store().GetAsync(Entry);
        File.WriteAllBytes(FinalPath, new byte[Content.Length]);
        File.SetLastWriteTimeUtc(FinalPath, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(Content, File.ReadAllBytes(await Store().GetAsync(Entry)));
    }

    [Fact]
    public async Task StoreThatCannotBeWrittenSaysSo()
    {
        var file = Folder.File("file");
        File.WriteAllText(file, "");
        var store = Store(folder: Path.Combine(file, "models"));
        var error = await Assert.ThrowsAsync<ModelException>(() => store.GetAsync(Entry));
        Assert.Contains("ONNXTRANSFER_HOME", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1", true)]
    [InlineData("TRUE", true)]
    [InlineData("yes", true)]
    [InlineData("0", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void OfflineSwitchIsReadFromTheEnvironment(string? value, bool expected) => Assert.Equal(expected, ModelStore.IsSwitchedOn(value));

    [Fact]
    public void TimeoutMustBePositive() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ModelStore { Timeout = TimeSpan.Zero });
}
