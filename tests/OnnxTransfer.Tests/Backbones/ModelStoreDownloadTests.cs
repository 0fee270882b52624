using System.Net;
using OnnxTransfer.Backbones;

namespace OnnxTransfer.Tests.Backbones;

public sealed class ModelStoreDownloadTests : ModelStoreFixture
{
    [Fact]
    public async Task DownloadIsStoredWithItsCardAndNothingElse()
    {
        Mirrors.Serve("one", Content);
        var seen = new List<WorkProgress>();
        var path = await Store().GetAsync(Entry, new Each(seen.Add));
        Assert.Equal(FinalPath, path);
        Assert.Equal(Content, File.ReadAllBytes(path));
        Assert.Equal(Entry.Card.ToJson(), ModelCard.Load(ModelCard.PathFor(path)).ToJson());
        Assert.Equal(["x.lock", "x.model.json", "x.onnx", "x.onnx.verified"], Names());
        Assert.Equal(0, seen[0].Done);
        Assert.Equal(new WorkProgress(Content.Length, Content.Length), seen[^1]);
        Assert.Equal(seen.Select(one => one.Done).Order(), seen.Select(one => one.Done));
    }
    [Fact]
    public async Task InterruptedDownloadGoesOnWhereItEnded()
    {
        File.WriteAllBytes(PartialPath, Content[..300_000]);
        Mirrors.Serve("one", Content);
        Assert.Equal(Content, File.ReadAllBytes(await Store().GetAsync(Entry)));
        Assert.Equal([("one", 300_000L)], Mirrors.Requests);
    }

    [Fact]
    public async Task WholePartialFileNeedsNoServer()
    {
        File.WriteAllBytes(PartialPath, Content);
        Assert.Equal(Content, File.ReadAllBytes(await Store().GetAsync(Entry)));
        Assert.Empty(Mirrors.Requests);
        Assert.False(File.Exists(PartialPath));
    }

