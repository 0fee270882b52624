using System.Net;
using System.Security.Cryptography;
using OnnxTransfer.Backbones;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Backbones;

public sealed class ModelStoreTests : IDisposable
{
    private static readonly byte[] s_content = RandomNumberGenerator.GetBytes(700_000);
    private readonly TempFolder _folder = new();
    private readonly FakeMirrors _mirrors = new();

    public void Dispose()
    {
        _mirrors.Dispose();
        _folder.Dispose();
    }

    private CatalogEntry Entry { get; } = TestCards.Download(s_content, "one", "two");

    private string FinalPath => Path.Combine(_folder.Path, "x.onnx");

    private string PartialPath => Store().PartialPathOf(Entry);

    [Fact]
    public async Task DownloadIsStoredWithItsCardAndNothingElse()
    {
        _mirrors.Serve("one", s_content);
        var seen = new List<DownloadProgress>();
        var path = await Store().GetAsync(Entry, new Each(seen.Add));
        Assert.Equal(FinalPath, path);
        Assert.Equal(s_content, File.ReadAllBytes(path));
        Assert.Equal(Entry.Card.ToJson(), ModelCard.Load(ModelCard.PathFor(path)).ToJson());
        Assert.Equal(["x.lock", "x.model.json", "x.onnx", "x.onnx.verified"], Names());
        Assert.Equal(0, seen[0].BytesDone);
        Assert.Equal(new DownloadProgress("x", Entry.Mirrors[0], s_content.Length, s_content.Length), seen[^1]);
        Assert.Equal(seen.Select(one => one.BytesDone).Order(), seen.Select(one => one.BytesDone));
    }

    [Fact]
    public async Task StoredModelNeedsNoServer()
    {
        _mirrors.Serve("one", s_content);
        await Store().GetAsync(Entry);
        Assert.True(Store().Contains(Entry));
        await Store().GetAsync(Entry);
        await Store(offline: true).GetAsync(Entry);
        Assert.Single(_mirrors.Requests);
    }

    [Fact]
    public async Task InterruptedDownloadGoesOnWhereItEnded()
    {
        File.WriteAllBytes(PartialPath, s_content[..300_000]);
        _mirrors.Serve("one", s_content);
        Assert.Equal(s_content, File.ReadAllBytes(await Store().GetAsync(Entry)));
        Assert.Equal([("one", 300_000L)], _mirrors.Requests);
    }

    [Fact]
    public async Task WholePartialFileNeedsNoServer()
    {
        File.WriteAllBytes(PartialPath, s_content);
        Assert.Equal(s_content, File.ReadAllBytes(await Store().GetAsync(Entry)));
        Assert.Empty(_mirrors.Requests);
        Assert.False(File.Exists(PartialPath));
    }

    [Fact]
    public async Task ServerThatIgnoresRangeIsReadFromTheStart()
    {
        File.WriteAllBytes(PartialPath, s_content[..300_000]);
        _mirrors.Set("one", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(s_content) });
        Assert.Equal(s_content, File.ReadAllBytes(await Store().GetAsync(Entry)));
        Assert.Single(_mirrors.Requests);
    }

    [Fact]
    public async Task ServerThatRefusesRangeIsAskedForAll()
    {
        File.WriteAllBytes(PartialPath, s_content[..300_000]);
        _mirrors.Set("one", request => request.Headers.Range is null
            ? FakeMirrors.Answer(request, s_content)
            : new HttpResponseMessage(HttpStatusCode.RequestedRangeNotSatisfiable));
        Assert.Equal(s_content, File.ReadAllBytes(await Store().GetAsync(Entry)));
        Assert.Equal([("one", 300_000L), ("one", null)], _mirrors.Requests);
    }

    [Fact]
    public async Task PartialFileOfOtherBytesIsStartedAgain()
    {
        File.WriteAllBytes(PartialPath, new byte[300_000]);
        _mirrors.Serve("one", s_content);
        Assert.Equal(s_content, File.ReadAllBytes(await Store().GetAsync(Entry)));
        Assert.Equal([("one", 300_000L), ("one", null)], _mirrors.Requests);
    }

    [Fact]
    public async Task PartialFileThatIsTooLongIsStartedAgain()
    {
        File.WriteAllBytes(PartialPath, new byte[s_content.Length + 1]);
        _mirrors.Serve("one", s_content);
        Assert.Equal(s_content, File.ReadAllBytes(await Store().GetAsync(Entry)));
        Assert.Equal([("one", null)], _mirrors.Requests);
    }

    [Fact]
    public async Task WrongBytesSendToTheNextMirror()
    {
        _mirrors.Serve("one", new byte[s_content.Length]);
        _mirrors.Serve("two", s_content);
        Assert.Equal(s_content, File.ReadAllBytes(await Store().GetAsync(Entry)));
        Assert.Equal([("one", null), ("two", null)], _mirrors.Requests);
    }

    [Fact]
    public async Task CutConnectionIsContinuedAtTheNextMirror()
    {
        _mirrors.Set("one", _ => new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new BrokenBody(s_content, 400_000, _ => throw new IOException("connection reset")),
        });
        _mirrors.Serve("two", s_content);
        Assert.Equal(s_content, File.ReadAllBytes(await Store().GetAsync(Entry)));
        Assert.Equal([("one", null), ("two", 400_000L)], _mirrors.Requests);
    }

    [Fact]
    public async Task SilentServerIsLeftForTheNextMirror()
    {
        _mirrors.Set("one", async (_, cancelled) =>
        {
            await Task.Delay(Timeout.Infinite, cancelled);
            throw new InvalidOperationException("not reached");
        });
        _mirrors.Serve("two", s_content);
        var store = new ModelStore(Options() with { Timeout = TimeSpan.FromMilliseconds(50) });
        Assert.Equal(s_content, File.ReadAllBytes(await store.GetAsync(Entry)));
    }

    [Fact]
    public async Task FailureNamesEveryAddressItsReasonTheHashAndThePlace()
    {
        _mirrors.Set("one", _ => new HttpResponseMessage(HttpStatusCode.NotFound));
        _mirrors.Serve("two", new byte[s_content.Length]);
        var error = await Assert.ThrowsAsync<ModelException>(() => Store().GetAsync(Entry));
        Assert.Contains("http://one/x.onnx: answered HTTP 404", error.Message, StringComparison.Ordinal);
        Assert.Contains("http://two/x.onnx: sent 700000 bytes with another sha256", error.Message, StringComparison.Ordinal);
        Assert.Contains(Entry.Card.Sha256!, error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{FinalPath}'", error.Message, StringComparison.Ordinal);
        Assert.Equal(["x.lock"], Names());
    }

    [Fact]
    public async Task ReasonsAreTheServers()
    {
        _mirrors.Serve("one", s_content[..133]);
        _mirrors.Set("two", _ => throw new HttpRequestException("no such host"));
        var error = await Assert.ThrowsAsync<ModelException>(() => Store().GetAsync(Entry));
        Assert.Contains("one/x.onnx: has a file of 133 bytes, not 700000", error.Message, StringComparison.Ordinal);
        Assert.Contains("two/x.onnx: no such host", error.Message, StringComparison.Ordinal);
        Assert.Equal(["x.lock"], Names());
    }

    [Fact]
    public async Task BodyThatEndsEarlyOrGoesOnTooLongIsNoModel()
    {
        _mirrors.Set("one", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new BrokenBody(s_content, 5, _ => Task.CompletedTask) });
        _mirrors.Set("two", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new Endless()) });
        var error = await Assert.ThrowsAsync<ModelException>(() => Store().GetAsync(Entry));
        Assert.Contains("one/x.onnx: ended after 5 of 700000 bytes", error.Message, StringComparison.Ordinal);
        Assert.Contains("two/x.onnx: sent more than 700000 bytes", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(FinalPath));
    }

    [Fact]
    public async Task CancelledDownloadCanBeContinued()
    {
        using var cancel = new CancellationTokenSource();
        _mirrors.Set("one", _ => new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new BrokenBody(s_content, 500_000, async cancelled =>
            {
                await cancel.CancelAsync();
                await Task.Delay(Timeout.Infinite, cancelled);
            }),
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store().GetAsync(Entry, null, cancel.Token));
        Assert.False(File.Exists(FinalPath));
        Assert.Equal(s_content[..500_000], File.ReadAllBytes(PartialPath));
        _mirrors.Serve("one", s_content);
        Assert.Equal(s_content, File.ReadAllBytes(await Store().GetAsync(Entry)));
        Assert.Equal([("one", null), ("one", 500_000L)], _mirrors.Requests);
    }

    [Fact]
    public async Task SimultaneousRequestsDownloadOnce()
    {
        var both = new TaskCompletionSource();
        _mirrors.Set("one", async (request, _) =>
        {
            await both.Task;
            return FakeMirrors.Answer(request, s_content);
        });
        var first = Store().GetAsync(Entry);
        var second = Store().GetAsync(Entry);
        both.SetResult();
        Assert.Equal(await first, await second);
        Assert.Single(_mirrors.Requests);
    }

    [Fact]
    public async Task HeldLockIsWaitedForUntilCancelled()
    {
        _mirrors.Serve("one", s_content);
        using var cancel = new CancellationTokenSource();
        var lockPath = _folder.File("x.lock");
        Task<string> waiting;
        using (new FileStream(lockPath, FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            var cancelled = Store().GetAsync(Entry, null, cancel.Token);
            waiting = Store().GetAsync(Entry);
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
            Assert.Empty(_mirrors.Requests);
        }

        // The lock file is still there, as after a crash of its holder, but nobody holds it.
        Assert.True(File.Exists(lockPath));
        Assert.Equal(FinalPath, await waiting);
    }

    [Fact]
    public async Task OfflineSaysWhereToPutTheFileAndAsksNobody()
    {
        var error = await Assert.ThrowsAsync<ModelException>(() => Store(offline: true).GetAsync(Entry));
        Assert.Contains("ONNXTRANSFER_OFFLINE", error.Message, StringComparison.Ordinal);
        Assert.Contains(Entry.Card.Sha256!, error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{FinalPath}'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", error.Message, StringComparison.Ordinal);
        Assert.Empty(_mirrors.Requests);
    }

    [Fact]
    public async Task FilePlacedByHandIsAcceptedAndGetsItsCard()
    {
        File.WriteAllBytes(FinalPath, s_content);
        await Store(offline: true).GetAsync(Entry);
        Assert.Equal(Entry.Card.Sha256, ModelCard.Load(ModelCard.PathFor(FinalPath)).Sha256);
    }

    [Fact]
    public async Task WrongFilePlacedByHandIsNamedOfflineAndReplacedOnline()
    {
        File.WriteAllBytes(FinalPath, new byte[s_content.Length]);
        var error = await Assert.ThrowsAsync<ModelException>(() => Store(offline: true).GetAsync(Entry));
        Assert.Contains($"it has sha256 {Convert.ToHexStringLower(SHA256.HashData(new byte[s_content.Length]))}", error.Message, StringComparison.Ordinal);
        _mirrors.Serve("one", s_content);
        Assert.Equal(s_content, File.ReadAllBytes(await Store().GetAsync(Entry)));
    }

    [Fact]
    public async Task HashIsRememberedWhileSizeAndTimeStandAndVerifyLooksAgain()
    {
        _mirrors.Serve("one", s_content);
        await Store().GetAsync(Entry);
        Assert.Null(await Store().VerifyAsync(Entry));
        var time = File.GetLastWriteTimeUtc(FinalPath);
        File.WriteAllBytes(FinalPath, new byte[s_content.Length]);
        File.SetLastWriteTimeUtc(FinalPath, time);
        await Store().GetAsync(Entry);
        Assert.Single(_mirrors.Requests);
        Assert.Contains("sha256", await Store().VerifyAsync(Entry), StringComparison.Ordinal);
        await Store().GetAsync(Entry);
        Assert.Equal(s_content, File.ReadAllBytes(FinalPath));
    }

    [Fact]
    public async Task ChangedFileIsNoticed()
    {
        _mirrors.Serve("one", s_content);
        await Store().GetAsync(Entry);
        File.WriteAllBytes(FinalPath, new byte[s_content.Length]);
        File.SetLastWriteTimeUtc(FinalPath, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(s_content, File.ReadAllBytes(await Store().GetAsync(Entry)));
    }

    [Fact]
    public async Task StoreThatCannotBeWrittenSaysSo()
    {
        var file = _folder.File("file");
        File.WriteAllText(file, "");
        var store = new ModelStore(Options() with { Folder = Path.Combine(file, "models") });
        var error = await Assert.ThrowsAsync<ModelException>(() => store.GetAsync(Entry));
        Assert.Contains("ONNXTRANSFER_HOME", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DefaultHandlerSpeaksToARealServer()
    {
        using var server = new LoopbackServer(s_content);
        var entry = Entry with { Mirrors = [server.Url] };
        File.WriteAllBytes(PartialPath, s_content[..600_000]);
        var path = await new ModelStore(new ModelStoreOptions { Folder = _folder.Path, Offline = false }).GetAsync(entry);
        Assert.Equal(s_content, File.ReadAllBytes(path));
        Assert.Equal(["bytes=600000-"], server.Ranges);
    }

    [Theory]
    [InlineData("1", true)]
    [InlineData("TRUE", true)]
    [InlineData("yes", true)]
    [InlineData("0", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void OfflineSwitchIsReadFromTheEnvironment(string? value, bool expected) => Assert.Equal(expected, ModelStoreOptions.IsSwitchedOff(value));

    [Fact]
    public void TimeoutMustBePositive() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ModelStoreOptions { Timeout = TimeSpan.Zero });

    private ModelStoreOptions Options() => new() { Folder = _folder.Path, Offline = false, MessageHandler = _mirrors };

    private ModelStore Store(bool offline = false) => new(Options() with { Offline = offline });

    private IEnumerable<string> Names() => Directory.GetFiles(_folder.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    /// <summary>Reports on the spot; <see cref="Progress{T}"/> would do it later, on another thread.</summary>
    private sealed class Each(Action<DownloadProgress> action) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => action(value);
    }

    /// <summary>Zeros without end.</summary>
    private sealed class Endless : MemoryStream
    {
        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer.Span.Clear();
            return ValueTask.FromResult(buffer.Length);
        }
    }
}