    [Fact]
    public async Task ServerThatIgnoresRangeIsReadFromTheStart()
    {
        File.WriteAllBytes(PartialPath, Content[..300_000]);
        Mirrors.Set("one", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(Content) });
        Assert.Equal(Content, File.ReadAllBytes(await Store().GetAsync(Entry)));
        Assert.Single(Mirrors.Requests);
    }

    [Fact]
    public async Task ServerThatRefusesRangeIsAskedForAll()
    {
        File.WriteAllBytes(PartialPath, Content[..300_000]);
        Mirrors.Set("one", request => request.Headers.Range is null
            ? FakeMirrors.Answer(request, Content)
            : new HttpResponseMessage(HttpStatusCode.RequestedRangeNotSatisfiable));
        Assert.Equal(Content, File.ReadAllBytes(await Store().GetAsync(Entry)));
        Assert.Equal([("one", 300_000L), ("one", null)], Mirrors.Requests);
    }

    [Fact]
    public async Task PartialFileOfOtherBytesIsStartedAgain()
    {
        File.WriteAllBytes(PartialPath, new byte[300_000]);
        Mirrors.Serve("one", Content);
        Assert.Equal(Content, File.ReadAllBytes(await Store().GetAsync(Entry)));
        Assert.Equal([("one", 300_000L), ("one", null)], Mirrors.Requests);
    }

    [Fact]
    public async Task PartialFileThatIsTooLongIsStartedAgain()
    {
        File.WriteAllBytes(PartialPath, new byte[Content.Length + 1]);
        Mirrors.Serve("one", Content);
        Assert.Equal(Content, File.ReadAllBytes(await Store().GetAsync(Entry)));
        Assert.Equal([("one", null)], Mirrors.Requests);
    }

    [Fact]
    public async Task WrongBytesSendToTheNextMirror()
    {
        Mirrors.Serve("one", new byte[Content.Length]);
        Mirrors.Serve("two", Content);
        Assert.Equal(Content, File.ReadAllBytes(await Store().GetAsync(Entry)));
        Assert.Equal([("one", null), ("two", null)], Mirrors.Requests);
    }

    [Fact]
    public async Task CutConnectionIsContinuedAtTheNextMirror()
    {
        Mirrors.Set("one", _ => new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new BrokenBody(Content, 400_000, _ => throw new IOException("connection reset")),
        });
        Mirrors.Serve("two", Content);
        Assert.Equal(Content, File.ReadAllBytes(await Store().GetAsync(Entry)));
        Assert.Equal([("one", null), ("two", 400_000L)], Mirrors.Requests);
    }

    [Fact]
    public async Task SilentServerIsLeftForTheNextMirror()
    {
        Mirrors.Set("one", async (_, canceled) =>
        {
            await Task.Delay(Timeout.Infinite, canceled);
            throw new InvalidOperationException("not reached");
        });
        Mirrors.Serve("two", Content);
        var store = Store(timeout: TimeSpan.FromMilliseconds(50));
        Assert.Equal(Content, File.ReadAllBytes(await store.GetAsync(Entry)));
    }

    [Fact]
    public async Task FailureNamesEveryAddressItsReasonTheHashAndThePlace()
    {
        Mirrors.Set("one", _ => new HttpResponseMessage(HttpStatusCode.NotFound));
        Mirrors.Serve("two", new byte[Content.Length]);
        var error = await Assert.ThrowsAsync<ModelNotFoundException>(() => Store().GetAsync(Entry));
        Assert.Contains("http://one/x.onnx: answered HTTP 404", error.Message, StringComparison.Ordinal);
        Assert.Contains("http://two/x.onnx: sent 700000 bytes with another sha256", error.Message, StringComparison.Ordinal);
        Assert.Contains(Entry.Card.Sha256!, error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{FinalPath}'", error.Message, StringComparison.Ordinal);
        Assert.Equal(["x.lock"], Names());
    }

    [Fact]
    public async Task ReasonsAreTheServers()
    {
        Mirrors.Serve("one", Content[..133]);
        Mirrors.Set("two", _ => throw new HttpRequestException("no such host"));
        var error = await Assert.ThrowsAsync<ModelNotFoundException>(() => Store().GetAsync(Entry));
        Assert.Contains("one/x.onnx: has a file of 133 bytes, not 700000", error.Message, StringComparison.Ordinal);
        Assert.Contains("two/x.onnx: no such host", error.Message, StringComparison.Ordinal);
        Assert.Equal(["x.lock"], Names());
    }

    [Fact]
    public async Task BodyThatEndsEarlyOrGoesOnTooLongIsNoModel()
    {
        Mirrors.Set("one", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new BrokenBody(Content, 5, _ => Task.CompletedTask) });
        Mirrors.Set("two", _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new Endless()) });
        var error = await Assert.ThrowsAsync<ModelNotFoundException>(() => Store().GetAsync(Entry));
        Assert.Contains("one/x.onnx: ended after 5 of 700000 bytes", error.Message, StringComparison.Ordinal);
        Assert.Contains("two/x.onnx: sent more than 700000 bytes", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(FinalPath));
    }

    [Fact]
    public async Task CanceledDownloadCanBeContinued()
    {
        using var cancel = new CancellationTokenSource();
        Mirrors.Set("one", _ => new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new BrokenBody(Content, 500_000, async canceled =>
            {
                await cancel.CancelAsync();
                await Task.Delay(Timeout.Infinite, canceled);
            }),
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store().GetAsync(Entry, null, cancel.Token));
        Assert.False(File.Exists(FinalPath));
        Assert.Equal(Content[..500_000], File.ReadAllBytes(PartialPath));
        Mirrors.Serve("one", Content);
        Assert.Equal(Content, File.ReadAllBytes(await Store().GetAsync(Entry)));
        Assert.Equal([("one", null), ("one", 500_000L)], Mirrors.Requests);
    }

    [Fact]
    public async Task DefaultHandlerSpeaksToARealServer()
    {
        using var server = new LoopbackServer(Content);
        var entry = Entry with { Mirrors = [server.Url] };
        File.WriteAllBytes(PartialPath, Content[..600_000]);
        var path = await new ModelStore { Folder = Folder.Path, IsOffline = false }.GetAsync(entry);
        Assert.Equal(Content, File.ReadAllBytes(path));
        Assert.Equal(["bytes=600000-"], server.Ranges);
    }

    /// <summary>Reports on the spot; <see cref="Progress{T}"/> would do it later, on another thread.</summary>
    private sealed class Each(Action<WorkProgress> action) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => action(value);
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
